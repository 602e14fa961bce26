"""Which slot is opened by its root hash, and whose boot entry pays where none fits.

The script of an image of `VERITY=1`, with stand-ins for veritysetup and mount; it restarts nothing.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.image import root

SETS = Path(root.__file__).parent / "sets"
SCRIPT = SETS / "verity/files/etc/initramfs-tools/scripts/local-top/verity"
SIGNED = "ro systemd.verity=yes roothash=aa systemd.verity_root_options=hash-offset=8192"
ENTRY = f"root=/dev/disk/by-boot-disk/root-b {SIGNED} rauc.slot=B"
NAMED = "LoaderEntrySelected-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
PROGRAMS = {
    # As it is: it opens a slot by any hash, as long as a tree is there.
    "veritysetup": '[ "$1" = close ] && exec rm /run/opened\n'
    '[ ! -e /run/opened ] && echo "$2" >>/run/tried && echo "$2" >/run/opened\n',
    "mount": 'case "$*" in *vfat*) command -p mount --bind "$ESP" /run/esp ;;\n'
    '*mapper*) [ "$(cat /run/opened)" = "/dev/disk/by-boot-disk/root-$FITS" ] ;; esac\n',
    "modprobe": "",
    "sleep": "",
    "find": "",
}
FUNCTIONS = 'log_failure_msg() { echo "$*" >&2; }\n'
# $1: stand-ins, $2: the script, $3: its command line, $4: the variable of the boot loader
ENTER = """set -e
mount -t tmpfs none /run
mkdir -p /run/dev/disk/by-boot-disk
cp -a /dev/null /run/dev/
: >/run/dev/disk/by-boot-disk/root-a
: >/run/dev/disk/by-boot-disk/root-b
mount --bind /run/dev /dev
mount -t tmpfs none /sys/firmware
mkdir -p /sys/firmware/efi/efivars
cp "$4" /sys/firmware/efi/efivars/
mount --bind "$3" /proc/cmdline
result=0
PATH=$1:$PATH sh "$2" || result=$?
cat /run/tried /run/param.conf
cat /run/appliance-image/slot 2>/dev/null || :
exit $result
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root's rights, for its mounts")


@dataclass
class Boot:
    """`said`: the slots that were tried, by letter, and then the one that runs."""

    code: int
    tried: str
    slot: str


@dataclass
class Bench:
    directory: Path

    @property
    def esp(self) -> Path:
        return self.directory / "esp"

    def put_entries(self, *names: str) -> None:
        for name in names:
            place = "EFI/Linux" if name.endswith(".efi") else "loader/entries"
            (self.esp / place).mkdir(parents=True, exist_ok=True)
            slot = "B" if "-2-" in name or "2B" in name else "A"
            (self.esp / place / name).write_text(f"options x rauc.slot={slot}\n")

    def list_entries(self) -> list[str]:
        return sorted(path.name for path in self.esp.rglob("unit-*"))

    def boot(self, words: str, *, fits: str, entry: str) -> Boot:
        here = self.directory
        for name, body in PROGRAMS.items():
            (here / "programs" / name).write_text(f"#!/bin/sh\n{body}")
            (here / "programs" / name).chmod(0o755)
        (here / "functions").write_text(FUNCTIONS)
        text = SCRIPT.read_text().replace("/scripts/functions", str(here / "functions"))
        text = text.replace("/conf/param.conf", "/run/param.conf").replace("reboot -f", "exit 3")
        (here / "script").write_text(text)
        (here / "cmdline").write_text(words)
        (here / NAMED).write_bytes(b"\6\0\0\0" + f"{entry}\0".encode("utf-16-le"))
        paths = (here / "programs", here / "script", here / "cmdline", here / NAMED)
        done = subprocess.run(
            ("unshare", "--mount", "sh", "-c", ENTER, "sh", *paths),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "FITS": fits, "ESP": str(self.esp)},
        )
        lines = done.stdout.split()
        assert "ROOT=/dev/mapper/root" in lines, done.stderr
        at = lines.index("ROOT=/dev/mapper/root")
        return Boot(
            done.returncode, "".join(one[-1] for one in lines[:at]), "".join(lines[at + 1 :])
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "programs").mkdir()
    (tmp_path / "esp").mkdir()
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("fits", "entry", "tried", "slot"),
    [
        ("a", "unit-1a-1.0.efi", "a", "A"),
        ("b", "unit-2b-1.0.efi", "b", "B"),
        ("a", "unit-2b-1.0+2-1.efi", "ba", "A"),
        ("b", "foreign.efi", "ab", "B"),
    ],
)
def test_a_signed_command_line_finds_its_slot_by_the_root_hash(
    bench: Bench, fits: str, entry: str, tried: str, slot: str
) -> None:
    assert bench.boot(SIGNED, fits=fits, entry=entry) == Boot(0, tried, slot)


def test_an_entry_that_names_its_slot_opens_no_other(bench: Bench) -> None:
    assert bench.boot(ENTRY, fits="b", entry="unit-2-1.0.conf") == Boot(0, "b", "")
    assert bench.boot(ENTRY, fits="a", entry="unit-2-1.0.conf") == Boot(3, "b", "")


@pytest.mark.parametrize("booted", ["unit-2B-1.0.efi", "unit-2B-1.0+3.efi", "unit-2B-1.0+2-1.efi"])
def test_the_entry_whose_slot_is_damaged_loses_its_tries(bench: Bench, booted: str) -> None:
    """Its name has changed since the boot loader chose it, and told it in small letters."""
    counted = booted.replace("+3", "+2-1")
    bench.put_entries("unit-1A-0.9.efi", counted)
    assert bench.boot(SIGNED, fits="none", entry=booted.lower()).code == 3
    assert bench.list_entries() == ["unit-1A-0.9.efi", "unit-2B-1.0+0-1.efi"]


def test_the_same_holds_for_an_entry_that_names_its_slot(bench: Bench) -> None:
    bench.put_entries("unit-1-0.9.conf", "unit-2-1.0+2-1.conf")
    assert bench.boot(ENTRY, fits="none", entry="unit-2-1.0.conf").code == 3
    assert bench.list_entries() == ["unit-1-0.9.conf", "unit-2-1.0+0-1.conf"]


def test_the_only_entry_keeps_its_tries(bench: Bench) -> None:
    bench.put_entries("unit-2B-1.0.efi")
    assert bench.boot(SIGNED, fits="none", entry="unit-2B-1.0.efi").code == 3
    assert bench.list_entries() == ["unit-2B-1.0.efi"]
