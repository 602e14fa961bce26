"""What a web server's answer to a question for a range means: which bytes of the file it gives.

    answer = read_answer(status, headers, offset=65_536)

Reads and writes: nothing; pure. An answer that means nothing is a `ValueError`.
Never: takes bytes for others than the server says they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.wording.sentence import say

UNKNOWN_END = 2**62
RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The body is the file's bytes from `start` to `end`; `whole_bytes`: size of the file.

    Without a length in the answer both are `UNKNOWN_END`. `etag`: "" where there is no strong one.
    """

    start: int
    end: int
    whole_bytes: int
    etag: str

    @property
    def has_ranges(self) -> bool:
        """Whether the server gave a part: one that knows no ranges gives the file whole."""
        return self.start > 0 or self.end < self.whole_bytes


def read_answer(status: int, headers: Mapping[str, str], *, offset: int) -> Answer:
    etag = headers.get("etag", "")
    etag = etag if etag.startswith('"') and len(etag) <= 200 else ""
    if status == 416:
        return Answer(offset, offset, offset, etag)
    if status == 206:
        return read_part(headers, offset, etag)
    length = read_length(headers)
    return Answer(0, length, length, etag)


def read_length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "")
    if not text:
        return UNKNOWN_END
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ValueError(say("it announces {text} bytes", text=repr(text[:40])))
    return int(text)


def read_part(headers: Mapping[str, str], offset: int, etag: str) -> Answer:
    text = headers.get("content-range", "")
    found = RANGE.fullmatch(text)
    if not found or int(found[1]) != offset or int(found[2]) < offset:
        raise ValueError(
            say(
                "it gives {text} instead of the bytes from {offset} on",
                text=repr(text[:60]),
                offset=offset,
            )
        )
    whole_bytes = UNKNOWN_END if found[3] == "*" else int(found[3])
    if int(found[2]) >= whole_bytes:
        raise ValueError(say("it gives {text}, more than there is", text=repr(text[:60])))
    return Answer(offset, int(found[2]) + 1, whole_bytes, etag)
