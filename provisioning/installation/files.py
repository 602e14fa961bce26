"""Step 2: what systemd, polkit, udev, the journal and the kernel are given. One table says what.

Reads: systemd/ and inference/models/ of the release. Writes: the directories of the table, and the
list of what it has written, by which a later release removes what it no longer has.
Never: touches a file that it has not installed, such as a drop-in of `systemctl edit`.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provisioning.installation.machine import write_file

# files of the release                 directory on the unit
TABLE = (
    ("systemd/appliance*", "/etc/systemd/system"),
    ("systemd/kiosk/appliance*", "/etc/systemd/system"),
    ("systemd/kiosk/pam.d/*", "/etc/pam.d"),
    ("systemd/sysusers.d/*.conf", "/etc/sysusers.d"),
    ("systemd/tmpfiles.d/*.conf", "/etc/tmpfiles.d"),
    ("systemd/sysctl.d/*.conf", "/etc/sysctl.d"),
    ("systemd/polkit/*.rules", "/etc/polkit-1/rules.d"),
    ("systemd/udev/*.rules", "/etc/udev/rules.d"),
    ("systemd/journald.conf.d/*.conf", "/etc/systemd/journald.conf.d"),
    ("systemd/catalog/*.catalog", "/usr/lib/systemd/catalog"),
    ("inference/models/*", "/usr/share/appliance/models"),
)
MODE = 0o644
LIST = Path("/opt/appliance/installed-files")


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A file of the release and its place on the unit."""

    source: Path
    place: Path


class Files:
    """All files of the table, under `root` (/ but in tests)."""

    def __init__(self, release: Path, root: Path = Path("/")) -> None:
        self._files = list(read_table(release))
        self._root = root
        self._list = root / LIST.relative_to("/")

    def list_differences(self) -> list[str]:
        found = [find_difference(one.source, self._place(one.place)) for one in self._files]
        stale = [f"{path} is of an older release" for path in self._list_stale()]
        listed = [] if self._is_listed() else [f"{LIST} does not name all installed files"]
        return [*filter(None, found), *stale, *listed]

    def apply(self) -> None:
        """The list names a file before it is written and until it is removed."""
        stale = self._list_stale()
        self._write_list([*(one.place for one in self._files), *stale])
        for one in self._files:
            if find_difference(one.source, self._place(one.place)):
                write_file(self._place(one.place), one.source.read_bytes(), MODE)
        for path in stale:
            self._place(path).unlink(missing_ok=True)
        self._write_list([one.place for one in self._files])

    def _place(self, path: Path) -> Path:
        return self._root / path.relative_to("/")

    def _list_stale(self) -> list[Path]:
        places = {one.place for one in self._files}
        return [path for path in self._read_list() if path not in places]

    def _is_listed(self) -> bool:
        return {one.place for one in self._files} <= set(self._read_list())

    def _read_list(self) -> list[Path]:
        text = self._list.read_text() if self._list.exists() else ""
        return [Path(line) for line in text.splitlines() if line.startswith("/")]

    def _write_list(self, places: list[Path]) -> None:
        text = "".join(f"{place}\n" for place in sorted(places))
        write_file(self._list, text.encode(), MODE)


def read_table(release: Path) -> Iterator[InstalledFile]:
    """Each file of the table, those of a directory `NAME.d` too."""
    for pattern, directory in TABLE:
        for found in sorted(release.glob(pattern)):
            paths = sorted(found.iterdir()) if found.is_dir() else [found]
            for path in paths:
                yield InstalledFile(path, Path(directory) / path.relative_to(found.parent))


def find_difference(source: Path, place: Path) -> str:
    """What is wrong with an installed file; "" where nothing is."""
    if not place.is_file():
        return f"{place} is missing"
    if place.read_bytes() != source.read_bytes():
        return f"{place} differs from {source}"
    found = place.stat()
    if (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) != (0, 0, MODE):
        return f"{place} must belong to root with mode {MODE:04o}"
    return ""
