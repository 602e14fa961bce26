"""Boot entries of any name and content on the ESP, and the small file beside them.

Reads: bytes. Writes: files in memory.
Never: lets anything but `SlotError` pass, removes an entry that is not ours, or takes the last one
that can be booted.

Pairs of lines are a name and what the file holds (`;` ends a line in it).
"""

from pathlib import Path

from ota.errors import SlotError
from ota.slots.boot_entries import NAME
from ota.slots.systemd_boot import BootSource, SystemdBoot
from tests.stand_ins.recording_files import RecordingFiles

ESP = Path("/efi")
ENTRIES = ESP / "loader/entries"
SOURCE = BootSource("9.9", Path("/dev/null"), Path("/dev/null"), "root=x quiet")


def run_input(data: bytes) -> None:
    """One execution."""
    if not data:
        return
    files = make_esp(data[1:])
    boot = SystemdBoot(ESP, ESP / "boot.json", files, lambda _: SOURCE)
    others = list_others(files)
    could_boot = any(one.is_bootable for one in boot.list_entries())
    for turn in range(4):
        act(boot, data[0] >> 2 * turn & 3)
    assert list_others(files) == others
    assert not could_boot or any(one.is_bootable for one in boot.list_entries())


def act(boot: SystemdBoot, kind: int) -> None:
    try:
        boot.get_primary()
        if kind == 0:
            boot.set_state("A", good=False)
        elif kind == 1:
            boot.set_primary("A")
        elif kind == 2:
            boot.set_state("A", good=True)
        else:
            boot.rearm()
    except SlotError:
        return


def make_esp(data: bytes) -> RecordingFiles:
    files = RecordingFiles()
    files.make_directory(ENTRIES)
    first, *lines = data.split(b"\n")
    files.write(ESP / "boot.json", first)
    for name, text in zip(lines[::2], lines[1::2], strict=False):
        text_name = name.decode(errors="replace").replace("/", "_").replace("\0", "_")
        if text_name not in ("", ".", ".."):
            files.write(ENTRIES / text_name, text.replace(b";", b"\n"))
    return files


def list_others(files: RecordingFiles) -> list[str]:
    """Files that are not ours by their names."""
    names = files.list_names(ENTRIES)
    return [one for one in names if not NAME.fullmatch(one) and not one.startswith("unit-")]
