"""The power service and batteries whose BMSs report more than a voltage: disconnects and frost."""

from dataclasses import replace

import pytest

from appliance.model import BatteryState, PowerReading
from appliance.settings import BmsSettings, Chemistry
from power.reading.meters import Poll
from tests.power.test_cycle import GATE, INFERENCE, Unit, unit
from tests.scenes.readings import battery_reading

__all__ = ["unit"]  # the fixture


def report(unit: Unit, monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    """From now on the readings have these values."""
    reading = unit.meter._reading

    def read() -> Poll:
        changed: PowerReading = replace(reading(), **fields)  # type: ignore[arg-type]
        return Poll(changed)

    monkeypatch.setattr(unit.meter, "read", read)


def test_loads_and_then_the_computer_stop_before_the_bms_disconnects(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(unit, monkeypatch, discharge_share=1.0)
    unit.pass_time(10, every_s=2)
    unit.host.new()
    report(unit, monkeypatch, discharge_share=0.0)
    unit.pass_time(4, every_s=2)
    assert unit.host.new() == [f"stop {INFERENCE}", f"stop {GATE}"]
    assert unit.pass_time(30, every_s=2).startswith(
        "OFF held by the guard: the BMS does not allow discharge"
    )
    assert unit.host.new() == ["poweroff"]


def test_a_pack_that_may_be_discharged_again_lets_the_loads_start_after_the_dwell(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(unit, monkeypatch, discharge_share=1.0)
    unit.pass_time(10)
    report(unit, monkeypatch, discharge_share=0.0, battery_current_a=5.0)
    assert unit.pass_time(60).startswith("HIBERNATE")
    report(unit, monkeypatch, discharge_share=1.0)
    assert unit.pass_time(800).startswith("HIBERNATE")
    assert unit.pass_time(200).startswith("FULL")


@pytest.mark.parametrize(("celsius", "faults"), [(10.0, 0), (-35.0, 0), (-57.0, 1)])
def test_a_lead_acid_battery_that_may_freeze_is_a_fault(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, celsius: float, faults: int
) -> None:
    """At 90 % its electrolyte freezes at -50 C."""
    battery = replace(
        unit.settings.battery, chemistry=Chemistry.FLOODED, nominal_voltage_v=12.0, cells=None
    )
    unit.settings = replace(unit.settings, battery=battery)
    unit.restart()
    report(unit, monkeypatch, battery_voltage_v=12.6, battery_temperature_c=celsius)
    for _ in range(6):
        unit.pass_time(10)
    found = [one for one in unit.store.list_open_faults() if one.code == "battery-frost"]
    assert len(found) == faults


def test_a_pack_that_does_not_answer_halves_no_capacity(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One poll without it was enough, until the next restart: each percent was counted as two."""
    unit.settings = replace(unit.settings, bms={"one": BmsSettings(), "two": BmsSettings()})
    unit.restart()
    packs = ["one", "two"]

    def read() -> Poll:
        found = [battery_reading(unit.clock, full_ah=100.0) for _ in packs]
        return Poll(unit.meter._reading(), tuple(found))

    monkeypatch.setattr(unit.meter, "read", read)
    for answering in (["one", "two"], ["one"], ["one", "two"]):
        packs[:] = answering
        unit.pass_time(30)
        state = unit.store.last(BatteryState)
        assert state is not None
        assert state.capacity_wh == pytest.approx(unit.settings.battery.capacity_wh)
