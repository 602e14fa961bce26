"""Brings the missing ranges of a pack over the link, from whichever mirror gives them.

    Download(wire, mirrors, pack, is_right).run(chunks, may_go_on=..., progress=...)

Reads: mirrors. Writes: the `Wire` of the pack.
Never: waits before it tries again (the caller does), fetches a byte that is here, or counts a chunk
before its hash was checked.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from appliance.wording.sentence import say
from ota.errors import LinkError, TrustError
from ota.mirrors.mirror import Mirror
from ota.payload.index import Chunk
from ota.payload.wire import Range, Wire

RANGE_BYTES = 512 * 1024  # of one request; `may_go_on` is asked between two
SAVED_BYTES = 64 * 1024  # a power cut costs no more than these
MOST_GAP_BYTES = 1024  # fetched although not needed: a request costs as much
Progress = Callable[[int], None]


class PausedError(LinkError):
    """The caller let the download wait; what came is kept."""


class Download:
    """One pack. `is_right` tells whether a chunk's frame unpacks to what the index says."""

    def __init__(
        self, wire: Wire, mirrors: Sequence[Mirror], pack: str, is_right: Callable[[Chunk], bool]
    ) -> None:
        self.wire = wire
        self.mirrors = list(mirrors)
        self.pack = pack
        self.is_right = is_right
        self.left_bytes: int | None = None

    def run(
        self,
        chunks: Sequence[Chunk],
        *,
        may_go_on: Callable[[], bool],
        progress: Progress,
        most_bytes: int | None = None,
    ) -> None:
        """Fetch these chunks; raises `LinkError`, `PausedError`, `TrustError`, `OSError`."""
        self.left_bytes = most_bytes
        while ranges := list_ranges(self.wire, chunks):
            for wanted in ranges:
                if not may_go_on():
                    raise PausedError(
                        say("the download of {pack} waits and goes on later", pack=self.pack),
                        "paused",
                    )
                self.fetch(wanted, chunks, progress)

    def fetch(self, wanted: Range, chunks: Sequence[Chunk], progress: Progress) -> None:
        """One range: from the mirror that gave the last one, else from the next."""
        errors: list[LinkError | TrustError] = []
        for mirror in tuple(self.mirrors):
            try:
                while missing := self.wire.list_missing(*wanted):
                    self.fetch_from(mirror, missing[0], progress)
                self.check(wanted, chunks, mirror.name)
            except PausedError:
                raise
            except (LinkError, TrustError) as error:
                errors.append(error)
                self.mirrors.append(self.mirrors.pop(0))
            else:
                return
        raise select_error(errors)

    def fetch_from(self, mirror: Mirror, wanted: Range, progress: Progress) -> None:
        """What came before a break is saved."""
        start, end = wanted[0], wanted[0] + self.limit(wanted[1] - wanted[0])
        data = bytearray()
        try:
            for part in mirror.read(self.pack, offset=start, most_bytes=end - start):
                data += part[: end - start - len(data)]
                progress(len(part))
                if len(data) >= SAVED_BYTES:
                    start = self.save(start, data)
        finally:
            start = self.save(start, data)
        if start < end:
            raise LinkError(
                say(
                    "{mirror} ended {pack} after {start} bytes; the download goes on from there "
                    "later",
                    mirror=mirror.name,
                    pack=self.pack,
                    start=start,
                ),
                "ended-early",
            )

    def save(self, start: int, data: bytearray) -> int:
        """Put what came on the disk; returns where the next bytes go."""
        if data:
            self.wire.save(start, bytes(data))
            self.left_bytes = None if self.left_bytes is None else self.left_bytes - len(data)
        end = start + len(data)
        data.clear()
        return end

    def limit(self, length: int) -> int:
        """How much of a range may be fetched; raises `PausedError` where none may."""
        if self.left_bytes is None or self.left_bytes > 0:
            return length if self.left_bytes is None else min(length, self.left_bytes)
        raise PausedError(
            say(
                "the link is paid by volume and today's part is used up; {pack} goes on tomorrow "
                "(settings, [update] metered_day_mb)",
                pack=self.pack,
            ),
            "budget-used",
        )

    def check(self, wanted: Range, chunks: Iterable[Chunk], name: str) -> None:
        """Drop each chunk that is whole now and is not what the index says; raises `TrustError`."""
        start, end = wanted
        touched = (one for one in chunks if one.offset < end and one.end > start)
        whole = [one for one in touched if not self.wire.list_missing(one.offset, one.end)]
        wrong = [one for one in whole if not self.is_right(one)]
        for chunk in wrong:
            self.wire.drop((chunk.offset, chunk.end))
        if wrong:
            raise TrustError(
                say(
                    "{len} chunks from {name} are not what the release's index says; they are not "
                    "used; check what that mirror serves, or the link",
                    len=len(wrong),
                    name=name,
                ),
                "chunk-mismatch",
            )


def select_error(errors: Iterable[LinkError | TrustError]) -> LinkError | TrustError:
    """The last of a broken link, which may mend; else the last refusal."""
    ordered = sorted(errors, key=lambda one: isinstance(one, LinkError))
    return (
        ordered[-1] if ordered else LinkError(say("no mirror is set; set [update] mirrors"), "none")
    )


def list_ranges(wire: Wire, chunks: Iterable[Chunk]) -> list[Range]:
    """What is missing of the chunks, neighbours as one, in pieces of `RANGE_BYTES`."""
    ranges: list[Range] = []
    for chunk in sorted(chunks, key=lambda one: one.offset):
        for start, end in wire.list_missing(chunk.offset, chunk.end):
            if ranges and start - ranges[-1][1] <= MOST_GAP_BYTES:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((start, end))
    return [piece for one in ranges for piece in pairwise([*range(*one, RANGE_BYTES), one[1]])]
