"""The guard goes on beside failures of the program itself in what it does not need."""

from collections.abc import Callable

import pytest

from power.battery import estimator
from power.cycle import PowerCycle
from power.reading.meters import Meters
from tests.power.reading.test_meters import make_device
from tests.power.test_cycle import GATE, INFERENCE, Unit, unit
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock

__all__ = ["unit"]


def test_the_guard_gets_its_voltage_though_the_checks_fail(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    meters = Meters([make_device("bms", "pack", battery_reading(clock))], clock)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(meters.checks.signs, "observe", fail)
    poll = meters.read()
    assert poll.reading is not None
    assert poll.reading.battery_voltage_v == 13.35
    assert [one.code for one in poll.faults] == ["checks"]
    assert "ZeroDivisionError in test_own_failures.py" in str(poll.faults[0])


def test_two_readings_of_one_moment_are_compared_once(clock: FakeClock) -> None:
    charger = charger_reading(clock, battery_current_a=3.0)
    devices = [
        make_device("charger", "roof", charger),
        make_device("bms", "pack", battery_reading(clock)),
    ]
    meters = Meters(devices, clock)
    for _ in range(3):
        assert [one.code for one in meters.read().faults] == []


@pytest.mark.parametrize(
    ("part", "name", "code"),
    [
        (lambda _: estimator, "update", "estimator"),
        (lambda cycle: cycle._planner, "propose", "planner"),
        (lambda cycle: cycle._sources, "follow", "sources"),
        (lambda cycle: cycle._heaters, "follow", "heaters"),
        (lambda cycle: cycle._cameras, "follow", "camera-switches"),
    ],
    ids=["estimator", "planner", "sources", "heaters", "camera switches"],
)
def test_the_guard_stops_the_loads_whatever_else_fails(
    unit: Unit,
    monkeypatch: pytest.MonkeyPatch,
    part: Callable[[PowerCycle], object],
    name: str,
    code: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    unit.pass_time(10)
    unit.host.new()
    monkeypatch.setattr(part(unit.cycle), name, fail)
    unit.meter.volts = 11.5
    unit.pass_time(120)
    assert {f"stop {GATE}", f"stop {INFERENCE}"} <= set(unit.host.new())
    faults = {one.code: one.text for one in unit.store.list_open_faults()}
    assert "ZeroDivisionError in test_own_failures.py" in faults[code]
    monkeypatch.undo()
    unit.pass_time(20)
    assert code not in {one.code for one in unit.store.list_open_faults()}
