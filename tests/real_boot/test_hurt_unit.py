"""A unit that boots with something wrong: it says what, and its battery is guarded all the same.

Each test begins with the machine switched off, and leaves it so.
"""

import json
from collections.abc import Iterable, Iterator

import pytest

from tests.real_boot.unit import EmulatedUnit

SETTINGS = "/etc/appliance/unit.toml"
DATABASE = "/var/lib/appliance/unit.db"
WAIT_S = 400.0
NOTHING_KB = 1000  # the journal may have deleted a file meanwhile
BLOCK_BYTES = 4096
BLOCKS_PER_GROUP = 32_768
LONG_AGO = "2001-01-01T00:00:00"
EARLIEST_YEAR = 2024


@pytest.fixture
def off(unit: EmulatedUnit) -> Iterator[EmulatedUnit]:
    """The unit with settings, switched off before and after."""
    if unit.is_new:
        unit.disk.put(unit.site.settings, "provision/unit.toml")
        unit.boot()
        wait_for_battery(unit)
    if unit.machine.running:
        unit.shut_down()
    yield unit
    unit.forget_connection()
    unit.machine.cut_power()


def wait_for_battery(unit: EmulatedUnit) -> None:
    """Until the page shows a charge of now."""

    def is_fresh() -> bool:
        return bool(unit.read_status().get("battery", {}).get("fresh"))

    unit.wait_for(is_fresh, WAIT_S, "the battery on the page")


def wait_for_fault(unit: EmulatedUnit, words: str) -> None:
    unit.wait_for(lambda: words in unit.list_faults(), WAIT_S, f"a fault: {words}")


def overwrite(unit: EmulatedUnit, blocks: Iterable[int]) -> None:
    """With zeros, those blocks of the data partition that there are."""
    data = unit.disk.find("data")
    with unit.disk.path.open("r+b") as file:
        for block in blocks:
            if block * BLOCK_BYTES < data.length:
                file.seek(data.start + block * BLOCK_BYTES)
                file.write(bytes(BLOCK_BYTES))


def test_a_full_data_partition_and_no_network_at_boot(off: EmulatedUnit) -> None:
    """Without a network charger and battery do not answer, either: here they are behind it."""
    off.boot()
    off.order("fallocate -l $(df -B1 --output=avail /var | tail -1) /var/full || true")
    off.order("dd if=/dev/zero of=/var/fuller bs=4k 2>/dev/null || true; sync")
    assert int(off.ask("df --output=avail /var | tail -1")) < NOTHING_KB
    off.forget_connection()
    off.machine.cut_power()

    off.boot(cable=False)
    off.machine.plug_cable(into=True)
    off.wait_for(off.find_boot, WAIT_S, "SSH")
    assert off.ask("systemctl --failed --plain --no-legend") == ""
    wait_for_battery(off)
    wait_for_fault(off, "% full")
    off.order("rm /var/full /var/fuller; sync")


def test_wrong_settings_and_a_wrong_clock_at_boot(off: EmulatedUnit) -> None:
    """The guard and the page go on with the last settings that could be used."""
    off.boot()
    wait_for_battery(off)
    off.order(f"sed -i s/capacity_wh/capacity/ {SETTINGS}; sync")
    off.shut_down()

    off.boot(clock=LONG_AGO)
    wait_for_battery(off)
    assert "battery.capacity is not a known key" in off.list_faults()
    assert int(off.ask("date +%Y")) >= EARLIEST_YEAR
    assert "sensors" in off.ask("systemctl --failed --plain --no-legend")
    off.order(f"sed -i s/capacity/capacity_wh/ {SETTINGS}")
    off.wait_for(
        lambda: off.ask("systemctl is-active appliance-sensors") == "active", WAIT_S, "sensors"
    )
    off.wait_for(lambda: "capacity" not in off.list_faults(), WAIT_S, "the end of the fault")
    off.shut_down()


def test_a_damaged_database_and_a_damaged_file_system_at_boot(off: EmulatedUnit) -> None:
    """The file system has copies of what was overwritten; the database is begun anew."""
    off.boot()
    wait_for_battery(off)
    identity = off.ask("cat /etc/machine-id")
    off.order("systemctl stop appliance.target appliance-power")
    off.order(f"dd if=/dev/urandom of={DATABASE} bs=4k count=4 conv=notrunc 2>/dev/null; sync")
    off.forget_connection()
    off.machine.cut_power()
    overwrite(off, blocks=(0,))

    off.boot()
    wait_for_battery(off)
    assert off.ask("cat /etc/machine-id") == identity
    assert off.ask("systemctl --failed --plain --no-legend") == ""
    assert "EXT4-fs error" not in off.order("journalctl --boot -k -o cat")
    doctor = off.ask("unitctl doctor")
    assert "database     undamaged" in doctor, doctor
    assert "a damaged one was set aside: unit.db.damaged-" in doctor, doctor


def test_a_lost_data_partition_is_a_fault_and_the_battery_is_guarded(off: EmulatedUnit) -> None:
    off.boot()
    off.wait_for(lambda: "unit.toml" in off.ask("sudo ls /efi/kept"), WAIT_S, "the copy on the ESP")
    off.shut_down()
    groups = (0, *(b**n for b in (3, 5, 7) for n in range(8)))
    overwrite(off, blocks=(group * BLOCKS_PER_GROUP for group in groups))

    off.boot()
    wait_for_battery(off)
    wait_for_fault(off, "the data partition cannot be mounted")
    off.forget_host_key()  # the unit's own one is on the partition that is lost
    off.wait_for(off.find_boot, WAIT_S, "SSH with the kept key")
    assert off.ask("systemctl --failed --plain --no-legend") == ""
    assert off.ask("findmnt -no FSTYPE /var") == "tmpfs"
    assert json.loads(off.ask("unitctl status --json"))["battery"]["fresh"]
    assert "unit.toml" in off.order("ls /efi/kept")
