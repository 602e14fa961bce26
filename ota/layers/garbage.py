"""What of the content and of the downloads nothing names any more.

Reads: names in `content`, `parts`, `lists`. Writes: removes trees, images, unfinished downloads and
lists of files.
Never: leaves half of a tree under a name that means a whole one, or touches a name that it doesn't
know.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from ota.files import Files, remove_tree, take_away

CONTENT = re.compile(r"(?P<sha256>[0-9a-f]{64})(?P<kind>|\.image)(?P<rest>\.part)?")
GONE = re.compile(r"[0-9a-f]{64}(\.image)?\.gone")
PARTS = re.compile(r"(?P<sha256>[0-9a-f]{64})([.-].*)?")


def collect(files: Files, directory: Path, keep: Collection[str]) -> tuple[str, ...]:
    """Remove what `keep` (hashes) does not name; returns the names of what went."""
    content, parts = directory / "content", directory / "parts"
    for name in files.list_names(content):  # of a removal that was cut
        if GONE.fullmatch(name):
            remove_tree(files, content / name)
    gone = [*find_unnamed(files, content, CONTENT, keep)]
    for name in gone:
        take_away(files, content / name)
    unfinished = [*find_unnamed(files, parts, PARTS, keep)]
    for name in unfinished:
        remove_tree(files, parts / name)
    lists = directory / "lists"
    listed = [*find_unnamed(files, lists, PARTS, keep)]
    for name in listed:
        files.remove(lists / name)
    for folder, removed in ((content, gone), (parts, unfinished), (lists, listed)):
        if removed:
            files.sync_directory(folder)
    return (*gone, *unfinished)


def find_unnamed(
    files: Files, folder: Path, form: re.Pattern[str], keep: Collection[str]
) -> Iterator[str]:
    for name in files.list_names(folder):
        found = form.fullmatch(name)
        if found and found["sha256"] not in keep:
            yield name
