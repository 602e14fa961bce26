"""What the first bytes of a database file and of its log (`-wal`) say, read without SQLite.

    header = read_header(path)          # None where that is no database
    if header and count_missing_pages(path, header): ...

Reads: the file and its log. Writes: nothing.
Never: changes a file, as SQLite may by opening one, or waits for a pipe.

The format is described at sqlite.org/fileformat2.html.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.store.open_files import read_beside

LOG, INDEX = "-wal", "-shm"
MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
PAGE_SIZE_AT, PAGES_AT, USER_VERSION_AT = 16, 28, 60
LARGEST_PAGE = 65_536
LOG_HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24


@dataclass(frozen=True, slots=True)
class Header:
    """Of a database file: how many pages it has; `session` is SQLite's user version."""

    page_size: int
    pages: int
    session: int


def read_header(path: Path) -> Header | None:
    """The header of a database file; None where there is none. Raises `OSError`."""
    data = read_beside(path, HEADER_BYTES)
    if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
        return None
    (size,) = struct.unpack_from(">H", data, PAGE_SIZE_AT)
    (pages,) = struct.unpack_from(">I", data, PAGES_AT)
    (session,) = struct.unpack_from(">i", data, USER_VERSION_AT)
    return Header(LARGEST_PAGE if size == 1 else size, pages, session)


def has_log(path: Path) -> bool:
    """Whether a log lies beside the file: somebody works with it, or ended without closing it."""
    try:
        return Path(f"{path}{LOG}").stat().st_size > 0
    except FileNotFoundError:
        return False


def count_missing_pages(path: Path, header: Header) -> int:
    """How many pages the file should have, and neither it has nor its log."""
    there = path.stat().st_size // header.page_size if header.page_size else 0
    if there >= header.pages:
        return 0
    in_log = {number for number, _ in read_pages(Path(f"{path}{LOG}"))}
    in_log = {number for number in in_log if there < number <= header.pages}
    return header.pages - there - len(in_log)


def read_pages(log: Path) -> Iterator[tuple[int, bytes]]:
    """Number and content of each page in a log; none where there is no log."""
    with suppress(FileNotFoundError), log.open("rb") as file:
        header = file.read(LOG_HEADER_BYTES)
        if len(header) < LOG_HEADER_BYTES:
            return
        (size,) = struct.unpack_from(">I", header, 8)
        if not 512 <= size <= LARGEST_PAGE:
            return
        while len(frame := file.read(FRAME_HEADER_BYTES + size)) == FRAME_HEADER_BYTES + size:
            (number,) = struct.unpack_from(">I", frame)
            yield number, frame[FRAME_HEADER_BYTES:]
