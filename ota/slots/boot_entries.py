"""Boot entries as systemd-boot reads them: their names, what they hold, and which boots next.

    unit-7-2026.11.1+3.conf     the 7th installation, not booted yet, three tries
    unit-7-2026.11.1+2-1.conf   tried once;  unit-7-2026.11.1.conf   committed
    unit-7B-2026.11.1+3.efi     the same where Secure Boot verifies it: one signed file (a unified
                                kernel image), which cannot name its slot; its name does

Source: the Boot Loader Specification, and "Automatic Boot Assessment" of systemd (v257).
Reads and writes: nothing; pure.
Never: names an entry by its slot: systemd-bless-boot does not replace a name that is there, so a
slot's second release would never be blessed (systemd issue 33504).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

TRIES = 3
SORT_KEY = "neural-energy"
FOLDER = "neural-energy"  # of the boot files, on the ESP
NAME = re.compile(
    r"unit-(?P<number>[1-9][0-9]{0,8})(?P<slot>[A-Z])?-(?P<release>[a-z0-9._-]{1,64})"
    r"(?:\+(?P<left>0|[1-9][0-9]{0,8})(?:-(?P<done>[1-9][0-9]{0,8}))?)?\.(?P<kind>conf|efi)"
)
SLOT = re.compile(r"(?:^|\s)rauc\.slot=(?P<slot>[A-Za-z0-9._-]{1,32})(?=\s|$)")
MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class BootEntry:
    """One entry. `number` rises with each; `left`: tries that it has, None where it is committed.

    `slot`: the `rauc.slot=` of its command line, "" where the file is torn. `boot_files`: the
    folder of its kernel, below `FOLDER`. `unified`: it is one signed file, and no other.
    """

    number: int
    release: str
    slot: str
    boot_files: str
    options: str
    left: int | None = None
    done: int = 0
    unified: bool = False

    @property
    def name(self) -> str:
        counters = "" if self.left is None else f"+{self.left}" + f"-{self.done}" * (self.done > 0)
        slot, kind = (self.slot, "efi") if self.unified else ("", "conf")
        return f"unit-{self.number}{slot}-{self.release}{counters}.{kind}"

    @property
    def is_bootable(self) -> bool:
        return bool(self.slot) and self.left != 0

    def arm(self) -> "BootEntry":
        return replace(self, left=TRIES, done=0)

    def bless(self) -> "BootEntry":
        return replace(self, left=None, done=0)


def make_entry_release(release: str) -> str:
    """A release's name as part of a file name: `+` begins the counters there."""
    return re.sub(r"[^a-z0-9._-]", "_", release)


def format_entry(entry: BootEntry) -> bytes:
    files = f"/{FOLDER}/{entry.boot_files}"
    lines = [
        f"title Neural Energy {entry.release}",
        f"sort-key {SORT_KEY}",
        f"version {entry.number}",
        f"linux {files}/linux",
        f"initrd {files}/initrd",
        f"options {entry.options} rauc.slot={entry.slot}",
    ]
    return "\n".join(lines).encode() + b"\n"


def parse_entry(name: str, data: bytes) -> BootEntry | None:
    """The entry in a file of ours; None for another's file. One that is torn has no slot."""
    found = NAME.fullmatch(name)
    if found is None or found["kind"] != "conf" or found["slot"]:
        return None
    keys = dict(
        line.split(" ", 1) for line in data.decode(errors="replace").split("\n") if " " in line
    )
    options = keys.get("options", "")
    slot = SLOT.search(options)
    folder = re.fullmatch(rf"/{FOLDER}/([a-z0-9._-]{{1,90}})/linux", keys.get("linux", ""))
    whole = bool(slot and folder and keys.get("version") == found["number"])
    return BootEntry(
        number=int(found["number"]),
        release=found["release"],
        slot=slot["slot"] if slot and whole else "",
        boot_files=folder[1] if folder and whole else "",
        options=SLOT.sub("", options).strip() if whole else "",
        left=None if found["left"] is None else int(found["left"]),
        done=int(found["done"] or 0),
    )


def parse_unified(name: str) -> BootEntry | None:
    """The entry that a signed file of ours is; None for another's. Its name says all."""
    found = NAME.fullmatch(name)
    if found is None or found["kind"] != "efi" or not found["slot"]:
        return None
    left = None if found["left"] is None else int(found["left"])
    number, done = int(found["number"]), int(found["done"] or 0)
    slot, release = found["slot"], found["release"]
    return BootEntry(number, release, slot, "", "", left=left, done=done, unified=True)


def sort_entries(entries: Iterable[BootEntry]) -> list[BootEntry]:
    """In systemd-boot's order: what has tries left (or no counter) first, then the higher version.
    The first is booted: loader.conf has no `default`.
    """
    return sorted(entries, key=lambda one: (one.left == 0, -one.number, -(one.left or 0)))


def find_first(entries: Iterable[BootEntry]) -> BootEntry | None:
    """The entry that the next boot takes, also where none has a try left."""
    return next(iter(sort_entries(one for one in entries if one.slot)), None)
