"""The difference between two trees: what is new as a patch of the old file of the same name.

Reads: both trees. Writes: nothing.
Never: is run on a unit.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ota.disk import Disk
from ota.payload.pieces import Piece, cut_plain, cut_with_base
from ota.payload.sources import TreeSource
from ota.payload.tree_list import ListedFile


class OldTree:
    """The tree that a unit has, as one run of bytes."""

    def __init__(self, root: Path, listed: Sequence[ListedFile]) -> None:
        self.source = TreeSource(Disk(), root, listed)
        self.listed = tuple(listed)
        self.starts: dict[str, int] = {}
        offset = 0
        for one in listed:
            self.starts[one.path] = offset
            offset += one.size_bytes
        self.by_path = {one.path: one for one in listed}
        self.by_form = {generalize(one.path): one for one in reversed(self.listed)}
        self.by_hash = {one.sha256: one for one in reversed(self.listed)}

    def has(self, one: ListedFile) -> bool:
        """Whether the file is there just so."""
        return self.by_path.get(one.path) == one

    def find_like(self, one: ListedFile) -> ListedFile | None:
        """The same content, else the file of that name, else of that name in another version."""
        form = self.by_form.get(generalize(one.path))
        return self.by_hash.get(one.sha256) or self.by_path.get(one.path) or form

    def cut(self, one: ListedFile, data: bytes) -> Iterator[Piece]:
        old = self.find_like(one)
        if old is None or not old.size_bytes:
            return cut_plain(data)
        return cut_with_base(data, self.source, [(self.starts[old.path], old.size_bytes)])


def generalize(path: str) -> str:
    """A path without its version numbers: "lib/x-1.2.so.3" and "lib/x-1.3.so.3" are alike."""
    return re.sub(r"[0-9]+", "0", path)
