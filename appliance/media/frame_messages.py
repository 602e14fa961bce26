"""Requests and answers as bytes, and back. Pure, but for the bytes that are received.

Request: one line of JSON, the fields of `PictureRequest`. Answer: 4 bytes length, a JSON header,
then the picture's bytes (planes, rows, a JPEG or MP4 file). Where the request allows that, the
length has `SHARED` set and a raw picture is in shared memory (shared_memory.py), whose descriptor
comes with the first answer, and again where it is new.
Never: trusts the other side: whatever is not of its kind and within its limits is an `InputError`.
"""

import json
import re
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from appliance.media.frames import ENCODINGS, Answer, Picture, PictureRequest, Refusal
from appliance.model import Stamp
from appliance.model_cameras import Box, Detection
from appliance.store.decoding import FIRST_YEAR, LAST_YEAR
from appliance.store.rows import encode_time
from appliance.strict_json import (
    InputError,
    parse_object,
    refuse_unknown,
    require_flag,
    require_list,
    require_number,
    require_text,
    require_whole_number,
    show,
)
from appliance.wording.counts import format_count
from appliance.wording.sentence import as_plain, say
from appliance.wording.sentence_data import decode_sentence, encode_sentence

SHARED = 1 << 31  # far above the longest header
MOST_REQUEST_BYTES = 1024
MOST_HEADER_BYTES = 256 * 1024
MOST_DATA_BYTES = 64 * 1024 * 1024
MOST_DETECTIONS = 1000
LONGEST_WORD, LONGEST_SENTENCE = 64, 1000
LARGEST_COUNT = 2**53
LARGEST_SIDE = 65_535
LARGEST_TIME_S = 1e10  # 300 years
LARGEST_REQUESTED_WAIT_S = 3600.0  # the camera answers after LONGEST_WAIT_S all the same
LARGEST_FRACTION = 100.0  # of a box: a thing may reach out of the picture
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")  # of a camera, as in the settings
USUAL_REQUEST = asdict(PictureRequest())


# --- requests ------------------------------------------------------------------------------------


def encode_request(request: PictureRequest) -> bytes:
    """A request as one line; a process of an earlier release knows no `camera`."""
    tree = {name: getattr(request, name) for name in USUAL_REQUEST}
    if not request.camera:
        del tree["camera"]
    return json.dumps(tree).encode() + b"\n"


def parse_request(line: bytes) -> PictureRequest:
    """The request in a line; raises `InputError` that says what is wrong with it."""
    tree = parse_object(line, most_bytes=MOST_REQUEST_BYTES)
    refuse_unknown(tree, USUAL_REQUEST)
    tree = USUAL_REQUEST | tree
    return PictureRequest(
        encoding=parse_encoding(tree["encoding"]),
        after=require_whole_number(tree["after"], "after", -1, LARGEST_COUNT),
        moved=require_flag(tree["moved"], "moved"),
        wait_s=require_number(tree["wait_s"], "wait_s", 0, LARGEST_REQUESTED_WAIT_S),
        since_s=parse_media_time(tree["since_s"], "since_s"),
        until_s=parse_media_time(tree["until_s"], "until_s"),
        shared=require_flag(tree["shared"], "shared"),
        camera=parse_camera(tree["camera"]) if tree["camera"] else "",
    )


# --- answers -------------------------------------------------------------------------------------

PLAIN_FIELDS = tuple(
    spec.name
    for spec in fields(Picture)
    if spec.name not in {"stamp", "region", "detections", "data"}
)


def encode_header(answer: Answer) -> bytes:
    """The header of an answer: all of it but the picture's bytes."""
    if isinstance(answer, Refusal):
        return json.dumps({"reason": encode_reason(answer.reason), "bytes": 0}).encode()
    header: dict[str, Any] = {name: getattr(answer, name) for name in PLAIN_FIELDS}
    stamp = answer.stamp
    header["stamp"] = [encode_time(stamp.utc), stamp.boot_id, stamp.uptime_s]
    header["region"] = answer.region and list_sides(answer.region)
    header["detections"] = [
        [one.label[:LONGEST_WORD], one.confidence, *list_sides(one.box)]
        for one in answer.detections
    ]
    header["bytes"] = len(answer.data)
    return json.dumps(header).encode()


