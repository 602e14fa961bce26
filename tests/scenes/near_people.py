"""Near and cut-off people: parts of the demonstration clip, enlarged to whole pictures.

Reads: the demonstration clip, and the exact model, which finds the people where they are far.
Writes: nothing. Never: takes the picture that is tested for its own truth: who is there, and where
the head is, comes from the exact model's view of the whole clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import av
import cv2

from appliance.model_cameras import Box
from inference.detection.detector import OnnxDetector
from tests.conftest import CLIP, MODEL

EXACT = MODEL.with_name("nanodet-g-416-fp32.onnx")
WIDTH, HEIGHT = 640, 480
SURE = 0.6
# The picture's upper and lower edge in heights of the person: 0 is the top of the head.
VIEWS = {
    "whole": (-0.15, 1.15),  # the person is a third of the picture wide
    "without legs": (-0.1, 0.6),
    "only legs": (0.4, 1.1),
    "head and shoulders": (-0.1, 0.35),
}


@dataclass(frozen=True, slots=True)
class NearView:
    """One picture (HEIGHT x WIDTH x 3, BGR) of a person in `box`, with the head in `head`."""

    bgr: Any
    box: Box
    head: Box


@cache
def load_far_people(every: int) -> tuple[tuple[Any, Box], ...]:
    """Pictures of the clip, each with the largest person in it."""
    detector = OnnxDetector(EXACT, threads=1, floor=SURE, labels=("person",))
    found = []
    with av.open(str(CLIP)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                bgr = frame.to_ndarray(format="bgr24")
                people = detector.detect(bgr)
                boxes = sorted((one.box for one in people), key=lambda box: box.top - box.bottom)
                found += [(bgr, boxes[0])] if boxes else []
    return tuple(found)


def make_views(name: str, every: int = 12) -> Iterator[NearView]:
    """The pictures of one of `VIEWS`."""
    first, last = VIEWS[name]
    for bgr, person in load_far_people(every):
        rows, columns = bgr.shape[:2]
        high = (person.bottom - person.top) * rows
        top, bottom = person.top * rows + first * high, person.top * rows + last * high
        wide = (bottom - top) * WIDTH / HEIGHT
        left = min(max(0.0, (person.left + person.right) / 2 * columns - wide / 2), columns - wide)
        top, bottom = max(0.0, top), min(float(rows), bottom)
        part = bgr[int(top) : int(bottom), int(left) : int(left + wide)]
        view = Box(left / columns, top / rows, (left + wide) / columns, bottom / rows)
        picture = cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        yield NearView(picture, map_into(view, person), map_into(view, find_head(person)))


def find_head(person: Box) -> Box:
    """The upper seventh of a standing person's box, and half its width."""
    quarter = (person.right - person.left) / 4
    return Box(
        person.left + quarter,
        person.top,
        person.right - quarter,
        person.top + (person.bottom - person.top) / 7,
    )


def map_into(view: Box, box: Box) -> Box:
    """A box of the whole in fractions of a view, cut to it."""
    wide, high = view.right - view.left, view.bottom - view.top
    left, right = ((side - view.left) / wide for side in (box.left, box.right))
    top, bottom = ((side - view.top) / high for side in (box.top, box.bottom))
    return Box(*(min(1.0, max(0.0, side)) for side in (left, top, right, bottom)))
