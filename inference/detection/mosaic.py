"""A second look: one picture twice in a model's input, smaller, for what is too near to be found.

Inputs: a raw I420 picture and the model's size; the detections in the mosaic. Output: the mosaic, a
picture of its own; the detections in fractions of the first picture. Pure.
Never: enlarges; far things are the business of the first look (region.py).

A detector knows things in the sizes of its training. Who fills the picture, or is cut off by its
edge, scores below the limit in it, and above it in a picture that is laid into a larger empty one.
Two sizes side by side, five and three eighths of the input, are one run (docs/benchmarks.md).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from appliance.media.frames import I420, Picture
from appliance.model_cameras import Box, Detection
from inference.detection.heads.candidates import Bytes
from inference.detection.model_input import split_planes
from inference.tracking.boxes import compute_overlap

LARGER_SHARE = 5 / 8  # of the input's side; the other copy has the rest
GREY, NEUTRAL = 114, 128  # around the copies, as detectors are trained
SAME_THING = 0.45  # overlap of two boxes on one thing, once in each size


@dataclass(frozen=True, slots=True)
class Mosaic:
    """The picture to analyse, and the places of its copies, as fractions of it."""

    picture: Picture
    places: tuple[Box, ...]


def make_mosaic(picture: Picture, size: int) -> Mosaic:
    """Two copies of an I420 picture in an empty one of size x size pixels (made even)."""
    side = size // 2 * 2
    larger = round(side * LARGER_SHARE / 2) * 2
    planes = (
        np.full((side, side), GREY, np.uint8),
        np.full((side // 2, side // 2), NEUTRAL, np.uint8),
        np.full((side // 2, side // 2), NEUTRAL, np.uint8),
    )
    spots = [
        lay_in(planes, picture, longer=longer, left=left)
        for longer, left in ((larger, 0), (side - larger, larger))
    ]
    data = b"".join(plane.tobytes() for plane in planes)
    whole = replace(picture, width=side, height=side, encoding=I420, data=data, region=None)
    places = tuple(
        Box(box.left / side, box.top / side, box.right / side, box.bottom / side) for box in spots
    )
    return Mosaic(whole, places)


def lay_in(planes: tuple[Bytes, Bytes, Bytes], picture: Picture, *, longer: int, left: int) -> Box:
    """Write one copy, its longer side of `longer` pixels, at the top; returns its place."""
    scale = longer / max(picture.width, picture.height)
    wide, high = (max(2, round(side * scale / 2) * 2) for side in (picture.width, picture.height))
    for plane, source, part in zip(
        planes, split_planes(picture.data, picture.width, picture.height), (1, 2, 2), strict=True
    ):
        small = cv2.resize(source, (wide // part, high // part), interpolation=cv2.INTER_AREA)
        plane[: high // part, left // part : (left + wide) // part] = small
    return Box(left, 0, left + wide, high)


def map_mosaic_back(found: Iterable[Detection], mosaic: Mosaic) -> list[Detection]:
    """The detections in a mosaic in fractions of its picture, one for each thing, surest first."""
    kept: list[Detection] = []
    for one in sorted(map_copies_back(found, mosaic), key=lambda one: -one.confidence):
        if not is_told(kept, one):
            kept.append(one)
    return kept


def map_copies_back(found: Iterable[Detection], mosaic: Mosaic) -> Iterator[Detection]:
    """Each detection in the copy that holds its middle; none of what lies between the copies."""
    for one in found:
        x, y = (one.box.left + one.box.right) / 2, (one.box.top + one.box.bottom) / 2
        for place in mosaic.places:
            if place.left <= x < place.right and place.top <= y < place.bottom:
                yield replace(one, box=map_into(place, one.box))


def map_into(place: Box, box: Box) -> Box:
    """A box of the mosaic in fractions of the copy at `place`, cut to it."""
    wide, high = place.right - place.left, place.bottom - place.top
    left, right = ((side - place.left) / wide for side in (box.left, box.right))
    top, bottom = ((side - place.top) / high for side in (box.top, box.bottom))
    return Box(*(min(1.0, max(0.0, side)) for side in (left, top, right, bottom)))


def is_told(known: Iterable[Detection], one: Detection) -> bool:
    """Whether a detection is of a thing that is among the known ones."""
    return any(
        other.label == one.label and compute_overlap(other.box, one.box) > SAME_THING
        for other in known
    )


def merge(first: Iterable[Detection], second: list[Detection]) -> tuple[Detection, ...]:
    """What the first look found, and what the second found more surely, the surest first."""
    both = [*second, *(one for one in first if not is_told(second, one))]
    return tuple(sorted(both, key=lambda one: -one.confidence))
