"""Bytes on the picture socket: requests, headers of answers, and JSON as all files are read.

Reads: bytes. Writes: nothing.
Never: lets anything but `InputError` pass, or a number out of its limits.
"""

import math

from appliance.media.frame_messages import (
    MOST_DATA_BYTES,
    encode_header,
    encode_request,
    parse_header,
    parse_request,
)
from appliance.media.frames import LONGEST_WAIT_S, Picture
from appliance.strict_json import InputError, parse_json


def run_input(data: bytes) -> None:
    """One execution; the first byte chooses what is read."""
    kind, rest = data[:1], data[1:]
    try:
        if kind < b"\x55":
            judge_request(rest)
        elif kind < b"\xaa":
            judge_header(rest)
        else:
            parse_json(rest, most_bytes=1000)
    except InputError:
        return


def judge_request(line: bytes) -> None:
    request = parse_request(line)
    assert math.isfinite(min(request.wait_s, LONGEST_WAIT_S))
    assert request.wait_s >= 0
    assert parse_request(encode_request(request)) == request


def judge_header(header: bytes) -> None:
    answer, size = parse_header(header)
    assert 0 <= size <= MOST_DATA_BYTES
    if isinstance(answer, Picture):
        assert all(map(math.isfinite, (answer.media_s, answer.stamp.uptime_s)))
        assert "/" not in answer.camera
    encode_header(answer)
