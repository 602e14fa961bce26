"""From the first frame that shows somebody to the detection, while the camera only listens.

A made clip in which people come in one after another, played by a real camera process at life's
pace; the whole inference service in this process. The clock starts when the first frame is due in
which the model, given every frame, finds the person: so it is not counted how much of somebody must
have come in. It stops when the service has found somebody.
"""

import math
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import av

from appliance.model import EnergyLevel
from inference.detection.detector import OnnxDetector
from inference.detection.frame_result import FrameResult
from tests.bench.cameras.field import Field
from tests.bench.cameras.overhead import Inference
from tests.bench.cameras.video_file import MODEL
from tests.bench.report import OUT
from tests.scenes.clips import Scene, SceneClip, Walk, load_clip

THRESHOLD = 0.45
SPACING_S = 7.0  # from one entry to the next: in between nothing is followed any more
WALK_S = 3.5
FIRST_S = 22.0  # a stream is new: until its packets are tested, only key frames wake
LONGEST_S = 2.0  # later than this is not an answer to this entry


@dataclass(frozen=True, slots=True)
class Wake:
    """Latencies in ms, sorted; `missed` entries were not found within `LONGEST_S`."""

    latencies_ms: list[float] = field(default_factory=list)
    missed: int = 0

    @property
    def p95_ms(self) -> float:
        """The 95th percentile; what was missed counts as infinite."""
        every = [*self.latencies_ms, *[math.inf] * self.missed]
        return every[math.ceil(0.95 * len(every)) - 1]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.latencies_ms)


def make_entries(count: int) -> SceneClip:
    """`count` people, one after another, from both sides, after one who only warms up."""
    walks = tuple(
        Walk(
            start,
            start + WALK_S,
            who=number % 3,
            from_left=number % 2 == 0,
            feet=0.55 + number % 3 / 10,
        )
        for number in range(count + 1)
        for start in (FIRST_S + number * SPACING_S,)
    )
    return load_clip(Scene("entries", FIRST_S + (count + 1) * SPACING_S, walks, seed=7))


def measure(quick: bool) -> Wake:
    """Play the clip once (quick: a short one)."""
    clip = make_entries(1 if quick else 24)
    firsts_s = find_first_sights_s(clip)
    looks: list[tuple[float, float, bool]] = []  # wall time, clip time, whether somebody is seen
    with Field(OUT / "cameras-wake", {"front": f'source = "{clip.path}"'}, 10) as unit:
        unit.allow(EnergyLevel.FULL)
        inference = Inference(unit)
        inference.on_result = lambda look: looks.append(summarise(look, clip))
        with inference.count_frames():
            unit.start_cameras()
            ends_s = time.monotonic() + len(clip.packets) / clip.frames_per_s
            while time.monotonic() < ends_s:
                unit.allow(EnergyLevel.FULL)
                inference.run(min(60.0, ends_s - time.monotonic()))
    return judge_delays(firsts_s[1:], looks)  # the first one loads the model


def summarise(look: FrameResult, clip: SceneClip) -> tuple[float, float, bool]:
    """When a look was done, of which moment of the clip, and whether it found somebody."""
    clip_s = look.picture.sequence / clip.frames_per_s
    found = any(one.confidence >= THRESHOLD for one in look.detections)
    origin_s = look.picture.media_s - clip_s
    return time.monotonic() - origin_s, clip_s, found


def judge_delays(firsts_s: list[float], looks: list[tuple[float, float, bool]]) -> Wake:
    latencies_ms, missed = [], 0
    for first_s in firsts_s:
        found = [wall_s for wall_s, clip_s, is_seen in looks if is_seen and clip_s >= first_s]
        late_s = found[0] - first_s if found else math.inf
        if late_s <= LONGEST_S:
            latencies_ms.append(1000 * late_s)
        else:
            missed += 1
    return Wake(sorted(latencies_ms), missed)


def find_first_sights_s(clip: SceneClip) -> list[float]:
    """For each entry, when the model first finds somebody if it is given every frame."""
    detector = OnnxDetector(Path(MODEL), threads=1, floor=THRESHOLD, labels=("person",))
    found = []
    with av.open(str(clip.path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            at_s = number / clip.frames_per_s
            near = any(begins - 2 <= at_s <= ends for begins, ends in clip.truth)
            if near and detector.detect(frame.to_ndarray(format="bgr24")):
                found.append(at_s)
    return [
        at_s
        for at_s, before_s in zip(found, [-math.inf, *found], strict=False)
        if at_s - before_s > SPACING_S / 2
    ]


if __name__ == "__main__":
    print(measure(quick="--quick" in sys.argv))
