"""An operating system is fetched, installed, tried and kept; and what if the power fails meanwhile.

The tests stand in their order, and each goes on where the one before has ended. QEMU logs every
write to the disk: what a cut leaves at a hundred moments is made of that log, the boot partition
of each is read, and some are booted.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from provisioning.emulator.guest_disk import GuestDisk
from provisioning.image.command import SLOT
from tests.real_boot import updating
from tests.real_boot.boot_partition import copy_part, find_wrong, hash_boot_files
from tests.real_boot.built import BUILD, IMAGE
from tests.real_boot.disk_log import DiskLog
from tests.real_boot.next_systems import NextSystems, hash_file
from tests.real_boot.unit import GIB, EmulatedUnit

pytestmark = updating.needs_build

GOOD = "2099.1"
DISK_BYTES = 12 * GIB
INSTALL_S, TRIAL_S, WAIT_S = 2400.0, 1800.0, 400.0
LOOKED_AT, BOOTED, SEED = 100, 4, 17


@dataclass(frozen=True, slots=True)
class Site:
    """A unit without a camera (the emulated processor has enough to do), its release, its log.
    `before`: the disk at the begin of the log.
    """

    unit: EmulatedUnit
    systems: NextSystems
    port: int
    slot_sha256: str
    before: GuestDisk
    log: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("good")
    systems = NextSystems(BUILD, directory / "systems")
    unit = EmulatedUnit(IMAGE, directory / "m", disk_bytes=DISK_BYTES, camera=False)
    before, log = GuestDisk(directory / "before.raw"), directory / "orders.log"
    with unit.site.simulated(), updating.mirror(systems) as port:
        slot_sha256 = systems.offer(unit.site.name, GOOD, sequence=1)
        yield Site(unit, systems, port, slot_sha256, before, log)
    unit.remove()
    for path in (before.path, log):
        path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def unit(site: Site) -> EmulatedUnit:
    return site.unit


def test_a_release_is_fetched_and_waits_where_updates_are_held_meanwhile(site: Site) -> None:
    unit = site.unit
    updating.begin(unit, site.systems, site.port)
    updating.ask_mirrors(unit)
    updating.wait_for_step(unit, GOOD, "download", WAIT_S)
    unit.order("unitctl update hold --for 7d --reason test")
    updating.wait_for_step(unit, GOOD, "gate", INSTALL_S)
    unit.shut_down()
    GuestDisk.copy(unit.disk.path, site.before.path)


def test_it_is_installed_and_tried(site: Site) -> None:
    unit = site.unit
    unit.machine.hardware = replace(unit.machine.hardware, write_log=site.log)
    unit.boot()
    unit.wait_for(unit.find_boot, WAIT_S, "SSH")
    before, identity = unit.find_boot(), unit.ask("cat /etc/machine-id")
    unit.order("unitctl update hold --off")
    updating.ask_mirrors(unit)
    updating.wait_for_step(unit, GOOD, "reboot", INSTALL_S)
    unit.wait_for_boot(before)
    assert updating.find_running(unit) == [GOOD, "rauc.slot=B"]
    assert unit.ask("cat /etc/machine-id") == identity
    updating.wait_for_entry(unit, f"{GOOD}+2-1.conf")


def test_a_trial_that_nobody_decides_is_restarted_and_loses_a_try(unit: EmulatedUnit) -> None:
    before = unit.find_boot()
    unit.order("systemctl start --no-block image-trial-end")
    unit.wait_for_boot(before)
    updating.wait_for_entry(unit, f"{GOOD}+1-2.conf")


def test_what_works_on_trial_is_kept(unit: EmulatedUnit) -> None:
    assert updating.find_running(unit) == [GOOD, "rauc.slot=B"]
    updating.check_in(unit)
    updating.wait_for_step(unit, GOOD, "commit", TRIAL_S)
    updating.wait_for_entry(unit, f"{GOOD}.conf")


def test_the_end_of_a_trial_restarts_no_system_that_is_kept(unit: EmulatedUnit) -> None:
    boot = unit.find_boot()
    unit.order("systemctl start image-trial-end")
    assert unit.ask("systemctl is-system-running") != "stopping"
    assert unit.find_boot() == boot
    unit.order("sync")
    unit.forget_connection()
    unit.machine.cut_power()
    unit.machine.hardware = replace(unit.machine.hardware, write_log=None)


# --- the power fails ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Logged:
    """That update as the disk saw it. `boot_files`: hashes of kernels and initial RAM disks."""

    unit: EmulatedUnit
    before: GuestDisk
    log: DiskLog
    boot_files: frozenset[str]
    slot_sha256: str

    def list_moments(self, label: str) -> list[int]:
        """Those just before and after an order to a partition."""
        where = self.before.find(label)
        orders = enumerate(self.log.orders)
        hits = [at for at, order in orders if order.touches(where.start, where.length)]
        return sorted({*hits, *(at + 1 for at in hits)})


@pytest.fixture(scope="module")
def logged(site: Site) -> Logged:
    whole = frozenset([*hash_boot_files(site.unit.disk), *hash_boot_files(site.before)])
    return Logged(site.unit, site.before, DiskLog(site.log), whole, site.slot_sha256)


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
        subprocess.run(["fsck.vfat", "-a", esp], capture_output=True, check=False)
        assert find_wrong(esp, logged.boot_files) == "", f"order {moment}, and checked"
        mended = subprocess.run(["fsck.vfat", "-n", esp], capture_output=True, check=False)
        assert mended.returncode == 0, f"order {moment}: {mended.stdout.decode()}"


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
def test_after_a_cut_a_whole_system_boots_and_the_battery_is_on_the_page(
    logged: Logged, number: int
) -> None:
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
