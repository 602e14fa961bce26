"""The power fails while an operating system is installed, tried and kept: some system always boots.

One update is made while QEMU logs every write to the disk. What a cut leaves at hundreds of moments
is made of the log: of each the boot partition is read, and some of them are booted.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from ota.slots.boot_entries import FOLDER, find_first, parse_entry
from provisioning.emulator.guest_disk import GuestDisk, Partition
from provisioning.image.command import SLOT
from tests.real_boot import updating
from tests.real_boot.conftest import BUILD, IMAGE
from tests.real_boot.disk_log import DiskLog
from tests.real_boot.next_systems import NextSystems, hash_file
from tests.real_boot.unit import GIB, EmulatedUnit

pytestmark = updating.needs_build

GOOD = "2099.1"
INSTALL_S, TRIAL_S, WAIT_S = 2400.0, 1800.0, 400.0
DISK_BYTES = 11 * GIB
LOOKED_AT, BOOTED, SEED = 300, 5, 17


@dataclass(frozen=True, slots=True)
class Logged:
    """An update as the disk saw it. `before`: the disk at the begin of the log."""

    unit: EmulatedUnit
    before: GuestDisk
    log: DiskLog
    boot_files: frozenset[str]  # hashes of kernels and initial RAM disks that are whole
    slot_sha256: str

    def list_moments(self, label: str) -> list[int]:
        """Those just before and after an order to a partition."""
        where = self.before.find(label)
        orders = enumerate(self.log.orders)
        hits = [at for at, order in orders if order.touches(where.start, where.length)]
        return sorted({*hits, *(at + 1 for at in hits)})


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    directory = tmp_path_factory.mktemp("cuts")
    systems = NextSystems(BUILD, directory / "systems")
    unit = EmulatedUnit(IMAGE, directory / "m", disk_bytes=DISK_BYTES, camera=False)
    with unit.site.simulated(), updating.mirror(systems) as port:
        slot_sha256 = systems.offer(unit.site.name, GOOD, sequence=1)
        fetch_and_hold(unit, systems, port)
        before = GuestDisk.copy(unit.disk.path, directory / "before.raw")
        log = directory / "orders.log"
        unit.machine.hardware = replace(unit.machine.hardware, write_log=log)
        install_and_keep(unit)
        whole = frozenset(hash_boot_files(unit.disk)) | frozenset(hash_boot_files(before))
        unit.machine.hardware = replace(unit.machine.hardware, write_log=None)
        yield Logged(unit, before, DiskLog(log), whole, slot_sha256)
    unit.remove()
    before.path.unlink()
    log.unlink()


def fetch_and_hold(unit: EmulatedUnit, systems: NextSystems, port: int) -> None:
    """Until all of it is on the disk; then the machine is off."""
    updating.begin(unit, systems, port)
    unit.order("unitctl update hold --for 7d --reason test")
    updating.ask_mirrors(unit)
    updating.wait_for_step(unit, GOOD, "gate", INSTALL_S)
    unit.shut_down()


def install_and_keep(unit: EmulatedUnit) -> None:
    unit.boot()
    unit.wait_for(unit.find_boot, WAIT_S, "SSH")
    before = unit.find_boot()
    unit.order("unitctl update hold --off")
    updating.ask_mirrors(unit)
    updating.wait_for_step(unit, GOOD, "reboot", INSTALL_S)
    unit.wait_for_boot(before)
    assert updating.find_running(unit) == [GOOD, "rauc.slot=B"]
    updating.check_in(unit)
    updating.wait_for_step(unit, GOOD, "commit", TRIAL_S)
    updating.wait_for_entry(unit, f"{GOOD}.conf")
    unit.order("sync")
    unit.forget_connection()
    unit.machine.cut_power()


def hash_boot_files(disk: GuestDisk) -> Iterator[str]:
    for folder in disk.list(FOLDER):
        for name in ("linux", "initrd"):
            yield hash_on_esp(f"{disk.path}@@{disk.find('esp').start}", f"{FOLDER}/{folder}/{name}")


def hash_on_esp(esp: str, place: str) -> str:
    done = subprocess.run(["mcopy", "-i", esp, f"::{place}", "-"], capture_output=True, check=False)
    return hashlib.sha256(done.stdout).hexdigest() if done.returncode == 0 else "unreadable"


def copy_part(disk: Path, part: Partition, target: Path) -> None:
    """One partition alone, with holes."""
    words = [f"if={disk}", f"of={target}", "conv=sparse", "bs=1M", "status=none"]
    where = [f"skip={part.start}", f"count={part.length}", "iflag=skip_bytes,count_bytes"]
    subprocess.run(["dd", *words, *where], check=True)


class NothingIsLost(Random):
    """A disk without a cache."""

    def random(self) -> float:
        return 1.0


def test_the_log_gives_the_disk_that_the_unit_had_at_its_end(
    logged: Logged, tmp_path: Path
) -> None:
    for label in ("esp", "root-b"):
        part, made, real = logged.before.find(label), tmp_path / "made", tmp_path / "real"
        copy_part(logged.before.path, part, made)
        only = range(part.start, part.start + part.length)
        logged.log.cut_power(made, len(logged.log.orders), NothingIsLost(), only=only)
        copy_part(logged.unit.disk.path, part, real)
        assert hash_file(made) == hash_file(real), label


def test_at_each_moment_the_first_entry_of_the_boot_partition_is_whole(
    logged: Logged, tmp_path: Path
) -> None:
    """As systemd-boot chooses it: its kernel and initial RAM disk are those of a release."""
    part, chance = logged.before.find("esp"), Random(SEED)
    moments = logged.list_moments("esp")
    for moment in sorted(chance.sample(moments, min(len(moments), LOOKED_AT))):
        esp = tmp_path / "esp.raw"
        copy_part(logged.before.path, part, esp)
        only = range(part.start, part.start + part.length)
        logged.log.cut_power(esp, moment, chance, only=only)
        assert find_wrong(esp, logged.boot_files) == "", f"order {moment}"


def find_wrong(esp: Path, whole: frozenset[str]) -> str:
    """What is wrong with what a boot partition boots."""
    listed = subprocess.run(
        ["mdir", "-b", "-i", esp, "::loader/entries"], capture_output=True, text=True, check=False
    )
    names = [Path(one).name for one in listed.stdout.split()]
    found = {name: read(esp, f"loader/entries/{name}") for name in names}
    entries = [parse_entry(name, data) for name, data in found.items()]
    first = find_first(one for one in entries if one)
    if first is None or not first.is_bootable:
        return f"no entry can be booted: {names}"
    files = [f"{FOLDER}/{first.boot_files}/{name}" for name in ("linux", "initrd")]
    return "".join(
        f"{one} of {first.name}; " for one in files if hash_on_esp(str(esp), one) not in whole
    )


def read(esp: Path, place: str) -> bytes:
    words = ["mcopy", "-i", str(esp), f"::{place}", "-"]
    return subprocess.run(words, capture_output=True, check=False).stdout


def test_no_entry_names_a_slot_that_is_not_whole_on_the_disk(
    logged: Logged, tmp_path: Path
) -> None:
    part, esp = logged.before.find("root-b"), logged.before.find("esp")
    file = tmp_path / "esp.raw"
    only = range(esp.start, esp.start + esp.length)
    for moment in logged.list_moments("esp"):
        copy_part(logged.before.path, esp, file)
        logged.log.cut_power(file, moment, Random(SEED), only=only)
        listed = subprocess.run(
            ["mdir", "-b", "-i", file, "::loader/entries"], capture_output=True, check=False
        )
        if GOOD.encode() in listed.stdout:
            break
    slot = tmp_path / "slot.raw"
    copy_part(logged.before.path, part, slot)
    only = range(part.start, part.start + part.length)
    logged.log.cut_power(slot, moment, Random(SEED), only=only)
    os.truncate(slot, (BUILD / "image" / SLOT).stat().st_size)
    assert hash_file(slot) == logged.slot_sha256


@pytest.mark.parametrize("number", range(BOOTED))
def test_after_a_cut_it_boots_and_the_update_goes_on(logged: Logged, number: int) -> None:
    """Every second one while the boot partition is written."""
    unit, chance = logged.unit, Random(SEED + number)
    esp = logged.list_moments("esp")
    moment = chance.choice(esp) if number % 2 == 0 else chance.randrange(esp[0], esp[-1])
    unit.disk.path.unlink()
    GuestDisk.copy(logged.before.path, unit.disk.path)
    logged.log.cut_power(unit.disk.path, moment, chance)

    unit.boot()
    unit.wait_for(unit.find_boot, WAIT_S, "SSH")
    said = updating.find_running(unit)
    print(f"order {moment} of {len(logged.log.orders)}: {said}, {updating.list_entries(unit)}")
    assert said[1:] in (["rauc.slot=A"], ["rauc.slot=B"]), said
    assert unit.ask("systemctl --failed --plain --no-legend") == ""
    unit.wait_for(lambda: unit.read_status().get("battery", {}).get("fresh"), WAIT_S, "the battery")
    unit.forget_connection()
    unit.machine.cut_power()
