"""A charge controller with another serial number, through whole cycles of the power service."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model import Fault
from appliance.model_set_points import KNOWN_SERIAL_NUMBER, SERIAL_NUMBER, DeviceState
from power.battery.forgetting import forget_charger
from power.reading.meters import Poll
from tests.power.test_cycle import FakeMeter, Unit, unit

__all__ = ["unit"]  # a fixture


@pytest.fixture
def answering(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The serial number that the charge controller tells."""
    told: dict[str, str] = {}
    plain = FakeMeter.read

    def read(meter: Any) -> Poll:
        row = DeviceState(meter.clock.stamp(), "charger main", "victron-mppt", 1, 0, words=told)
        return replace(plain(meter), devices=(row,))

    monkeypatch.setattr(FakeMeter, "read", read)
    return told


def list_open(unit: Unit) -> list[Fault]:
    return [one for one in unit.store.list_open_faults() if one.code.startswith("other")]


def test_another_one_is_a_fault_over_a_restart_until_the_old_one_is_forgotten(
    unit: Unit, answering: dict[str, str]
) -> None:
    answering[SERIAL_NUMBER] = "HQ1"
    unit.pass_time(130.0)
    assert not list_open(unit)

    answering[SERIAL_NUMBER] = "HQ2"
    unit.restart()
    unit.pass_time(130.0)
    (fault,) = list_open(unit)
    assert "serial number HQ2 (before: HQ1)" in fault.text
    unit.restart()
    unit.pass_time(130.0)
    assert [row.words[KNOWN_SERIAL_NUMBER] for row in unit.store.rows(DeviceState)] == ["HQ1"]

    forget_charger(unit.settings, unit.clock, "main")
    unit.restart()
    unit.pass_time(130.0)
    assert [row.words for row in unit.store.rows(DeviceState)] == [{SERIAL_NUMBER: "HQ2"}]
    assert not list_open(unit)
