"""One place with a copy of the static tree, as trust/ and payload/ use it.

    for part in mirror.read("packs/ab/abcd.pack", offset=65_536, most_bytes=1_000_000): ...

Reads and writes: nothing; the kinds of mirrors stand beside this file.
Never: gives more bytes than were asked for, or waits without a limit.
"""

from collections.abc import Iterator
from typing import Protocol

from appliance.wording.sentence import say
from ota.errors import LinkError


class NotThereError(LinkError):
    """The mirror answers, and has no such file (yet)."""


class Mirror(Protocol):
    """A copy of the static tree. `name` is for people: without passwords."""

    name: str

    def read(self, path: str, *, offset: int = 0, most_bytes: int) -> Iterator[bytes]:
        """The file's bytes from `offset` on, in parts, at most `most_bytes` in all: fewer only
        where the file ends. `path` is relative to the tree, with `/`. Raises `LinkError`,
        `NotThereError`; also between parts.
        """


def read_whole(mirror: Mirror, path: str, *, most_bytes: int) -> bytes:
    """A small file, whole; one that is larger raises `LinkError`."""
    data = b"".join(mirror.read(path, most_bytes=most_bytes + 1))
    if len(data) > most_bytes:
        raise LinkError(
            say(
                "{path} of {mirror} has more than {most_bytes} bytes: it is not read; check "
                "what that mirror serves",
                path=path,
                mirror=mirror.name,
                most_bytes=most_bytes,
            ),
            "too-large",
        )
    return data
