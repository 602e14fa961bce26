"""A push to a unit: the service, the broker, the check-in and its update are real processes."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.model import EnergyLevel
from ota.fleet.database.opening import open_database
from tests.stand_ins.fleet_broker import FleetBroker
from tests.stand_ins.mosquitto import needs_broker
from tests.stand_ins.pushed_unit import PushedUnit
from tests.waiting import wait_until

pytestmark = [needs_broker, pytest.mark.processes]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[FleetBroker]:
    engine = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    with FleetBroker(tmp_path, engine) as running:
        yield running
    engine.dispose()


@pytest.fixture
def unit(broker: FleetBroker) -> PushedUnit:
    made = PushedUnit(broker.directory, broker, "field-7", "hills")
    made.check_in()
    made.assign()
    return made


def is_obeyed(unit: PushedUnit) -> bool:
    return unit.hints.read_obeyed() > 0 and unit.hints.find_waiting() is None


def test_a_push_to_a_unit_with_its_link_up_starts_the_update(
    unit: PushedUnit, broker: FleetBroker
) -> None:
    with unit.running():
        unit.wait_for_link()
        began_s = time.monotonic()
        broker.push(unit.topic)
        unit.wait_for_start(1)
        started_s = time.monotonic() - began_s
        wait_until(unit.has_offer, "the update")
        print(f"check-in started {started_s:.2f} s, update {time.monotonic() - began_s:.2f} s")
        wait_until(lambda: is_obeyed(unit), "the end of the check-in")
    assert len(unit.list_orders()) == 1


def test_a_push_to_a_unit_with_its_link_down_starts_it_at_the_next_contact(
    unit: PushedUnit, broker: FleetBroker
) -> None:
    broker.push(unit.group_topic)
    with unit.running():
        unit.wait_for_start(1)
        wait_until(unit.has_offer, "the update")


@pytest.mark.parametrize("moment", ["before it is heard", "after it is heard"])
def test_a_push_service_that_is_killed_loses_no_hint(
    unit: PushedUnit, broker: FleetBroker, moment: str
) -> None:
    unit.set_level(EnergyLevel.HIBERNATE)
    unit.start()
    unit.wait_for_link()
    if moment == "after it is heard":
        broker.push(unit.topic)
        wait_until(lambda: unit.hints.find_waiting() is not None, "the hint on the disk")
        unit.end(signal.SIGKILL)
    else:
        unit.end(signal.SIGKILL)
        broker.push(unit.topic)
    assert not unit.list_orders()
    unit.set_level(EnergyLevel.ECO)
    with unit.running():
        unit.wait_for_start(1)
        wait_until(lambda: is_obeyed(unit), "the end of the check-in")


def test_a_unit_that_is_in_no_fleet_leaves_without_an_error(unit: PushedUnit) -> None:
    (unit.update_directory / "unit-certificate.pem").unlink()
    unit.start()
    assert unit.process is not None
    assert unit.process.wait(60) == 0
    assert "unitctl fleet claim" in unit.read_said()
