"""Near and cut-off people: found by the first look, and with a second one; what hiding heads hides.

Reads: parts of the demonstration's clip, enlarged (tests/scenes/near_people.py). Writes: nothing.
Never: takes the small model's answer for the truth: the exact model saw these people where they are
far, before they were enlarged.
"""

from typing import Any

import cv2
import numpy as np

from appliance.media.frames import I420, Picture
from appliance.model_cameras import Detection
from inference.detection.detector import OnnxDetector
from inference.detection.head_blur import find_head_boxes
from inference.detection.mosaic import make_mosaic, map_mosaic_back, merge
from tests.bench.cameras.video_file import MODEL
from tests.scenes.near_people import HEIGHT, VIEWS, WIDTH, NearView, make_views
from tests.stand_ins.fakes import FakeClock

LEAST = 0.45


def measure(quick: bool) -> dict[str, dict[str, float]]:
    """Shares in per cent for each way in which somebody is near."""
    detector = OnnxDetector(MODEL, threads=1, floor=0.25, labels=("person",))
    return {name: judge(detector, name, 40 if quick else 12) for name in VIEWS}


def judge(detector: OnnxDetector, name: str, every: int) -> dict[str, float]:
    """Found by the first look and with the second, hidden of the picture and of the heads."""
    rows = [judge_view(detector, view) for view in make_views(name, every)]
    names = ("first_pct", "second_pct", "hidden_pct", "heads_pct")
    return dict(zip(names, (100 * np.mean(rows, axis=0)).tolist(), strict=True))


def judge_view(detector: OnnxDetector, view: NearView) -> tuple[float, float, float, float]:
    """1 or 0 for found, found with the second look; the share hidden; whether the head is."""
    data = cv2.cvtColor(view.bgr, cv2.COLOR_BGR2YUV_I420).tobytes()
    picture = Picture("near", FakeClock().stamp(), 0, 0, 0.0, WIDTH, HEIGHT, I420, data)
    (first,) = detector.analyse([picture])
    mosaic = make_mosaic(picture, detector.size)
    again = map_mosaic_back(detector.analyse([mosaic.picture])[0].detections, mosaic)
    both = merge(first.detections, again)
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    for box in find_head_boxes(both, first.people, WIDTH, HEIGHT):
        cut(hidden, box)[...] = True
    head = cut(hidden, view.head)
    is_hidden = head.size == 0 or head.mean() >= 0.95
    return is_found(first.detections), is_found(both), float(hidden.mean()), float(is_hidden)


def is_found(people: tuple[Detection, ...]) -> float:
    return float(any(one.confidence >= LEAST for one in people))


def cut(picture: Any, box: Any) -> Any:
    """The part of a picture in a box."""
    rows = slice(max(0, int(box.top * HEIGHT)), max(0, int(box.bottom * HEIGHT) + 1))
    return picture[rows, max(0, int(box.left * WIDTH)) : max(0, int(box.right * WIDTH) + 1)]


if __name__ == "__main__":
    for way, shares in measure(quick=False).items():
        print(f"{way:<20}", {name: round(share) for name, share in shares.items()})
