"""A real charge controller answers, and its readings agree with each other."""

import pytest

from appliance.clock import SystemClock
from power import devices
from power.bus import Lines
from power.meters import open_meter


def test_a_real_charger_gives_readings_that_agree(
    charger_port: str, request: pytest.FixtureRequest
) -> None:
    model = request.config.getoption("--charger-model")
    clock = SystemClock()
    meter = open_meter(Lines(clock), devices.charger(model), charger_port, None, clock)
    reading = meter.read()
    assert reading.battery_voltage_v is not None
    assert 9 < reading.battery_voltage_v < 64
    assert reading.pv_power_w is None or reading.pv_power_w >= 0
