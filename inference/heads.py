"""Makes heads of people unrecognisable before a picture leaves the process or is stored.

Reads and writes: pixels in memory.
Never: changes the picture that it is given. It hides heads by where people are; a person that the
model misses altogether is not hidden.
"""

from collections.abc import Iterable

import cv2

from appliance.model import Box, Detection
from inference.look import Look, pixels
from inference.nanodet import Bytes

PERSON = "person"
HEAD_SHARE = 0.22  # of a standing person's box
MARGIN_SHARE = 0.04  # boxes often cut the hair
TILES_ACROSS = 4
JPEG_QUALITY = 75  # 66 kB at 768x576 instead of 86: snapshots are a quarter of a day's writing


def jpeg(look: Look, blur_heads: bool) -> bytes:
    """The picture of a look as a JPEG file, heads blurred unless the owner said otherwise."""
    bgr = pixels(look.picture)
    if blur_heads:
        bgr = with_heads_blurred(bgr, look.detections)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data)


def with_heads_blurred(bgr: Bytes, detections: Iterable[Detection]) -> Bytes:
    """A copy of the picture with the head of each person in a few coarse tiles."""
    hidden = bgr.copy()
    for one in detections:
        if one.label == PERSON:
            pixelate(hidden, head_of(one.box))
    return hidden


def head_of(person: Box) -> Box:
    """The part of a person's box that holds the head."""
    height = person.bottom - person.top
    top = person.top - MARGIN_SHARE * height
    return Box(person.left, max(0.0, top), person.right, person.top + HEAD_SHARE * height)


def pixelate(bgr: Bytes, part: Box) -> None:
    """Replace one part of the picture, in place, by a few tiles of its mean colours."""
    height, width = bgr.shape[:2]
    rows = slice(max(0, int(part.top * height)), int(part.bottom * height) + 1)
    columns = slice(max(0, int(part.left * width)), int(part.right * width) + 1)
    patch = bgr[rows, columns]
    if patch.size == 0:
        return
    high, wide = patch.shape[:2]
    tiles = (min(TILES_ACROSS, wide), min(TILES_ACROSS, high))
    coarse = cv2.resize(patch, tiles, interpolation=cv2.INTER_AREA)
    bgr[rows, columns] = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_NEAREST)
