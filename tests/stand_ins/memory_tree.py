"""Directories, files and links in memory, each as readers see it and as the disk has it.

Reads and writes: nothing outside of memory, but for `copy_out`.
Never: changes a node or a dictionary in place: copies share them.
"""

import errno
import os
from pathlib import Path
from typing import NamedTuple

MOST_LINKS = 40  # followed in one path, as Linux does


class Change(NamedTuple):
    """One write, or with `data` None a truncation to `offset` bytes."""

    offset: int
    data: bytes | None


class Content(NamedTuple):
    """A regular file: what the disk has, what readers see, and the changes that lie between."""

    disk: bytes
    live: bytes
    pending: tuple[Change, ...] = ()


class Folder(NamedTuple):
    """A directory: its names as the disk has them and as readers see them."""

    disk: dict[str, int]
    live: dict[str, int]


class Link(NamedTuple):
    target: str


class Naming(NamedTuple):
    """In directory `folder`, `name` now stands for `node`; None: for nothing."""

    folder: int
    name: str
    node: int | None


Node = Content | Folder | Link


class MemoryTree:
    """Nodes by number; 0 is the root. Its methods know nothing of calls and cuts."""

    def __init__(self) -> None:
        self.nodes: dict[int, Node] = {0: Folder({}, {})}
        self.renamings: tuple[tuple[Naming, ...], ...] = ()  # not on the disk yet, oldest first
        self.unsynced: frozenset[int] = frozenset()  # files with pending changes
        self.renamed: frozenset[int] = frozenset()  # files with a new name, not synchronized since
        self.places: dict[str, int] = {}  # directory in words -> its node; emptied where one moves
        self.next_number = 1

    def share(self, other: "MemoryTree") -> None:
        """Be the same files as `other` is now."""
        self.nodes = other.nodes.copy()
        self.renamings, self.unsynced = other.renamings, other.unsynced
        self.renamed = other.renamed
        self.next_number = other.next_number

    # --- finding ---------------------------------------------------------------------------------

    def walk(self, text: str) -> int:
        """The node at a path, all links followed."""
        found = self.places.get(text)
        if found is None:
            found = self.resolve([0], text)[-1]
            if isinstance(self.nodes[found], Folder):
                self.places[text] = found
        return found

    def resolve(self, trail: list[int], text: str, links: int = MOST_LINKS) -> list[int]:
        """The nodes on the way along `text` from the end of `trail` on."""
        if links == 0:
            raise make_error(errno.ELOOP, text)
        trail = [0] if text.startswith("/") else trail
        for part in text.split("/"):
            trail = self.step(trail, part, links) if part not in ("", ".") else trail
        return trail

    def step(self, trail: list[int], part: str, links: int) -> list[int]:
        if part == "..":
            return trail[:-1] or [0]
        number = self.get_folder(trail[-1]).live.get(part)
        if number is None:
            raise make_error(errno.ENOENT, part)
        node = self.nodes[number]
        return (
            self.resolve(trail, node.target, links - 1)
            if isinstance(node, Link)
            else [*trail, number]
        )

    def locate(self, path: Path) -> tuple[int, str]:
        """Directory and name of a path whose last part is not followed."""
        parent, _, name = os.fspath(path).rpartition("/")
        folder = self.walk(parent)
        self.get_folder(folder)
        return folder, name

    def locate_free(self, path: Path) -> tuple[int, str]:
        folder, name = self.locate(path)
        if name in self.get_folder(folder).live:
            raise make_error(errno.EEXIST, path)
        return folder, name

    def find_number(self, path: Path) -> int:
        folder, name = self.locate(path)
        number = self.get_folder(folder).live.get(name) if name else 0
        if number is None:
            raise make_error(errno.ENOENT, path)
        return number

    def peek(self, path: Path) -> Node | None:
        try:
            return self.nodes[self.find_number(path)]
        except (FileNotFoundError, NotADirectoryError):
            return None

    def get_folder(self, number: int) -> Folder:
        node = self.nodes[number]
        if not isinstance(node, Folder):
            raise make_error(errno.ENOTDIR, number)
        return node

    def get_content(self, number: int, path: Path, for_folder: int = errno.EINVAL) -> Content:
        node = self.nodes[number]
        if isinstance(node, Content):
            return node
        raise make_error(for_folder if isinstance(node, Folder) else errno.ELOOP, path)

    # --- changing --------------------------------------------------------------------------------

    def add_node(self, folder: int, name: str, node: Node) -> int:
        number, self.next_number = self.next_number, self.next_number + 1
        self.nodes[number] = node
        self.assign(Naming(folder, name, number))
        return number

    def assign(self, *namings: Naming) -> None:
        """Change names in one step; the disk has it only after `flush_names`."""
        self.renamings += (namings,)
        for folder, name, number in namings:
            live = self.get_folder(folder).live
            moved = [one for one in (number, live.get(name)) if one is not None]
            if not all(isinstance(self.nodes[one], Content) for one in moved):
                self.places = {}
            self.nodes[folder] = self.get_folder(folder)._replace(live=put(live, name, number))

    def flush_names(self, number: int) -> None:
        """The disk has what was changed in one directory; what it superseded no longer counts."""
        later: set[tuple[int, str]] = set()
        flushed, rest = [], []
        for namings in reversed(self.renamings):
            if any(one.folder == number for one in namings):
                flushed.append(namings)
                later.update((one.folder, one.name) for one in namings)
            else:
                rest.append(tuple(one for one in namings if one[:2] not in later))
        self.renamings = tuple(one for one in reversed(rest) if one)
        for namings in reversed(flushed):
            self.put_on_disk(namings)

    def put_on_disk(self, namings: tuple[Naming, ...]) -> None:
        for folder, name, number in namings:
            node = self.get_folder(folder)
            self.nodes[folder] = node._replace(disk=put(node.disk, name, number))

    def change(self, number: int, path: Path, change: Change) -> None:
        content = self.get_content(number, path, errno.EISDIR)
        live = apply_change(content.live, change)
        self.nodes[number] = Content(content.disk, live, (*content.pending, change))
        self.unsynced |= {number}

    def check_replaceable(self, number: int, target: int, *, old: Path, new: Path) -> None:
        """Refuse to rename a node over another that it may not replace."""
        moved, there = self.nodes[number], self.nodes[target]
        if target in self.resolve([0], os.fspath(old.parent)):
            raise make_error(errno.ENOTEMPTY, new)
        if isinstance(there, Folder) and not isinstance(moved, Folder):
            raise make_error(errno.EISDIR, new)
        if isinstance(there, Folder) and there.live:
            raise make_error(errno.ENOTEMPTY, new)
        if isinstance(moved, Folder) and not isinstance(there, Folder):
            raise make_error(errno.ENOTDIR, new)

    # --- the whole -------------------------------------------------------------------------------

    def list_paths(self, number: int = 0, path: str = "") -> list[tuple[str, Node]]:
        """Every file, link and directory that readers see, with its path, parents first."""
        found: list[tuple[str, Node]] = []
        for name, inner in sorted(self.get_folder(number).live.items()):
            node = self.nodes[inner]
            found.append((f"{path}/{name}", node))
            if isinstance(node, Folder):
                found += self.list_paths(inner, f"{path}/{name}")
        return found

    def measure_all(self) -> int:
        """Bytes of all files that readers see."""
        return sum(len(node.live) for _, node in self.list_paths() if isinstance(node, Content))

    def copy_out(self, directory: Path) -> None:
        """Write what readers see below a real directory, for programs that read real files."""
        for text, node in self.list_paths():
            path = directory / text.lstrip("/")
            if isinstance(node, Folder):
                path.mkdir(parents=True, exist_ok=True)
            elif isinstance(node, Link):
                path.symlink_to(node.target)
            else:
                path.write_bytes(node.live)


def put(names: dict[str, int], name: str, number: int | None) -> dict[str, int]:
    if number is not None:
        return {**names, name: number}
    return {one: inner for one, inner in names.items() if one != name}


def apply_change(content: bytes, change: Change) -> bytes:
    offset, data = change
    if data is None:
        return content[:offset].ljust(offset, b"\0")
    return content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


def make_error(number: int, what: object) -> OSError:
    return OSError(number, os.strerror(number), str(what))
