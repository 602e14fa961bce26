"""The list of a tree's files; its SHA-256 is the tree's content hash.

    listed = sort_files([ListedFile("app/main.py", False, "ab..", 120)])
    hash_tree(listed)

One line for each file, sorted by the bytes of its path: SHA-256, 644 or 755, size, path.
Reads and writes: nothing; pure. Every refusal is an `InputError` in words.
Never: lets a path leave its tree, or two that a file system might take for one pass.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from appliance.strict_json import InputError, show
from appliance.wording.sentence import say
from ota.manifest import LONGEST_SIZE, SHA256

MOST_FILES = 100_000
LONGEST_PATH, LONGEST_NAME, MOST_NAMES = 400, 200, 24  # bytes, bytes, names in a path
MOST_LIST_BYTES = 24 * 1024**2
LINE = re.compile(r"([0-9a-f]{64}) (644|755) (0|[1-9][0-9]{0,11}) (.+)")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of a tree; `path` is relative, with `/`."""

    path: str
    executable: bool
    sha256: str
    size_bytes: int

    @property
    def mode(self) -> int:
        """Its permissions in the tree: everybody may read it."""
        return 0o755 if self.executable else 0o644


def hash_tree(listed: Iterable[ListedFile]) -> str:
    """The content hash of a tree with these files."""
    return hashlib.sha256(format_list(listed)).hexdigest()


def format_list(listed: Iterable[ListedFile]) -> bytes:
    lines = (f"{one.sha256} {one.mode:o} {one.size_bytes} {one.path}\n" for one in listed)
    return "".join(lines).encode()


def parse_list(data: bytes) -> tuple[ListedFile, ...]:
    """The files in a list; raises `InputError`."""
    if len(data) > MOST_LIST_BYTES:
        raise InputError(
            say(
                "the list of files has more than {most_list_bytes} bytes",
                most_list_bytes=MOST_LIST_BYTES,
            )
        )
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise InputError(say("the list of files is no text ({error})", error=error)) from None
    if lines.pop():
        raise InputError(say("the last line of the list of files is torn"))
    return sort_files(parse_line(line) for line in lines)


def parse_line(line: str) -> ListedFile:
    found = LINE.fullmatch(line)
    if not found:
        raise InputError(say("a list of files has the line {line}", line=show(line)))
    sha256, mode, size, path = found.groups()
    return ListedFile(path, mode == "755", sha256, int(size))


def sort_files(files: Iterable[ListedFile]) -> tuple[ListedFile, ...]:
    """The files as they stand in the list; refuses what could not lie in one tree."""
    found = []
    for one in files:
        check_file(one)
        found.append(one)
        if len(found) > MOST_FILES:
            raise InputError(say("a tree has more than {most_files} files", most_files=MOST_FILES))
    listed = tuple(sorted(found, key=lambda one: one.path.encode()))
    refuse_collisions([one.path for one in listed])
    return listed


def check_file(one: ListedFile) -> None:
    check_path(one.path)
    if not SHA256.fullmatch(one.sha256) or not 0 <= one.size_bytes <= LONGEST_SIZE:
        raise InputError(
            say("the file {path} has no hash or a size that cannot be", path=show(one.path))
        )


def check_path(path: str) -> None:
    """Refuse what leaves the tree or reads otherwise on another machine; raises `InputError`."""
    names = path.split("/")
    if any(name in ("", ".", "..") for name in names) or len(names) > MOST_NAMES:
        raise InputError(say("the path {path} does not stay in its tree", path=show(path)))
    if not path.isprintable() or "\\" in path or not unicodedata.is_normalized("NFC", path):
        raise InputError(say("the path {path} has letters that no path may have", path=show(path)))
    encoded = [len(name.encode()) for name in names]
    if max(encoded) > LONGEST_NAME or sum(encoded) + len(names) > LONGEST_PATH:
        raise InputError(say("the path {path} is too long", path=show(path)))


def refuse_collisions(paths: list[str]) -> None:
    """Refuse a path that stands twice (upper case is lower case), or is a file and a directory."""
    folded = sorted(fold(path) for path in paths)
    for one, following in pairwise(folded):
        if one == following or following[: len(one)] == one:
            raise InputError(
                say(
                    "the path {path} collides with another one",
                    path=show("/".join(following)),
                )
            )
    if len({fold(d) for d in directories(paths)}) < len(set(directories(paths))):
        raise InputError(say("two directories differ in upper and lower case alone"))


def fold(path: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", path.casefold()).split("/"))


def directories(paths: Iterable[str]) -> list[str]:
    """Every directory that the paths pass through."""
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return sorted(found)
