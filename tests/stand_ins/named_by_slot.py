"""Boot entries as they must not be: named by their slot, as a control that tests catch.

Reads and writes: the ESP, through `Files`.
Never: is used but to see it fail: systemd-bless-boot replaces no name (systemd issue 33504).
"""

import re

from ota.slots import boot_entries
from ota.slots.boot_entries import BootEntry
from ota.slots.systemd_boot import SystemdBoot


class NamedBySlot(SystemdBoot):
    """The naive way, as a control: `slot-b+3.conf`."""

    def _write_entry(self, entry: BootEntry) -> None:
        data = boot_entries.format_entry(entry)
        counters = "" if entry.left is None else f"+{entry.left}"
        path = self.entries_dir / f"slot-{entry.slot.lower()}{counters}.conf"
        self._files.write(path, data)

    def list_entries(self) -> list[BootEntry]:
        found = []
        for name in self._files.list_names(self.entries_dir):
            data = self._files.read(self.entries_dir / name, most_bytes=10_000)
            number = re.search(rb"version (\d+)", data)
            tail = re.fullmatch(r"slot-[ab](.*)", name)
            if number and tail:
                parsed = boot_entries.parse_entry(f"unit-{number[1].decode()}-x{tail[1]}", data)
                found += [parsed] if parsed else []
        return found

    def set_primary(self, slot: str) -> None:
        source = self._read_source(slot)
        self._write_entry(self._copy_boot_files(source, slot, self._choose_number()).arm())

    def set_state(self, slot: str, *, good: bool) -> None:
        """Nothing is removed, and blessing is left to systemd-bless-boot."""
