"""The virtual machine's parts: a disk of sfdisk and mtools, QEMU's socket, what is missing."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from appliance.settings_file import load_settings
from provisioning.emulator import machine as machine_module
from provisioning.emulator import programs
from provisioning.emulator.control import Control
from provisioning.emulator.guest_disk import GuestDisk, Partition
from provisioning.emulator.machine import Hardware, Machine
from provisioning.emulator.site import Site
from provisioning.image.tools import ImageError

TABLE = """label: gpt
start=2048, size=65536, type=uefi, name=esp
start=67584, size=8192, name=data
"""
MIB = 1 << 20
# mov dx, 0xcf9; mov al, 6; out dx, al; hlt: a reset, at the processor's first instruction.
RESETS = b"\xba\xf9\x0c\xb0\x06\xee\xf4".ljust(16, b"\0")
needs_mtools = pytest.mark.skipif(
    not (shutil.which("sfdisk") and shutil.which("mformat")), reason="needs fdisk and mtools"
)
needs_qemu = pytest.mark.skipif(bool(programs.list_missing()), reason="needs QEMU with UEFI")


def format_esp(path: Path) -> tuple[str, ...]:
    return ("mformat", "-i", f"{path}@@1M", "-T", "65536", "::")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """40 MiB with an ESP and a partition for data."""
    path = tmp_path / "unit.raw"
    with path.open("wb") as file:
        file.truncate(40 * MIB)
    with (tmp_path / "said").open("w") as said:
        for words, text in ((("sfdisk", path), TABLE), (format_esp(path), "")):
            subprocess.run(words, input=text, text=True, stdout=said, stderr=said, check=True)
    return path


@needs_mtools
def test_partitions_are_found_by_their_names(image: Path) -> None:
    disk = GuestDisk(image)
    assert disk.find("esp") == Partition(MIB, 32 * MIB)
    assert disk.find("data") == Partition(33 * MIB, 4 * MIB)
    with pytest.raises(ImageError, match="has no partition root-a"):
        disk.find("root-a")


def test_a_file_that_is_no_disk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(MIB))
    with pytest.raises(ImageError, match="holds no GPT"):
        GuestDisk(tmp_path / "x").find("esp")


@needs_mtools
def test_a_copy_takes_files_and_the_image_stays_as_it_was(image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    disk = GuestDisk.copy(image, tmp_path / "copy.raw", least_bytes=64 * MIB)
    subprocess.run(["mmd", "-i", f"{disk.path}@@1M", "::provision"], check=True)
    disk.put("[unit]\n", "provision/unit.toml")
    assert disk.list("provision") == ["unit.toml"]
    assert disk.read("provision/unit.toml") == "[unit]\n"
    assert disk.path.stat().st_size == 64 * MIB
    assert disk.path.stat().st_blocks * 512 < 8 * MIB
    assert image.read_bytes() == before


def test_every_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "FIRMWARE", tmp_path / "none")
    with pytest.raises(ImageError, match="apt install qemu-system-x86 mtools openssh-client ovmf"):
        programs.check_programs()


@pytest.mark.parametrize(("flags", "native"), [("fpu vmx", True), ("svm", True), ("fpu", False)])
def test_kvm_is_used_where_the_processor_has_it(
    flags: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, native: bool
) -> None:
    """A /dev/kvm alone is not enough: under a hypervisor that nests none it boots nothing."""
    for name, text in (("KVM", ""), ("PROCESSOR_INFO", f"flags : {flags}\n")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(programs, name, tmp_path / name)
    assert programs.choose_accelerator() == (programs.NATIVE if native else programs.EMULATED)


# --- QEMU's socket --------------------------------------------------------------------------------


@pytest.fixture
def qemu(tmp_path: Path) -> Iterator[Path]:
    """A stand-in: it reports an event before each answer, and refuses what it does not know."""
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        Thread(target=answer_orders, args=(server,), daemon=True).start()
        yield path


def answer_orders(server: socket.socket) -> None:
    opened, _ = server.accept()
    with opened, opened.makefile("rw") as lines:
        lines.write('{"QMP": {}}\n')
        lines.flush()
        for line in lines:
            known = json.loads(line)["execute"] != "fly"
            lines.write('{"event": "WATCHDOG"}\n')
            lines.write('{"return": 7}\n' if known else '{"error": {"desc": "no wings"}}\n')
            lines.flush()


def test_an_order_has_its_answer_and_events_are_kept(qemu: Path) -> None:
    control = Control(qemu)
    assert control.order("query-status") == 7
    with pytest.raises(ImageError, match="refused fly: no wings"):
        control.order("fly")
    assert control.list_events() == ["WATCHDOG"] * 4
    control.close()


@needs_qemu
def test_a_machine_that_does_not_start_says_why(tmp_path: Path) -> None:
    machine = Machine(GuestDisk(tmp_path / "none.raw"), Hardware(page_port=1, ssh_port=2))
    with pytest.raises(ImageError, match=r"did not start: .*none\.raw"):
        machine.start()
    assert not machine.running


@needs_qemu
@pytest.mark.processes
def test_a_machine_runs_until_its_power_is_cut(tmp_path: Path) -> None:
    """An empty disk: the firmware looks for something that boots."""
    disk = tmp_path / "empty.raw"
    disk.write_bytes(bytes(MIB))
    machine = Machine(GuestDisk(disk), Hardware(page_port=0, ssh_port=0, memory_mib=256))
    machine.start()
    assert machine.running
    assert "RESUME" in machine.control.list_events()
    machine.plug_cable(into=False)
    machine.cut_power()
    assert not (tmp_path / "control").exists()
    with pytest.raises(AssertionError, match="start it first"):
        machine.plug_cable(into=True)


@needs_qemu
@pytest.mark.processes
def test_a_machine_that_resets_itself_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firmware that does nothing else."""
    firmware = tmp_path / "firmware"
    firmware.write_bytes(bytes(64 * 1024 - len(RESETS)) + RESETS)
    monkeypatch.setattr(machine_module, "FIRMWARE", firmware)
    disk = tmp_path / "empty.raw"
    disk.write_bytes(bytes(MIB))
    machine = Machine(GuestDisk(disk), Hardware(page_port=0, ssh_port=0, memory_mib=256))
    machine.start()
    assert not machine.wait_for_end(2)
    assert machine.list_events().count("SHUTDOWN") >= 2
    machine.cut_power()
    assert not machine.running
    machine.go_on()
    assert not machine.running


# --- what stands around it ------------------------------------------------------------------------


@needs_qemu
def test_the_site_has_settings_that_are_valid_a_key_and_a_way_in(tmp_path: Path) -> None:
    site = Site(tmp_path, charger_port=5020, bms_port=5021)
    (tmp_path / "unit.toml").write_text(site.settings)
    settings = load_settings(tmp_path / "unit.toml")
    assert [one.port for one in settings.power_devices] == [
        "tcp://10.0.2.2:5020",
        "tcp://10.0.2.2:5021",
    ]
    assert not settings.host.may_power_off
    assert site.make_key().startswith("ssh-ed25519 ")
    assert str(site.key) in site.write_ssh_settings(22).read_text()
