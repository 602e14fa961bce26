"""Checks over time: jumps, frozen values, a charge that does not follow its current."""

import pytest

from appliance.model import BatteryReading, PowerReading, Quality
from power.plausible import Watch
from tests.fakes import FakeClock
from tests.readings import battery_reading, charger_reading


@pytest.fixture
def watch() -> Watch:
    return Watch()


def charger(watch: Watch, clock: FakeClock, **changed: object) -> PowerReading:
    clock.advance(10)
    found = watch.charger("main", charger_reading(clock, **changed))
    assert found is not None
    return found


def battery(watch: Watch, clock: FakeClock, **changed: object) -> BatteryReading:
    clock.advance(10)
    found = watch.battery("pack", battery_reading(clock, **changed))
    assert found is not None
    return found


def test_what_moves_as_it_should_is_passed_on(watch: Watch, clock: FakeClock) -> None:
    for minute in range(60):
        found = charger(watch, clock, pv_power_w=300.0 + minute, battery_temperature_c=18.0)
        assert found.quality == {}


def test_a_temperature_that_jumps_is_believed_when_it_was_said_three_times(
    watch: Watch, clock: FakeClock
) -> None:
    charger(watch, clock, battery_temperature_c=18.0)
    for _ in range(2):
        found = charger(watch, clock, battery_temperature_c=-20.0)
        assert found.battery_temperature_c is None
        assert found.quality["battery_temperature_c"] is Quality.IMPLAUSIBLE
    assert charger(watch, clock, battery_temperature_c=-20.0).battery_temperature_c == -20


def test_a_single_wild_temperature_changes_nothing(watch: Watch, clock: FakeClock) -> None:
    charger(watch, clock, battery_temperature_c=18.0)
    assert charger(watch, clock, battery_temperature_c=85.0).battery_temperature_c is None
    assert charger(watch, clock, battery_temperature_c=18.1).battery_temperature_c == 18.1


def test_a_temperature_may_have_changed_over_a_long_silence(watch: Watch, clock: FakeClock) -> None:
    charger(watch, clock, battery_temperature_c=18.0)
    clock.advance(3600)
    assert charger(watch, clock, battery_temperature_c=-2.0).battery_temperature_c == -2


def test_values_that_stand_still_in_the_sun_are_not_believed(
    watch: Watch, clock: FakeClock
) -> None:
    quality = [charger(watch, clock).quality for _ in range(200)]
    assert quality[170] == {}
    assert quality[-1]["pv_power_w"] is Quality.IMPLAUSIBLE
    assert quality[-1]["battery_voltage_v"] is Quality.IMPLAUSIBLE
    assert charger(watch, clock, pv_power_w=301.0).quality == {}  # it moves again


def test_values_may_stand_still_at_night(watch: Watch, clock: FakeClock) -> None:
    for _ in range(300):
        found = charger(watch, clock, pv_power_w=0.0, battery_current_a=-1.0)
        assert found.quality == {}


def test_a_frozen_device_is_found_sooner_beside_one_that_moves(
    watch: Watch, clock: FakeClock
) -> None:
    for step in range(70):
        found = charger(watch, clock)
        battery(watch, clock, current_a=5.0 + step % 10)
    assert found.quality["battery_current_a"] is Quality.IMPLAUSIBLE


def test_a_frozen_bms_is_not_believed(watch: Watch, clock: FakeClock) -> None:
    for _ in range(200):
        found = battery(watch, clock, state_of_charge_pct=None)
    assert found.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE


def test_a_bms_at_rest_may_say_the_same_all_night(watch: Watch, clock: FakeClock) -> None:
    for _ in range(300):
        found = battery(watch, clock, current_a=0.0)
    assert found.quality == {}


def test_a_charge_that_falls_without_current_is_not_believed(
    watch: Watch, clock: FakeClock
) -> None:
    for step in range(12):  # 99 to 11 % in half an hour with 1 Ah drawn has been seen
        found = battery(
            watch, clock, current_a=-2.0 - step % 2, state_of_charge_pct=98.0 - 8 * step
        )
    assert found.state_of_charge_pct is None
    assert found.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE


def test_a_charge_that_follows_its_current_is_believed(watch: Watch, clock: FakeClock) -> None:
    charge_pct = 60.0
    for step in range(400):
        amps = 100.0 + step % 2
        charge_pct = min(100.0, charge_pct + amps * 10 / 3600 / 200 * 100)
        found = battery(watch, clock, current_a=amps, state_of_charge_pct=charge_pct)
        assert found.quality == {}


def test_a_full_bms_may_set_its_count_right(watch: Watch, clock: FakeClock) -> None:
    battery(watch, clock, state_of_charge_pct=80.0)
    assert battery(watch, clock, state_of_charge_pct=100.0).state_of_charge_pct == 100


def test_a_charge_is_not_judged_over_a_silence(watch: Watch, clock: FakeClock) -> None:
    battery(watch, clock, state_of_charge_pct=80.0)
    clock.advance(3000)
    assert battery(watch, clock, state_of_charge_pct=60.0).state_of_charge_pct == 60


def test_two_voltages_of_one_battery_that_cannot_both_be_right_are_a_fault(
    watch: Watch, clock: FakeClock
) -> None:
    one, other = charger_reading(clock, battery_voltage_v=26.8), battery_reading(clock)
    (fault,) = watch.disagreements([one, None], [other])
    assert "pack says 13.35 V and charger says 26.80 V" in str(fault)
    assert watch.disagreements([charger_reading(clock)], [other]) == []
    assert watch.disagreements([one], [None]) == []
