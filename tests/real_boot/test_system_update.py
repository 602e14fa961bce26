"""Whole updates of the operating system: one that is kept, and one that does not boot.

The tests stand in their order, and each goes on where the one before has ended.
"""

from collections.abc import Iterator

import pytest

from tests.real_boot import updating
from tests.real_boot.conftest import BUILD, IMAGE
from tests.real_boot.next_systems import NextSystems
from tests.real_boot.unit import GIB, EmulatedUnit
from tests.real_boot.updating import (
    ask_mirrors,
    check_in,
    find_running,
    list_entries,
    wait_for_step,
)

pytestmark = updating.needs_build

GOOD, PANICS = "2099.1", "2099.2"
DISK_BYTES = 12 * GIB
INSTALL_S, TRIAL_S, FALL_BACK_S = 1800.0, 1800.0, 3600.0
WAIT_S = 400.0


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """A new one, without a camera: the emulated processor has enough to do."""
    directory = tmp_path_factory.mktemp("unit") / "m"
    made = EmulatedUnit(IMAGE, directory, disk_bytes=DISK_BYTES, camera=False)
    with made.site.simulated():
        yield made
    made.remove()


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> NextSystems:
    return NextSystems(BUILD, tmp_path_factory.mktemp("systems"))


@pytest.fixture(scope="module")
def port(systems: NextSystems) -> Iterator[int]:
    """Of the mirror, on this computer."""
    with updating.mirror(systems) as port:
        yield port


def test_a_good_system_is_fetched_installed_and_tried(
    unit: EmulatedUnit, systems: NextSystems, port: int
) -> None:
    systems.offer(unit.site.name, GOOD, sequence=1)
    updating.begin(unit, systems, port)
    before, identity = unit.find_boot(), unit.ask("cat /etc/machine-id")
    ask_mirrors(unit)
    wait_for_step(unit, GOOD, "install", INSTALL_S)
    wait_for_step(unit, GOOD, "reboot", INSTALL_S)
    unit.wait_for_boot(before)

    assert find_running(unit) == [GOOD, "rauc.slot=B"]
    assert unit.ask("cat /etc/machine-id") == identity
    assert any(f"{GOOD}+2-1.conf" in one for one in list_entries(unit)), list_entries(unit)


def test_a_trial_that_nobody_decides_is_restarted_and_loses_a_try(unit: EmulatedUnit) -> None:
    before = unit.find_boot()
    unit.order("systemctl start --no-block image-trial-end")
    unit.wait_for_boot(before)
    assert any(f"{GOOD}+1-2.conf" in one for one in list_entries(unit)), list_entries(unit)


def test_what_works_on_trial_is_kept(unit: EmulatedUnit) -> None:
    assert find_running(unit) == [GOOD, "rauc.slot=B"]
    check_in(unit)
    wait_for_step(unit, GOOD, "commit", TRIAL_S)
    updating.wait_for_entry(unit, f"{GOOD}.conf")


def test_the_end_of_a_trial_restarts_no_system_that_is_kept(unit: EmulatedUnit) -> None:
    boot = unit.find_boot()
    unit.order("systemctl start image-trial-end")
    assert unit.ask("systemctl is-system-running") != "stopping"
    assert unit.find_boot() == boot


def test_a_system_that_panics_is_left_for_the_one_before(
    unit: EmulatedUnit, systems: NextSystems
) -> None:
    systems.offer(unit.site.name, PANICS, sequence=2, boots=False)
    before = unit.find_boot()
    ask_mirrors(unit)
    wait_for_step(unit, PANICS, "reboot", INSTALL_S)
    unit.wait_for_boot(before, seconds=FALL_BACK_S)

    assert find_running(unit) == [GOOD, "rauc.slot=B"]
    check_in(unit)
    wait_for_step(unit, PANICS, "rollback", WAIT_S)
    assert unit.look()[0] == 200
