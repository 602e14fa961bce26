"""RAUC's boot loader backend for systemd-boot: entries with counters on the ESP, which both slots
share.

    boot = SystemdBoot(esp, state_file, files, read_boot_source)
    boot.set_state("B", good=False)   # RAUC is about to write slot B: its entry goes
    boot.set_primary("B")  # written: its kernel is copied, an entry with three tries is made
    boot.set_state("B", good=True)    # it runs and is well: the counter goes

Reads and writes: loader entries and boot files on the ESP, one small file of its own.
Never: writes into a file that is there: each gets a new name, is synchronized, renamed once, and
synchronized again (boot_files.py); or removes the last committed entry that can be booted.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from appliance import strict_json
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say
from ota import files as composites
from ota.errors import SlotError
from ota.files import Files
from ota.slots import boot_entries
from ota.slots.boot_entries import FOLDER, TRIES, BootEntry
from ota.slots.boot_files import copy_file, remove_parts, rename_file, replace_file
from ota.slots.unified import Unified

MOST_REARMS = 3  # a box that never comes up must stop to restart (its battery is what it has)
MOST_STATE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class BootSource:
    """What a slot boots: files below where it is mounted, and the kernel's command line; or all of
    it in one signed file.
    """

    release: str
    linux: Path
    initrd: Path
    options: str
    unified: Unified | None = None


class SystemdBoot:
    """`read_source`: gives what the slot of a boot name holds; raises `SlotError`. All calls raise
    `OSError` where the ESP does.
    """

    def __init__(
        self, esp: Path, state_file: Path, files: Files, read_source: Callable[[str], BootSource]
    ) -> None:
        self.entries_dir = esp / "loader/entries"
        self.unified_dir = esp / "EFI/Linux"
        self.boot_dir = esp / FOLDER
        self._state_file = state_file
        self._files = files
        self._read_source = read_source

    def list_entries(self) -> list[BootEntry]:
        """Ours, as they are; what cannot be read has no slot."""
        found = []
        for name in self._files.list_names(self.entries_dir):
            data = b""
            with suppress(OSError):
                data = self._files.read(self.entries_dir / name, most_bytes=boot_entries.MOST_BYTES)
            found.append(boot_entries.parse_entry(name, data))
        found += map(boot_entries.parse_unified, self._files.list_names(self.unified_dir))
        return [one for one in found if one is not None]

    def get_primary(self) -> str:
        """The slot that the next boot takes; raises `SlotError` where there is no entry."""
        first = boot_entries.find_first(self.list_entries())
        if first is None:
            raise SlotError(
                say(
                    "there is no boot entry of ours in {entries_dir}: install the image again",
                    entries_dir=self.entries_dir,
                ),
                "no-boot-entry",
            )
        return first.slot

    def get_state(self, slot: str) -> bool:
        """Whether a slot can be booted."""
        return any(one.is_bootable for one in self._list_of(slot))

    def set_primary(self, slot: str) -> None:
        """Let the next boots try that slot. A slot that was committed is not counted."""
        self._sweep()
        first = boot_entries.find_first(self.list_entries())
        if first is None or first.slot != slot or not first.is_bootable:
            self._put_first(slot)
        self._keep_best(slot)
        self._sync()

    def _put_first(self, slot: str) -> None:
        known = boot_entries.find_first(self._list_of(slot))
        number = self._choose_number()
        if known is None:
            self._copy_system(slot, number)
            return
        again = replace(known, number=number)
        again = again if known.left is None else again.arm()
        if known.unified:
            self._rename(known, again)
        else:
            self._write_entry(again)

    def _copy_system(self, slot: str, number: int) -> None:
        """In the form that the ESP has: entries of both would not stand in one order."""
        source = self._read_source(slot)
        others = [one for one in self.list_entries() if one.slot]
        if source.unified and all(one.unified for one in others):
            self._copy_unified(source.unified, slot, number, source.release)
        elif any(one.unified for one in others):
            raise SlotError(
                say(
                    "release {release} is not signed for Secure Boot, and this unit boots "
                    "signed systems: build it with `make image SECURE_BOOT=1`",
                    release=show(source.release),
                ),
                "not-signed",
            )
        else:
            self._write_entry(self._copy_boot_files(source, slot, number).arm())

    def set_state(self, slot: str, *, good: bool) -> None:
        """Commit what runs; or take a slot out of the boot order before it is overwritten."""
        if good:
            self._bless(slot)
            self._write_state(slot, rearmed=0)
            return
        self._require_other(slot)
        for one in self._list_of(slot):
            self._files.remove(self._find_path(one))
        self._sync()
        self._sweep()

    def _bless(self, slot: str) -> None:
        self._keep_best(slot)
        for one in self._list_of(slot):
            if one.left is not None:
                self._rename(one, one.bless())
        self._sync()

    def rearm(self) -> str:
        """Where every try is used up (a supply that breaks down uses them too), give the committed
        slot its tries again, a few times. Returns what was done, "" where nothing had to be.
        """
        entries = [one for one in self.list_entries() if one.slot]
        if not entries or any(one.is_bootable for one in entries):
            return ""
        committed, rearmed = self._read_state()
        own = [one for one in entries if one.slot == committed]
        chosen = min(own or entries, key=lambda one: one.number)
        if rearmed >= MOST_REARMS:
            return say(
                "slot {slot} used up its tries {rearmed} times: it is not tried again by "
                "itself; look at its supply, then `rauc status mark-good`",
                slot=chosen.slot,
                rearmed=rearmed,
            )
        self._write_state(chosen.slot, rearmed=rearmed + 1)
        self._rename(chosen, chosen.arm())
        self._sync()
        return say(
            "no slot had a try left: slot {slot} has {tries} again", slot=chosen.slot, tries=TRIES
        )

    def _require_other(self, slot: str) -> None:
        """Another slot must boot and be committed: one on trial is no way back from a bad one."""
        others = [one for one in self.list_entries() if one.slot != slot and one.is_bootable]
        committed, _ = self._read_state()
        if not any(one.left is None or one.slot == committed for one in others):
            raise SlotError(
                say(
                    "no other slot than {slot} is committed and can be booted, so its entry "
                    "stays: `rauc status mark-good other` first",
                    slot=show(slot),
                ),
                "last-entry",
            )

    def _list_of(self, slot: str) -> list[BootEntry]:
        return [one for one in self.list_entries() if one.slot == slot]

    def _keep_best(self, slot: str) -> None:
        """Of several entries of a slot (a cut between two renames) the one that boots stays."""
        for one in boot_entries.sort_entries(self._list_of(slot))[1:]:
            self._files.remove(self._find_path(one))

    def _sweep(self) -> None:
        """Remove what a cut left: files half written, torn entries, boot files of no entry."""
        for folder in (self.entries_dir, self.unified_dir):
            remove_parts(self._files, folder, "unit-")
        entries = self.list_entries()
        for one in entries:
            if not one.slot:
                self._files.remove(self.entries_dir / one.name)
        used = {one.boot_files for one in entries}
        for name in self._files.list_names(self.boot_dir):
            if name not in used:
                composites.remove_tree(self._files, self.boot_dir / name)

    def _choose_number(self) -> int:
        return max((one.number for one in self.list_entries()), default=0) + 1

    def _copy_boot_files(self, source: BootSource, slot: str, number: int) -> BootEntry:
        """Kernel and initial RAM disk of a slot to the ESP; returns the entry that names them."""
        release = boot_entries.make_entry_release(source.release)
        folder = self.boot_dir / f"{number}-{release}"
        self._files.make_directory(folder)
        copy_file(self._files, source.linux, folder / "linux")
        copy_file(self._files, source.initrd, folder / "initrd")
        for directory in (folder, self.boot_dir, self.boot_dir.parent):
            self._files.sync_directory(directory)
        return BootEntry(number, release, slot, folder.name, source.options)

    def _copy_unified(self, unified: Unified, slot: str, number: int, release: str) -> None:
        name = boot_entries.make_entry_release(release)
        entry = BootEntry(number, name, slot, "", "", unified=True).arm()
        self._files.make_directory(self.unified_dir)
        for above in list(self.unified_dir.parents)[:2]:
            self._files.sync_directory(above)
        path, place = self._find_path(entry), {"offset": unified.offset, "length": unified.length}
        copy_file(self._files, unified.image, path, **place)

    def _write_entry(self, entry: BootEntry) -> None:
        self._files.make_directory(self.entries_dir)
        for above in list(self.entries_dir.parents)[:2]:
            self._files.sync_directory(above)
        path = self.entries_dir / entry.name
        replace_file(self._files, path, boot_entries.format_entry(entry))

    def _rename(self, old: BootEntry, new: BootEntry) -> None:
        rename_file(self._files, self._find_path(old), self._find_path(new))

    def _find_path(self, entry: BootEntry) -> Path:
        return (self.unified_dir if entry.unified else self.entries_dir) / entry.name

    def _sync(self) -> None:
        for folder in (self.entries_dir, self.unified_dir):
            if self._files.is_directory(folder):
                self._files.sync_directory(folder)

    def _read_state(self) -> tuple[str, int]:
        """The committed slot, and how often it was armed again; a damaged file says nothing."""
        try:
            data = self._files.read(self._state_file, most_bytes=MOST_STATE_BYTES)
            tree = strict_json.parse_object(data, most_bytes=MOST_STATE_BYTES)
            rearmed = strict_json.require_number(tree.get("rearmed"), "rearmed", 0, 1000)
            return str(tree.get("committed", "")), int(rearmed)
        except (OSError, InputError):
            return "", 0

    def _write_state(self, committed: str, *, rearmed: int) -> None:
        data = json.dumps({"committed": committed, "rearmed": rearmed}).encode() + b"\n"
        composites.replace(self._files, self._state_file, data)
