"""A real charge controller or battery answers, agrees with itself, and is found by the probe."""

import pytest

from appliance.clock import SystemClock
from power import devices
from power.probe import Probe
from power.protocol.bus import Lines
from power.reading.meters import open_meter

POLLS = 20  # on a good line none of them is lost


def test_a_real_charger_gives_readings_that_agree(
    charger_port: str, request: pytest.FixtureRequest
) -> None:
    model = devices.find_charger(request.config.getoption("--charger-model"))
    clock, device_id = SystemClock(), request.config.getoption("--charger-id")
    meter = open_meter(Lines(clock), model, charger_port, device_id, clock)
    for _ in range(POLLS):
        reading = meter.read()
        assert reading.battery_voltage_v is not None
        assert 9 < reading.battery_voltage_v < 64
        assert reading.pv_power_w is None or reading.pv_power_w >= 0
    assert meter.health.find_fault(model.name) is None


def test_a_real_battery_gives_readings_that_agree(
    bms_port: str, request: pytest.FixtureRequest
) -> None:
    model = devices.find_battery(request.config.getoption("--bms-model"))
    clock, device_id = SystemClock(), request.config.getoption("--bms-id")
    meter = open_meter(Lines(clock), model, bms_port, device_id, clock)
    for _ in range(POLLS):
        reading = meter.read()
        assert reading.voltage_v is not None
        assert 9 < reading.voltage_v < 64
        low, high = reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v
        assert low is None or high is None or low <= high
    assert meter.health.find_fault(model.name) is None


def test_the_probe_finds_the_real_charger(
    charger_port: str, request: pytest.FixtureRequest
) -> None:
    report = Probe(SystemClock()).scan(charger_port)
    models = [match.profile.name for device in report.devices for match in device.matches]
    assert request.config.getoption("--charger-model") in models
