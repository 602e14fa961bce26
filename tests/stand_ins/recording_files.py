"""A file system in memory, behind `Files`, that knows what the disk has: for power cuts anywhere.

    files = RecordingFiles()
    replace(files, Path("/ota/a"), b"new")
    files.calls                            # each call that changed something

tests/stand_ins/power_cuts.py cuts after each of them and gives what the disk then has.

Reads and writes: nothing outside of memory, but for `copy_out` into a real directory.
Never: grants what no disk promises: content is durable after `sync` of its file, a name after
`sync_directory` of its directory, also the name of a new directory in its parent.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from tests.stand_ins.memory_tree import (
    Change,
    Content,
    Folder,
    Link,
    MemoryTree,
    Naming,
    make_error,
)

P = ParamSpec("P")
T = TypeVar("T")


class PowerCutError(BaseException):
    """The power is gone: no `Exception`, so that nothing on its way handles it."""


class Call(NamedTuple):
    """A call that changes something, so that it can be made again."""

    name: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def __str__(self) -> str:
        return " ".join((self.name, *(str(one)[:80] for one in self.arguments)))

    def make_again(self, files: "RecordingFiles") -> None:
        with suppress(OSError):
            getattr(files, self.name)(*self.arguments, **self.options)


def recorded(
    method: Callable[Concatenate["RecordingFiles", P], T],
) -> Callable[Concatenate["RecordingFiles", P], T]:
    """A call that changes something: it is noted, and the power may be cut when it is done."""

    @wraps(method)
    def call(self: "RecordingFiles", /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.begin_call(Call(method.__name__, args, kwargs))
        result = method(self, *args, **kwargs)
        if len(self.calls) == self.cut_after:
            raise PowerCutError
        return result

    return call


class RecordingFiles(MemoryTree):
    """`Files` in memory. A copy costs microseconds.

    `capacity_bytes`: a disk that gets full. `cut_after`: after so many changing calls the power is
    cut (`PowerCutError`, then and from then on). `fail_at`: number of a changing call -> the errno
    that it fails with. `syncs=False`: a build whose fsyncs do nothing, which every test must catch.
    `fat`: a directory that lies on FAT, as Linux 6.12 writes it: a name that came by `rename` has
    size 0 on the disk until the file was synchronized once more.
    """

    def __init__(
        self,
        *,
        capacity_bytes: int | None = None,
        cut_after: int | None = None,
        fail_at: dict[int, int] | None = None,
        syncs: bool = True,
        fat: Path | None = None,
    ) -> None:
        super().__init__()
        self.fat = fat
        self.capacity_bytes = capacity_bytes
        self.cut_after = cut_after
        self.fail_at = fail_at or {}
        self.syncs = syncs
        self.calls: list[Call] = []

    def copy(self) -> "RecordingFiles":
        """The same files as they are now, durable or not; no calls, no faults yet."""
        twin = RecordingFiles(capacity_bytes=self.capacity_bytes, syncs=self.syncs, fat=self.fat)
        twin.share(self)
        return twin

    def begin_call(self, call: Call) -> None:
        if self.cut_after is not None and len(self.calls) >= self.cut_after:
            raise PowerCutError
        self.calls.append(call)
        if len(self.calls) in self.fail_at:
            raise make_error(self.fail_at[len(self.calls)], call)

    # --- reading ---------------------------------------------------------------------------------

    def read(self, path: Path, *, most_bytes: int) -> bytes:
        data = self.get_content(self.find_number(path), path).live
        if len(data) > most_bytes:
            raise make_error(errno.EFBIG, path)
        return data

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        return self.get_content(self.find_number(path), path).live[offset : offset + length]

    def measure(self, path: Path) -> int | None:
        node = self.peek(path)
        return len(node.live) if isinstance(node, Content) else None

    def list_names(self, path: Path) -> list[str]:
        with suppress(FileNotFoundError, NotADirectoryError):
            return sorted(self.get_folder(self.walk(os.fspath(path))).live)
        return []

    def is_directory(self, path: Path) -> bool:
        with suppress(OSError):
            return isinstance(self.peek(path), Folder)
        return False

    def read_link(self, path: Path) -> str | None:
        with suppress(OSError):
            node = self.peek(path)
            return node.target if isinstance(node, Link) else None
        return None

    def free_bytes(self, path: Path) -> int:
        self.walk(os.fspath(path))
        if self.capacity_bytes is None:
            return 2**40
        return max(0, self.capacity_bytes - self.measure_all())

    # --- changing --------------------------------------------------------------------------------

    @recorded
    def make_directory(self, path: Path) -> None:
        self.make_with_parents(path)

    def make_with_parents(self, path: Path) -> None:
        try:
            self.add_node(*self.locate_free(path), Folder({}, {}))
        except FileNotFoundError:
            if path == path.parent:
                raise
            self.make_with_parents(path.parent)
            self.make_with_parents(path)
        except OSError:
            if not self.leads_to_folder(path):
                raise

    def leads_to_folder(self, path: Path) -> bool:
        with suppress(OSError):
            return isinstance(self.nodes[self.walk(os.fspath(path))], Folder)
        return False

    @recorded
    def write(
        self, path: Path, data: bytes, *, offset: int | None = None, mode: int = 0o644
    ) -> None:
        folder, name = self.locate(path)
        number = self.get_folder(folder).live.get(name)
        if number is None:
            number = self.add_node(folder, name, Content(b"", b""))
        old = self.get_content(number, path, errno.EISDIR).live
        if old and offset is None:
            self.change(number, path, Change(0, None))
        self.write_what_fits(number, path, Change(offset or 0, bytes(data)))

    def write_what_fits(self, number: int, path: Path, change: Change) -> None:
        offset, data = change
        if self.capacity_bytes is None or data is None:
            self.change(number, path, change)
            return
        inside = len(self.get_content(number, path).live) - offset
        fits = data[: max(0, inside) + self.free_bytes(path.parent)]
        self.change(number, path, Change(offset, fits))
        if len(fits) < len(data):
            raise make_error(errno.ENOSPC, path)

    @recorded
    def truncate(self, path: Path, length: int) -> None:
        self.change(self.walk(os.fspath(path)), path, Change(length, None))

    @recorded
    def sync(self, path: Path) -> None:
        number = self.find_number(path)
        content = self.get_content(number, path)
        if self.syncs:
            self.nodes[number] = Content(content.live, content.live)
            self.unsynced -= {number}
            self.renamed -= {number}

    @recorded
    def sync_directory(self, path: Path) -> None:
        number = self.walk(os.fspath(path))
        folder = self.get_folder(number)
        if self.syncs:
            self.flush_names(number)
            for one in self.renamed & set(folder.live.values()):
                self.nodes[one] = Content(b"", self.get_content(one, path).live)
                self.unsynced |= {one}

    @recorded
    def rename(self, old: Path, new: Path) -> None:
        (old_folder, old_name), (new_folder, new_name) = self.locate(old), self.locate(new)
        number = self.find_number(old)
        target = self.get_folder(new_folder).live.get(new_name)
        if number == target:
            return
        if number in self.resolve([0], os.fspath(new.parent)):
            raise make_error(errno.EINVAL, new)
        if target is not None:
            self.check_replaceable(number, target, old=old, new=new)
        self.assign(Naming(old_folder, old_name, None), Naming(new_folder, new_name, number))
        on_fat = self.fat is not None and new.is_relative_to(self.fat)
        if on_fat and isinstance(self.nodes[number], Content):
            self.renamed |= {number}

    @recorded
    def link(self, old: Path, new: Path) -> None:
        number = self.find_number(old)
        folder, name = self.locate_free(new)
        if isinstance(self.nodes[number], Folder):
            raise make_error(errno.EPERM, old)
        self.assign(Naming(folder, name, number))

    @recorded
    def make_link(self, target: str, path: Path) -> None:
        self.add_node(*self.locate_free(path), Link(target))

    @recorded
    def remove(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            if isinstance(self.nodes[self.find_number(path)], Folder):
                raise make_error(errno.EISDIR, path)
            self.assign(Naming(*self.locate(path), None))

    @recorded
    def remove_directory(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            if self.get_folder(self.find_number(path)).live:
                raise make_error(errno.ENOTEMPTY, path)
            self.assign(Naming(*self.locate(path), None))
