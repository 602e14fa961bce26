"""Whole updates of the operating system: one that is kept, and one that does not boot.

The tests stand in their order, and each goes on where the one before has ended.
"""

import os
from collections.abc import Iterator

import pytest

from provisioning.command import claim_port
from provisioning.emulator.machine import HOST
from provisioning.update_demo import mirror_server
from tests.real_boot.conftest import BUILD, IMAGE
from tests.real_boot.next_systems import NextSystems
from tests.real_boot.unit import EmulatedUnit

GOOD, PANICS = "2099.1", "2099.2"
SETTINGS = "/etc/appliance/unit.toml"
TRUST = "/var/lib/ota/trust"
SYNCHRONIZED = "/run/systemd/timesync/synchronized"  # as systemd-timesyncd does it
MIRROR = '\n[update]\nmirrors = ["http://{host}:{port}/"]\n'
INSTALL_S, TRIAL_S, FALL_BACK_S = 1800.0, 1800.0, 3600.0
WAIT_S = 400.0
CHECK_IN = "appliance-checkin"
ON_TRIAL = "/usr/lib/systemd/systemd-bless-boot status"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not (BUILD / "tools").is_dir(),
    reason="needs root's rights, and what `make image` left beside the image",
)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedUnit]:
    """A new one, without a camera: the emulated processor has enough to do."""
    made = EmulatedUnit(IMAGE, tmp_path_factory.mktemp("unit") / "m", camera=False)
    with made.site.simulated():
        yield made
    made.remove()


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> NextSystems:
    return NextSystems(BUILD, tmp_path_factory.mktemp("systems"))


@pytest.fixture(scope="module")
def port(systems: NextSystems) -> Iterator[int]:
    """Of the mirror, on this computer."""
    port = claim_port(0)
    server = mirror_server.serve(systems.tree, port)
    yield port
    server.close()


def list_steps(unit: EmulatedUnit, release: str) -> str:
    return unit.ask(f"sudo grep -F {release} /var/lib/ota/journal.jsonl | grep -o '\"step\": .*'")


def check_in(unit: EmulatedUnit) -> None:
    """As a technician asks for it, with a clock that a time server has confirmed."""
    unit.order(f"install -D /dev/null {SYNCHRONIZED}; systemctl start --no-block {CHECK_IN}")


def find_running(unit: EmulatedUnit) -> str:
    return unit.ask(". /etc/os-release; echo $IMAGE_VERSION; grep -o rauc.slot=. /proc/cmdline")


def list_entries(unit: EmulatedUnit) -> list[str]:
    return unit.order("ls /efi/loader/entries").split()


def test_a_good_system_is_fetched_installed_tried_and_kept(
    unit: EmulatedUnit, systems: NextSystems, port: int
) -> None:
    systems.offer(unit.site.name, GOOD, sequence=1)
    settings = unit.site.settings + MIRROR.format(host=HOST, port=port)
    unit.disk.put(settings, "provision/unit.toml")
    unit.boot()
    unit.wait_for(unit.find_boot, WAIT_S, "SSH")
    for root in systems.roots_of_trust:
        unit.order(f"cat >{TRUST}/{root.name}", text=root.read_text())
    before, identity = unit.find_boot(), unit.ask("cat /etc/machine-id")
    unit.order(f"install -D /dev/null {SYNCHRONIZED}")
    unit.order("systemd-run -q unitctl update check")
    unit.wait_for(lambda: '"install"' in list_steps(unit, GOOD), INSTALL_S, "the installation")
    unit.wait_for(lambda: '"reboot"' in list_steps(unit, GOOD), INSTALL_S, "the restart")
    unit.wait_for_boot(before)

    assert find_running(unit).split() == [GOOD, "rauc.slot=B"]
    assert unit.ask("cat /etc/machine-id") == identity
    assert unit.order(ON_TRIAL) == "indeterminate"
    assert any(f"{GOOD}+2-1.conf" in one for one in list_entries(unit)), list_entries(unit)
    check_in(unit)
    unit.wait_for(lambda: '"commit"' in list_steps(unit, GOOD), TRIAL_S, "the commit")
    unit.wait_for(lambda: any(f"{GOOD}.conf" in one for one in list_entries(unit)), WAIT_S, "it")


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
    unit.order(f"install -D /dev/null {SYNCHRONIZED}")
    unit.order("systemd-run -q unitctl update check")
    unit.wait_for(lambda: '"reboot"' in list_steps(unit, PANICS), INSTALL_S, "the restart")
    unit.wait_for_boot(before, seconds=FALL_BACK_S)

    assert find_running(unit).split() == [GOOD, "rauc.slot=B"]
    check_in(unit)
    unit.wait_for(lambda: '"rollback"' in list_steps(unit, PANICS), WAIT_S, "the rollback")
    assert unit.look()[0] == 200
