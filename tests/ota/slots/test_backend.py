"""The program that RAUC runs, as RAUC runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from ota.errors import SlotError
from ota.slots.boot_source import read_source
from tests.conftest import ROOT
from tests.stand_ins.jetson_firmware import JetsonFirmware

SYSTEM_CONF = """[system]
compatible=unit-x86-64
[slot.rootfs.0]
device=/dev/disk/by-partlabel/root-a
bootname=A
[slot.rootfs.1]
device=/dev/disk/by-partlabel/root-b
bootname=B
"""


def make_slot(root: Path, release: str) -> Path:
    """What an image has for its boot."""
    for folder in ("etc/kernel", "boot"):
        (root / folder).mkdir(parents=True)
    (root / "etc/os-release").write_text(f'ID=debian\nIMAGE_VERSION="{release}"\n')
    (root / "etc/kernel/cmdline").write_text("ro quiet root=/dev/sda9 rauc.slot=A\n")
    (root / "boot/vmlinuz-6.12").write_bytes(b"kernel")
    (root / "boot/initrd.img-6.12").write_bytes(b"initrd")
    (root / "vmlinuz").symlink_to("boot/vmlinuz-6.12")
    (root / "initrd.img").symlink_to("boot/initrd.img-6.12")
    return root


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The program with the places of this test."""
    make_slot(tmp_path / "slots/A", "1.0")
    make_slot(tmp_path / "slots/B", "2026.11.1+fix")
    (tmp_path / "esp/loader/entries").mkdir(parents=True)
    (tmp_path / "system.conf").write_text(SYSTEM_CONF)
    return [
        *(sys.executable, "-m", "ota.slots.backend", "systemd-boot"),
        *("--esp", str(tmp_path / "esp"), "--mounted", str(tmp_path / "slots")),
        *("--state-file", str(tmp_path / "boot.json")),
        *("--system-conf", str(tmp_path / "system.conf")),
    ]


def ask(words: list[str], *verb: str) -> tuple[int, str, str]:
    done = subprocess.run([*words, *verb], cwd=ROOT, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_rauc_has_its_answers_and_its_verbs_done(words: list[str], tmp_path: Path) -> None:
    code, _, error = ask(words, "get-primary")
    assert (code, "no boot entry" in error) == (1, True)
    assert ask(words, "set-primary", "A") == (0, "", "")
    assert ask(words, "set-state", "A", "good") == (0, "", "")
    assert ask(words, "set-state", "B", "bad") == (0, "", "")
    assert ask(words, "set-primary", "B") == (0, "", "")
    assert ask(words, "get-primary") == (0, "B\n", "")
    assert ask(words, "get-state", "B") == (0, "good\n", "")
    names = sorted(one.name for one in (tmp_path / "esp/loader/entries").iterdir())
    assert names == ["unit-1-1.0.conf", "unit-2-2026.11.1_fix+3.conf"]
    text = (tmp_path / "esp/loader/entries" / names[1]).read_text()
    assert "options root=PARTLABEL=root-b ro quiet rauc.slot=B\n" in text
    assert (tmp_path / "esp/neural-energy/2-2026.11.1_fix/linux").read_bytes() == b"kernel"
    assert ask(words, "rearm") == (0, "", "")


@pytest.mark.parametrize("verb", [("set-primary",), ("set-state", "A"), ("set-state", "A", "x")])
def test_a_wrong_call_is_refused(words: list[str], verb: tuple[str, ...]) -> None:
    assert ask(words, *verb)[0] == 2


def test_a_slot_that_rauc_does_not_know_is_told(words: list[str]) -> None:
    code, out, error = ask(words, "set-primary", "C")
    assert (code, out) == (1, "")
    assert "no slot with bootname" in error


def test_the_same_program_speaks_to_a_jetson(tmp_path: Path) -> None:
    firmware = JetsonFirmware(tmp_path / "efivars")
    firmware.put("RootfsStatusSlotB", 0xFF)
    words = [sys.executable, "-m", "ota.slots.backend", "jetson"]
    words += ["--variables", str(firmware.variables)]
    assert ask(words, "get-state", "B") == (0, "bad\n", "")
    assert ask(words, "set-state", "A", "bad")[0] == 1
    code, _, error = ask(words, "get-primary")
    assert (code, "nvbootctl" in error) == (1, True)


def test_a_link_out_of_the_slot_is_not_followed(tmp_path: Path) -> None:
    root = make_slot(tmp_path / "slot", "1.0")
    (root / "vmlinuz").unlink()
    (root / "vmlinuz").symlink_to("/etc/passwd")
    with pytest.raises(SlotError, match="vmlinuz"):
        read_source(root, "/dev/sda2")


def test_the_slot_that_runs_is_the_one_that_the_initial_ram_disk_has_opened(
    words: list[str], tmp_path: Path
) -> None:
    booted = ("--booted", str(tmp_path / "slot"))
    code, _, error = ask(words, "get-current", *booted)
    assert (code, "does not say which slot runs" in error) == (1, True)
    (tmp_path / "slot").write_text("B\n")
    assert ask(words, "get-current", *booted) == (0, "B\n", "")
