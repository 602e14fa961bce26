"""How each device answers, as rows: what it measured, how many polls failed, and why."""

from dataclasses import replace
from typing import cast

from appliance.model import ChargeStage, Quality
from power.protocol.errors import NoAnswer
from power.reading.meters import Meters
from tests.power.reading.test_meters import FakeMeter, get_meter, make_device
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock


def test_each_device_has_its_own_figures_and_words_and_its_model(clock: FakeClock) -> None:
    devices = [
        make_device("charger", "roof", charger_reading(clock)),
        make_device("bms", "pack", battery_reading(clock)),
    ]
    roof, pack = Meters(devices, clock).read().devices
    assert (roof.device, pack.device) == ("charger roof", "bms pack")
    assert roof.model == cast("FakeMeter", devices[0].meter).profile.name
    assert roof.figures["pv_power_w"] == charger_reading(clock).pv_power_w
    assert roof.words["charge_stage"] in {one.value for one in ChargeStage}
    assert pack.figures["voltage_v"] == 13.35
    assert pack.measured_at == clock.stamp().utc
    assert (roof.polls, roof.failed_polls, roof.error) == (1, 0, "")


def test_a_device_that_is_silent_has_no_figures_but_says_why_and_how_often(
    clock: FakeClock,
) -> None:
    silent = make_device("charger", "roof", charger_reading(clock))
    meters = Meters([silent], clock)
    meters.read()
    get_meter(silent).answer = NoAnswer("no answer; check the cable")
    for _ in range(5):
        clock.advance(10)
        (state,) = meters.read().devices
    assert (state.figures, state.words, state.measured_at) == ({}, {}, None)
    assert state.error == "charger roof: no answer; check the cable"
    assert state.failed_polls == state.polls - 1 > 2
    assert state.waits is True
    failed_at = state.last_error_at
    get_meter(silent).answer = charger_reading(clock)
    clock.advance(100)
    (state,) = meters.read().devices
    assert (state.error, state.waits) == ("", False)
    assert state.last_error == "charger roof: no answer; check the cable"
    assert failed_at is not None
    assert state.last_error_at is not None
    assert abs((state.last_error_at - failed_at).total_seconds()) < 15
    assert state.figures["pv_power_w"] > 0


def test_a_value_that_cannot_be_is_named_and_has_no_figure(clock: FakeClock) -> None:
    bad = replace(charger_reading(clock), quality={"battery_temperature_c": Quality.IMPLAUSIBLE})
    meters = Meters([make_device("charger", "roof", bad)], clock)
    (state,) = meters.read().devices
    assert "battery_temperature_c" not in state.figures
    assert state.quality["battery_temperature_c"] is Quality.IMPLAUSIBLE
