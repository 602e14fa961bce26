"""A real directory whose power is cut before the call of a given number that changes something.

Reads and writes: as ota/disk.py. Never: writes anything after the cut.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ota.disk import Disk

CHANGES = frozenset(
    {
        *("make_directory", "write", "truncate", "sync", "sync_directory"),
        *("rename", "link", "make_link", "remove", "remove_directory"),
    }
)


class PowerCutError(Exception):
    """The power was cut; nothing more reaches the disk."""


class CutFiles(Disk):
    """`Disk` up to the cut. `calls`: how many calls changed something or waited for the disk."""

    def __init__(self, *, cut_before: int | None = None) -> None:
        self.calls: list[str] = []
        self.cut_before = cut_before

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return self._count(name, found) if name in CHANGES else found

    def _count(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            if self.cut_before is not None and len(self.calls) >= self.cut_before:
                raise PowerCutError
            self.calls.append(name)
            return call(*args, **named)

        return counted


def cut_everywhere(
    prepare: Callable[[], Path], act: Callable[[Path, CutFiles], None]
) -> list[Path]:
    """The directory of `prepare` after `act` was cut before each of its calls, and uncut."""
    whole = prepare()
    uncut = CutFiles()
    act(whole, uncut)
    return [cut(prepare(), act, number) for number in range(len(uncut.calls))] + [whole]


def cut(directory: Path, act: Callable[[Path, CutFiles], None], number: int) -> Path:
    try:
        act(directory, CutFiles(cut_before=number))
    except PowerCutError:
        return directory
    raise AssertionError(f"call {number} was never made")
