"""Blurs the heads of people before a picture leaves the process or is stored.

Reads and writes: pixels in memory.
Never: changes the picture that it is given, or hides a person that the model missed altogether:
it works on the boxes of people (docs/privacy.md has the figures).

Every person found is hidden, also with a low confidence, and so is the predicted box of a followed
person who was not found in this picture. The head is replaced by a few flat tiles of rounded mean
colours, at most about 3 x 2 of them, from which no face can be recovered.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from appliance.media.thumbnails import embed_thumbnail
from appliance.model_cameras import Box, Detection
from appliance.sections.cameras import Polygon
from inference.detection.frame_result import FrameResult
from inference.detection.heads.candidates import Bytes
from inference.detection.model_input import convert_to_bgr
from inference.tracking.boxes import compute_area, compute_overlap, is_shown_whole
from inference.tracking.state import Tracks

PERSON = "person"
STANDS_FROM = 1.7  # height over width of a box; one below it may sit, bend or be cut off
LIES_BELOW = 0.9
HEAD_SHARE = 0.25  # of a standing person's box: a head is an eighth, but boxes are not exact
UPPER_SHARE = 0.5  # of a person who may sit
SURE = 0.45  # confidence from which a box speaks for others on the same person
FAR = 0.02  # of the picture: a smaller box is on somebody far away
SAME_PERSON = 0.4  # overlap from which a second box is on the same person
INSIDE, LEAST_SAME_AREA = 0.8, 0.3  # so much of it inside a box that is not much larger
MARGIN_SHARE = 0.1  # of the box's shorter side, on each side: boxes often cut the hair
EDGE_SHARE = 0.01  # of the picture; a box that ends so near to its edge may be cut off there
BOX_ERROR = 0.1  # of a box's height: where a large box ends is less exact
SHOULDER_SHARE = 0.6  # height of a head over the width of the shoulders, with a beard or a hat
WIDEST_HEAD = 1.25  # over its height, where the edge of the picture leaves head and shoulders
MOST_GUESSED = 0.25  # of the picture may be hidden for boxes that nobody has detected
FILLS = 0.4  # of the picture: whoever takes that much of it is cut off or bends over it
TILES_ACROSS = 4
SMALLEST_TILE_PX = 8
ROUNDING = 16  # steps of a tile's colours
THUMBNAIL_PX, THUMBNAIL_QUALITY = 240, 60  # wide: some 5 kB
JPEG_QUALITY = 75  # 66 kB at 768x576 instead of 86: snapshots are a quarter of a day's writing


def encode_jpeg(result: FrameResult, *, blur_heads: bool) -> bytes:
    """The picture as a JPEG file, with heads blurred unless the owner has switched that off."""
    return encode(make_shown_picture(result, blur_heads=blur_heads), JPEG_QUALITY)


def encode_snapshot(result: FrameResult, *, blur_heads: bool) -> bytes:
    """The same, with its thumbnail inside."""
    shown = make_shown_picture(result, blur_heads=blur_heads)
    high, wide = shown.shape[:2]
    size = (THUMBNAIL_PX, max(1, round(high * THUMBNAIL_PX / wide)))
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    thumbnail = encode(np.asarray(small, np.uint8), THUMBNAIL_QUALITY)
    return embed_thumbnail(encode(shown, JPEG_QUALITY), thumbnail)


def make_shown_picture(result: FrameResult, *, blur_heads: bool) -> Bytes:
    """The picture as people may see it."""
    bgr = convert_to_bgr(result.picture)
    if not blur_heads:
        return bgr
    hidden = hide_heads(bgr, result.detections, result.unseen)
    blacken(hidden, result.masks)
    return hidden


def blacken(bgr: Bytes, masks: Iterable[Polygon]) -> None:
    """Privacy masks stay black, in place: a tile on one would be grey."""
    height, width = bgr.shape[:2]
    for polygon in masks:
        corners = np.array([(x * width, y * height) for x, y in polygon]).astype(np.int32)
        cv2.fillPoly(bgr, [corners], (0, 0, 0))


def encode(bgr: Bytes, quality: int) -> bytes:
    """A picture as a JPEG file."""
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def list_followed_people(tracks: Tracks) -> tuple[Box, ...]:
    """The boxes of followed people, found in the newest picture or predicted for it."""
    return tuple(track.box for track in tracks.live if track.label == PERSON)


def list_people(result: FrameResult) -> tuple[Box, ...]:
    """The boxes where people are, or may be, in a picture."""
    found = (one.box for one in result.detections if one.label == PERSON)
    return (*found, *result.unseen)


def select_outside(people: Iterable[Box], part: Box | None) -> tuple[Box, ...]:
    """The boxes that `part` does not show whole; none where the whole picture was analysed."""
    return () if part is None else tuple(box for box in people if not is_shown_whole(part, box))


def hide_heads(bgr: Bytes, detections: Iterable[Detection], unseen: Iterable[Box] = ()) -> Bytes:
    """A copy of the picture with the head of each person in a few coarse tiles."""
    hidden = bgr.copy()
    height, width = bgr.shape[:2]
    for part in find_head_boxes(detections, unseen, width, height):
        pixelate(hidden, part)
    return hidden


def find_head_boxes(
    detections: Iterable[Detection], unseen: Iterable[Box], width: int, height: int
) -> Iterator[Box]:
    """The boxes to hide in a picture of width x height pixels, those of the surest people first.

    What is no more than a guess is hidden only as long as not too much of the picture is.
    """
    people = select_people(detections)
    for box in people:
        yield estimate_head_box(box, width, height)
    guessed = 0.0
    for box in select_others(people, unseen):
        head = estimate_head_box(box, width, height)
        area = compute_area(limit_to_picture(head))
        if guessed + area <= MOST_GUESSED:
            guessed += area
            yield head


def select_people(detections: Iterable[Detection]) -> list[Box]:
    """One box for each detected person, of the many that a model gives for one who is near.

    Only a sure box speaks for others: of several faint ones any may be the right one.
    """
    found = (one for one in detections if one.label == PERSON)
    people = sorted(found, key=lambda one: -one.confidence)
    sure = [limit_to_picture(one.box) for one in people if one.confidence >= SURE]
    kept = [box for count, box in enumerate(sure) if not is_known(sure[:count], box)]
    return [*kept, *select_others(kept, [one.box for one in people if one.confidence < SURE])]


def select_others(people: Sequence[Box], boxes: Iterable[Box]) -> list[Box]:
    """The boxes, cut to the picture, that are on nobody of `people`."""
    return [box for box in map(limit_to_picture, boxes) if not is_known(people, box)]


def is_known(people: Sequence[Box], box: Box) -> bool:
    """Whether a box is a second one on somebody: much of it is shared, and it is no smaller one.

    Somebody small who stands before or behind somebody large is another person, and heads of people
    who are far cost little: each of their boxes is hidden.
    """
    if compute_area(box) < FAR:
        return False
    for other in people:
        overlap = compute_overlap(box, other)
        area, around = compute_area(box), compute_area(other)
        inside = overlap * (area + around) / (1 + overlap) >= INSIDE * area
        if overlap >= SAME_PERSON or (inside and area >= LEAST_SAME_AREA * around):
            return True
    return False


def limit_to_picture(box: Box) -> Box:
    """A box cut to the picture: a thing predicted to leave may still be partly there."""
    left, top, right, bottom = (
        min(1.0, max(0.0, side)) for side in (box.left, box.top, box.right, box.bottom)
    )
    return Box(left, top, right, bottom)


def estimate_head_box(person: Box, width: int, height: int) -> Box:
    """The part of a person's box that holds the head, with a margin.

    For a person who may sit or bend, or whose legs the picture's edge cuts off: the upper half, and
    of one who is so near that only the shoulders show, as much as a head between them is high. For
    one who lies: the whole box, since the head may be on either side.
    """
    wide = (person.right - person.left) * width
    high = (person.bottom - person.top) * height
    margin = MARGIN_SHARE * min(wide, high)
    is_cut = person.bottom > 1 - max(EDGE_SHARE, BOX_ERROR * (person.bottom - person.top))
    is_cut = is_cut or compute_area(person) > FILLS  # nobody lies so near to a camera
    side = 0.0
    if high < LIES_BELOW * wide and not is_cut:
        down = high
    elif high < STANDS_FROM * wide or is_cut:
        down = min(high, max(UPPER_SHARE * high, SHOULDER_SHARE * wide))
        side = max(0.0, wide - WIDEST_HEAD * down) / 2 if is_cut else 0.0
    else:
        down = HEAD_SHARE * high
    return Box(
        person.left + (side - margin) / width,
        person.top - margin / height,
        person.right + (margin - side) / width,
        person.top + (down + margin) / height,
    )


def pixelate(bgr: Bytes, part: Box) -> None:
    """Replace one part of the picture, in place, by a few tiles of its mean colours."""
    height, width = bgr.shape[:2]
    rows = slice(max(0, int(part.top * height)), max(0, int(part.bottom * height) + 1))
    columns = slice(max(0, int(part.left * width)), max(0, int(part.right * width) + 1))
    patch = bgr[rows, columns]
    if patch.size == 0:
        return
    high, wide = patch.shape[:2]
    across = min(TILES_ACROSS, max(1, wide // SMALLEST_TILE_PX))
    down = min(TILES_ACROSS, max(1, round(across * high / wide)))
    means = cv2.resize(patch, (across, down), interpolation=cv2.INTER_AREA)
    coarse = np.asarray(means // ROUNDING * ROUNDING + ROUNDING // 2, np.uint8)
    bgr[rows, columns] = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_NEAREST)
