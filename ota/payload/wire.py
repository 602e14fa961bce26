"""The part of a pack that has come over the link: a sparse file, and a list of what of it is there.

    wire = Wire(files, folder)
    wire.save(offset, data)              # on the disk when the call returns
    wire.list_missing(start, end)

Reads and writes: `pack` and `progress` in the folder of a download.
Never: names bytes in `progress` before the disk has them: what a cut left is never taken for whole.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from ota.files import Files, append_line

MOST_PROGRESS_BYTES = 16 * 1024**2
LINE = re.compile(rb"([+-])([0-9]{1,12}) ([0-9]{1,12})\.")  # the full stop: the line is whole

Range = tuple[int, int]  # start and end, bytes


class Wire:
    """What of one pack is here. `have`: ranges, sorted, none touching another."""

    def __init__(self, files: Files, folder: Path) -> None:
        self.files = files
        self.pack = folder / "pack"
        self.progress = folder / "progress"
        self.have: list[Range] = []
        for is_there, found in self.read_progress():
            self.have = add(self.have, found) if is_there else subtract(self.have, found)

    def read_progress(self) -> Iterator[tuple[bool, Range]]:
        if self.files.measure(self.progress) is None or self.files.measure(self.pack) is None:
            return
        data = self.files.read(self.progress, most_bytes=MOST_PROGRESS_BYTES)
        for line in data.split(b"\n"):
            if found := LINE.fullmatch(line):
                yield found[1] == b"+", (int(found[2]), int(found[3]))

    def list_missing(self, start: int, end: int) -> list[Range]:
        """The parts of a range that are not here."""
        missing = [(start, end)]
        for found in self.have:
            missing = subtract(missing, found)
        return missing

    def save(self, offset: int, data: bytes) -> None:
        """Raises `OSError`; then nothing counts of it."""
        is_new = self.files.measure(self.pack) is None
        self.files.write(self.pack, data, offset=offset)
        self.files.sync(self.pack)
        if is_new:
            self.files.sync_directory(self.pack.parent)
        self.note(b"+", (offset, offset + len(data)))
        self.have = add(self.have, (offset, offset + len(data)))

    def drop(self, found: Range) -> None:
        """Bytes that turned out to be wrong."""
        self.note(b"-", found)
        self.have = subtract(self.have, found)

    def note(self, sign: bytes, found: Range) -> None:
        append_line(self.files, self.progress, b"%s%d %d." % (sign, *found))

    def read(self, start: int, end: int) -> bytes:
        return self.files.read_at(self.pack, start, end - start)


def add(ranges: list[Range], new: Range) -> list[Range]:
    """The union of both."""
    start, end = new
    if start >= end:
        return ranges
    apart = [one for one in ranges if one[1] < start or one[0] > end]
    touching = [one for one in ranges if not (one[1] < start or one[0] > end)]
    start = min([start, *(one[0] for one in touching)])
    end = max([end, *(one[1] for one in touching)])
    return sorted([*apart, (start, end)])


def subtract(ranges: list[Range], gone: Range) -> list[Range]:
    """What of `ranges` lies outside of `gone`."""
    start, end = gone
    if start >= end:
        return ranges
    cut = [((low, min(high, start)), (max(low, end), high)) for low, high in ranges]
    return [one for pair in cut for one in pair if one[0] < one[1]]
