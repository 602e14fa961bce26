"""Where a picture lies in a model's input: stretched over all of it, or with bars. Pure.

Inputs: the sizes of picture and input. Output: the place, and boxes carried back to the picture.
Never: places a picture at odd pixels: the chroma of I420 has half of them.
"""

from dataclasses import dataclass

import numpy as np

from inference.detection.heads.candidates import Floats
from inference.detection.model_forms import InputForm, Resize


@dataclass(frozen=True, slots=True)
class Placement:
    """Pixels of the input that a picture takes."""

    left: int
    top: int
    width: int
    height: int


def place_picture(width: int, height: int, entry: InputForm) -> Placement:
    """The place of a picture of width x height pixels."""
    if entry.resize is Resize.STRETCH:
        return Placement(0, 0, entry.width, entry.height)
    scale = min(entry.width / width, entry.height / height)
    wide = fit_even(width * scale, entry.width)
    high = fit_even(height * scale, entry.height)
    if entry.resize is Resize.TOP_LEFT:
        return Placement(0, 0, wide, high)
    return Placement((entry.width - wide) // 4 * 2, (entry.height - high) // 4 * 2, wide, high)


def fit_even(length: float, most: int) -> int:
    """The nearest even number of pixels, at least two; all of an odd side."""
    return most if round(length) >= most else min(most, max(2, 2 * round(length / 2)))


def map_boxes_back(boxes: Floats, place: Placement, entry: InputForm) -> Floats:
    """Boxes (n x 4) in fractions of the input, as fractions of the picture placed in it."""
    if (place.width, place.height) == (entry.width, entry.height):
        return boxes
    corner = np.array([place.left, place.top] * 2, np.float32)
    size = np.array([place.width, place.height] * 2, np.float32)
    whole = np.array([entry.width, entry.height] * 2, np.float32)
    mapped: Floats = (boxes * whole - corner) / size
    return mapped
