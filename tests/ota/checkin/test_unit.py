"""The unit around an update: rows become facts, and orders go to PID 1."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.model import AFTER_CUT, BatteryState, PowerReading, Wake
from appliance.model_updates import UpdateHold
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.update_holds import PAGE, find_newest_row
from ota.checkin.unit import ThisUnit, find_data_schema
from ota.disk import Disk
from ota.machine.orders import Orders, OrdersFile
from ota.manifest import LayerKind
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.update_unit import make_offer


@pytest.fixture
def unit(settings: Settings, open_store: OpenStore, tmp_path: Path) -> ThisUnit:
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/heard\n')
    program.chmod(0o755)
    (tmp_path / "ota").mkdir()
    orders = OrdersFile(Disk(), tmp_path / "ota")
    store = open_store("checkin")
    system, networks = tmp_path / "os-sequence", tmp_path / "net"
    return ThisUnit(
        settings, store, Host(str(program)), orders, os_sequence=system, networks=networks
    )


def test_what_is_not_known_is_none(unit: ThisUnit) -> None:
    facts = unit.read_facts()
    known = (facts.soc_pct, facts.energy_wh, facts.reserve_wh, facts.charging_pct_per_h)
    assert known == (None, None, None, None)


def test_rows_become_facts_and_old_ones_nothing(
    unit: ThisUnit, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    unit.orders.write(Orders(hold="by anna"))
    facts = unit.read_facts()
    assert (facts.soc_pct, facts.energy_wh, facts.hold) == (72.0, 1800.0, "by anna")
    assert facts.temperature_c == 48.5
    clock.advance(3600)
    assert unit.read_facts().soc_pct is None


def test_a_hold_of_the_network_holds_until_its_end_and_ends_no_technician_s(
    unit: ThisUnit, open_store: OpenStore, clock: FakeClock
) -> None:
    now = clock.stamp()
    hours = timedelta(hours=2)
    order = UpdateHold(
        now, holds=True, until=now.utc + hours, who="anna", via="the topic", reason="guests"
    )
    open_store("mqtt").add(order)
    assert unit.read_facts().hold == "by anna over MQTT: guests"
    unit.orders.write(Orders(hold="by the technician"))
    open_store("mqtt").add(replace(order, holds=False))
    assert unit.read_facts().hold == "by the technician"
    unit.orders.write(Orders())
    assert unit.read_facts().hold == ""
    open_store("mqtt").add(order)
    clock.advance(hours.total_seconds() + 1)
    assert unit.read_facts().hold == ""


def test_a_technician_at_the_page_ends_also_the_hold_of_a_command_that_was_given_before(
    unit: ThisUnit, open_store: OpenStore, clock: FakeClock
) -> None:
    end = UpdateHold(clock.stamp(), holds=False, until=None, who="ada", via=PAGE, reason="")
    open_store("mqtt").add(end)
    unit.orders.write(Orders(hold="by anna", hold_row=find_newest_row(unit.store)))
    assert unit.read_facts().hold == "by anna"
    open_store("mqtt").add(replace(end, via="the topic"))
    assert unit.read_facts().hold == "by anna"
    open_store("mqtt").add(end)
    assert unit.read_facts().hold == ""
    unit.orders.write(Orders(hold="by anna", hold_row=None))
    assert unit.read_facts().hold == "by anna"


def test_charging_is_told_in_percent_of_the_capacity_an_hour(
    unit: ThisUnit, open_store: OpenStore, clock: FakeClock
) -> None:
    now, power = clock.stamp(), open_store("power")
    power.add(
        BatteryState(now, 50.0, 2.0, 1280.0, 2560.0, None, charge_blocked=False, method="counted"),
        replace(filled.reading(now), battery_voltage_v=12.8, battery_current_a=10.0),
    )
    assert unit.read_facts().charging_pct_per_h == pytest.approx(5.0)


def test_a_release_that_reads_only_older_databases_is_refused(unit: ThisUnit) -> None:
    manifest = replace(make_offer("2", sequence=2).manifest, data_schema=find_data_schema() - 1)
    assert "reads databases up to step" in unit.find_refusal(manifest)
    assert unit.find_refusal(replace(manifest, data_schema=find_data_schema())) == ""


@pytest.mark.parametrize("kind", [LayerKind.MODEL, LayerKind.SETTINGS, LayerKind.OS])
def test_a_release_without_a_program_reads_no_database_and_is_not_refused_for_one(
    unit: ThisUnit, kind: LayerKind
) -> None:
    manifest = make_offer("2", sequence=2, kinds=(kind,)).manifest
    assert unit.find_refusal(replace(manifest, data_schema=0)) == ""
    app = make_offer("2", sequence=2, kinds=(kind, LayerKind.APP)).manifest
    assert "reads databases" in unit.find_refusal(replace(app, data_schema=0))


def test_a_newer_system_is_asked_for_only_where_the_release_does_not_bring_it(
    unit: ThisUnit,
) -> None:
    app = replace(make_offer("2", sequence=2).manifest, min_os=7)
    both = make_offer("2", sequence=2, kinds=(LayerKind.OS, LayerKind.APP)).manifest
    assert "at least number 7, this unit has 0" in unit.find_refusal(app)
    assert unit.find_refusal(replace(both, min_os=7)) == ""
    unit.os_sequence.write_text("7\n")
    assert unit.find_refusal(app) == ""
    unit.os_sequence.write_text("seven")
    assert unit.find_refusal(app)


def test_only_a_cut_that_began_this_boot_counts_as_one(
    unit: ThisUnit, open_store: OpenStore, clock: FakeClock
) -> None:
    assert not unit.lost_power()
    open_store("power").add(Wake(clock.stamp(), None, AFTER_CUT, 0, 50.0, stays=True, reason="x"))
    assert unit.lost_power()
    clock.reboot()
    assert not unit.lost_power()


@pytest.mark.parametrize(
    ("carriers", "found"),
    [({}, False), ({"lo": "1"}, False), ({"lan0": "1"}, True), ({"eth0": "0", "lo": "1"}, False)],
)
def test_a_link_is_one_of_a_network_and_not_of_the_computer_to_itself(
    unit: ThisUnit, carriers: dict[str, str], found: bool
) -> None:
    for name, carrier in carriers.items():
        (unit.networks / name).mkdir(parents=True)
        (unit.networks / name / "carrier").write_text(f"{carrier}\n")
    assert unit.has_carrier() is found


def test_what_runs_is_restarted_and_the_guard_last(unit: ThisUnit, tmp_path: Path) -> None:
    unit.restart_services()
    tried, restarted = (tmp_path / "heard").read_text().splitlines()
    assert "try-restart" in tried
    assert "appliance-camera@demo" in tried
    assert restarted.endswith("restart appliance-sensors.service appliance-power.service")


def test_a_refusal_of_pid_1_is_an_error(unit: ThisUnit, tmp_path: Path) -> None:
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    with pytest.raises(HostError, match="refused the order"):
        unit.reboot()


def test_a_reading_without_current_tells_no_charging(
    unit: ThisUnit, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    reading: PowerReading = replace(filled.reading(clock.stamp()), battery_current_a=None)
    open_store("power").add(reading)
    assert unit.read_facts().charging_pct_per_h is None
