"""systemd-boot 257 and systemd-bless-boot, as their sources and documents say, over a directory.

What is modelled: entries without a kernel are not listed; those with no try left come last; then
`sort-key`, `version` and name; the first is booted, and its counter goes down by a rename before
its kernel runs. Blessing renames to the name without counter and replaces nothing. A signed kernel
in EFI/Linux is an entry of its own; which slot its initial RAM disk finds is told by its name.

Reads and writes: an ESP through `Files`. Never: knows what our own code thinks of an entry.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from ota.files import Files

COUNTED = re.compile(r"(?P<base>.+)\+(?P<left>[0-9]+)(?:-(?P<done>[0-9]+))?\.(?P<kind>conf|efi)")
UNIFIED = {"sort-key": "neural-energy", "version": "1"}  # of its .osrel, the same in each


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of the menu."""

    name: str
    keys: dict[str, str]
    left: int | None

    @property
    def folder(self) -> str:
        return "EFI/Linux" if self.name.endswith(".efi") else "loader/entries"


class BootLoader:
    """`counted`: the booted entry after the counting, as LoaderBootCountPath has it; "" without
    counter. `kernel`: what it runs.
    """

    def __init__(self, esp: Path, files: Files) -> None:
        self.esp = esp
        self.files = files
        self.counted = ""
        self.kernel = esp

    def list_entries(self) -> list[Listed]:
        folder = self.esp / "loader/entries"
        found = []
        for name in self.files.list_names(folder):
            if not name.lower().endswith(".conf") or name.startswith((".", "auto-")):
                continue
            text = self.files.read(folder / name, most_bytes=10**6).decode(errors="replace")
            keys = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
            linux = keys.get("linux")
            if linux is None or self.files.measure(self.esp / linux.lstrip("/")) is None:
                continue
            counter = COUNTED.fullmatch(name)
            found.append(Listed(name, keys, int(counter["left"]) if counter else None))
        return sorted([*found, *self._list_unified()], key=make_key)

    def _list_unified(self) -> list[Listed]:
        found = []
        for name in self.files.list_names(self.esp / "EFI/Linux"):
            if name.lower().endswith(".efi"):
                counter = COUNTED.fullmatch(name)
                keys = UNIFIED | {"linux": f"/EFI/Linux/{name}"}
                found.append(Listed(name, keys, int(counter["left"]) if counter else None))
        return found

    def boot(self) -> str:
        """Boot; returns the slot whose kernel runs. Raises `LookupError` where nothing can."""
        entries = self.list_entries()
        if not entries:
            raise LookupError("the menu is empty")
        self.counted = self._count(entries[0])
        self.kernel = self.esp / entries[0].keys["linux"].lstrip("/")
        if entries[0].folder == "EFI/Linux":
            self.kernel = self.kernel.with_name(self.counted or entries[0].name)
            named = re.match(r"unit-[0-9]+([A-Z])-", entries[0].name)
            assert named is not None
            return named[1]
        found = re.search(r"rauc\.slot=(\S+)", entries[0].keys["options"])
        assert found is not None
        return found[1]

    def _count(self, entry: Listed) -> str:
        if entry.left is None:
            return ""
        found = COUNTED.fullmatch(entry.name)
        assert found is not None
        left, done = max(entry.left - 1, 0), int(found["done"] or 0) + 1
        name = f"{found['base']}+{left}-{done}.{found['kind']}"
        folder = self.esp / entry.folder
        self.files.rename(folder / entry.name, folder / name)
        self.files.sync(folder / name)  # the firmware's FAT, which has no inodes that wait
        self.files.sync_directory(folder)
        return name

    def bless(self) -> bool:
        """What systemd-bless-boot does after boot-complete.target; False where it could not."""
        found = COUNTED.fullmatch(self.counted)
        if found is None:
            return True
        folder = self.esp / ("EFI/Linux" if found["kind"] == "efi" else "loader/entries")
        target = f"{found['base']}.{found['kind']}"
        names = self.files.list_names(folder)
        if target in names or self.counted not in names:
            return target in names and self.counted not in names
        self.files.rename(folder / self.counted, folder / target)
        self.files.sync(folder / target)
        self.files.sync_directory(folder)
        return True


def make_key(entry: Listed) -> tuple[bool, bool, str, list[int], str]:
    """systemd-boot's order; versions here are whole numbers, the higher first."""
    numbers = [-int(one) for one in re.findall(r"[0-9]+", entry.keys.get("version", ""))]
    sort_key = entry.keys.get("sort-key", "")
    name = [-int(one) for one in re.findall(r"unit-([0-9]+)[A-Z]", entry.name)]
    return entry.left == 0, not sort_key, sort_key, [*numbers, *name], entry.name
