"""A release whose operating system does not boot: the firmware goes back to the one before."""

from collections.abc import Iterator

import pytest

from tests.real_boot import updating
from tests.real_boot.built import IMAGE
from tests.real_boot.next_systems import NextSystems
from tests.real_boot.unit import GIB, EmulatedUnit
from tests.real_boot.updating import (
    ask_mirrors,
    check_in_until,
    find_running,
    wait_for_step,
)

pytestmark = updating.needs_build

PANICS = "2099.2"
DISK_BYTES = 12 * GIB
INSTALL_S, FALL_BACK_S = 1800.0, 3600.0


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """A new one, without a camera: the emulated processor has enough to do."""
    directory = tmp_path_factory.mktemp("unit") / "m"
    made = EmulatedUnit(IMAGE, directory, disk_bytes=DISK_BYTES, camera=False)
    with made.site.simulated():
        yield made
    made.remove()


def test_a_system_that_panics_is_left_for_the_one_before(
    unit: EmulatedUnit, systems: NextSystems, port: int
) -> None:
    systems.offer(unit.site.name, PANICS, sequence=1, boots=False)
    updating.begin(unit, systems, port)
    release, _ = find_running(unit)
    before = unit.find_boot()
    ask_mirrors(unit)
    wait_for_step(unit, PANICS, "reboot", INSTALL_S)
    unit.wait_for_boot(before, seconds=FALL_BACK_S)

    assert find_running(unit) == [release, "rauc.slot=A"]
    check_in_until(unit, PANICS, "rollback", FALL_BACK_S)
    assert unit.look()[0] == 200