def encode_reason(reason: str) -> str:
    """A reason as data, or where that is too long, as much of its text as may be sent."""
    encoded = encode_sentence(reason)
    return encoded if len(encoded) <= LONGEST_SENTENCE else as_plain(reason)[:LONGEST_SENTENCE]


def list_sides(box: Box) -> list[float]:
    return [box.left, box.top, box.right, box.bottom]


def parse_header(data: bytes | bytearray) -> tuple[Answer, int]:
    """An answer still without its bytes, and how many of them follow; raises `InputError`."""
    tree = parse_object(data, most_bytes=MOST_HEADER_BYTES)
    if "reason" in tree:
        reason = require_text(tree["reason"], "reason", LONGEST_SENTENCE)
        return Refusal(decode_sentence(reason)), 0
    return parse_picture(tree), require_whole_number(tree.get("bytes"), "bytes", 0, MOST_DATA_BYTES)


def parse_picture(tree: dict[str, Any]) -> Picture:
    """A picture's header; a name that a later release may have added is passed over."""
    counts = {
        name: require_whole_number(tree.get(name), name, low, high)
        for name, low, high in (
            ("sequence", -1, LARGEST_COUNT),
            ("skipped", 0, LARGEST_COUNT),
            ("width", 0, LARGEST_SIDE),
            ("height", 0, LARGEST_SIDE),
        )
    }
    seen = require_list(tree.get("detections"), "detections", MOST_DETECTIONS)
    region = tree.get("region")
    return Picture(
        **counts,
        camera=parse_camera(tree.get("camera")),
        stamp=parse_stamp(tree.get("stamp")),
        media_s=parse_media_time(tree.get("media_s"), "media_s"),
        encoding=parse_encoding(tree.get("encoding")),
        data=b"",
        detections=tuple(parse_detection(one) for one in seen),
        woken_by=require_text(tree.get("woken_by"), "woken_by", LONGEST_SENTENCE),
        region=None if region is None else parse_box(region),
        stream=require_text(tree.get("stream", ""), "stream", LONGEST_WORD),
    )


def parse_encoding(value: object) -> str:
    if value not in ENCODINGS:
        raise InputError(
            say(
                "encoding must be one of {encodings}, not {value}",
                encodings=", ".join(ENCODINGS),
                value=show(value),
            )
        )
    return str(value)


def parse_camera(value: object) -> str:
    """A camera's name: files are named by it."""
    if not NAME.fullmatch(require_text(value, "camera", LONGEST_WORD)):
        raise InputError(
            say("camera must be a name as in the settings, not {value}", value=show(value))
        )
    return str(value)


def parse_media_time(value: object, name: str) -> float:
    return require_number(value, name, -LARGEST_TIME_S, LARGEST_TIME_S)


def parse_stamp(value: object) -> Stamp:
    utc, boot_id, uptime_s = require_exactly(value, "stamp", 3)
    return Stamp(
        parse_utc(require_text(utc, "stamp", LONGEST_WORD)),
        require_text(boot_id, "boot_id", LONGEST_WORD),
        require_number(uptime_s, "uptime_s", 0, LARGEST_TIME_S),
    )


def parse_utc(text: str) -> datetime:
    """A time with its zone, of a year in which a unit may run."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(say("the time {text} cannot be read", text=show(text))) from None
    if found.tzinfo is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InputError(
            say("the time {text} has no zone, or lies outside all use", text=show(text))
        )
    return found.astimezone(UTC)


def parse_detection(value: object) -> Detection:
    label, confidence, *box = require_exactly(value, "a detection", 6)
    return Detection(
        require_text(label, "label", LONGEST_WORD),
        require_number(confidence, "confidence", 0, 1),
        parse_box(box),
    )


def parse_box(value: object) -> Box:
    sides = require_exactly(value, "a box", 4)
    limit = LARGEST_FRACTION
    return Box(*(require_number(one, "a box's side", -limit, limit) for one in sides))


def require_exactly(value: object, name: str, count: int) -> list[Any]:
    """A list of `count` entries."""
    found = require_list(value, name, count)
    if len(found) < count:
        raise InputError(
            say(
                "{name} must have {values}, not {found}",
                name=name,
                values=format_count(count, "value"),
                found=len(found),
            )
        )
    return found
