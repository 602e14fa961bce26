"""Checks over time: jumps, frozen values, a charge that does not follow its current."""

from dataclasses import replace

import pytest

from appliance.model import BatteryReading, PowerReading, Quality
from power.reading.plausibility import PlausibilityFilter
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def watch() -> PlausibilityFilter:
    return PlausibilityFilter()


def make_charger(watch: PlausibilityFilter, clock: FakeClock, **changed: object) -> PowerReading:
    clock.advance(10)
    found = watch.filter_charger("main", charger_reading(clock, **changed))
    assert found is not None
    return found


def make_battery(watch: PlausibilityFilter, clock: FakeClock, **changed: object) -> BatteryReading:
    clock.advance(10)
    found = watch.filter_battery("pack", battery_reading(clock, **changed))
    assert found is not None
    return found


def test_what_moves_as_it_should_is_passed_on(watch: PlausibilityFilter, clock: FakeClock) -> None:
    for minute in range(60):
        found = make_charger(watch, clock, pv_power_w=300.0 + minute, battery_temperature_c=18.0)
        assert found.quality == {}


def test_a_temperature_that_jumps_is_accepted_when_it_was_reported_three_times(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_charger(watch, clock, battery_temperature_c=18.0)
    for _ in range(2):
        found = make_charger(watch, clock, battery_temperature_c=-20.0)
        assert found.battery_temperature_c is None
        assert found.quality["battery_temperature_c"] is Quality.IMPLAUSIBLE
    assert make_charger(watch, clock, battery_temperature_c=-20.0).battery_temperature_c == -20


def test_a_single_wild_temperature_changes_nothing(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_charger(watch, clock, battery_temperature_c=18.0)
    assert make_charger(watch, clock, battery_temperature_c=85.0).battery_temperature_c is None
    assert make_charger(watch, clock, battery_temperature_c=18.1).battery_temperature_c == 18.1


def test_one_wild_temperature_that_is_kept_for_a_minute_is_not_three_readings(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_battery(watch, clock, lowest_temperature_c=18.0)
    clock.advance(10)
    measured = battery_reading(clock, lowest_temperature_c=-25.0)
    for age_s in (0.0, 10.0, 20.0, 30.0, 40.0, 50.0):
        reported = replace(measured, stamp=clock.stamp(), ages_s={"lowest_temperature_c": age_s})
        found = watch.filter_battery("pack", reported)
        assert found is not None
        assert found.lowest_temperature_c is None
        clock.advance(10)


def test_a_temperature_may_have_changed_over_a_long_silence(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_charger(watch, clock, battery_temperature_c=18.0)
    clock.advance(3600)
    assert make_charger(watch, clock, battery_temperature_c=-2.0).battery_temperature_c == -2


def test_values_that_are_frozen_in_the_sun_are_rejected(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    quality = [make_charger(watch, clock).quality for _ in range(200)]
    assert quality[170] == {}
    assert quality[-1]["pv_power_w"] is Quality.IMPLAUSIBLE
    assert quality[-1]["battery_voltage_v"] is Quality.IMPLAUSIBLE
    assert make_charger(watch, clock, pv_power_w=301.0).quality == {}  # it moves again


def test_values_may_stand_still_at_night(watch: PlausibilityFilter, clock: FakeClock) -> None:
    for _ in range(300):
        found = make_charger(watch, clock, pv_power_w=0.0, battery_current_a=-1.0)
        assert found.quality == {}


def test_a_frozen_device_is_found_sooner_beside_one_that_moves(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for step in range(70):
        found = make_charger(watch, clock)
        make_battery(watch, clock, current_a=5.0 + step % 10)
    assert found.quality["battery_current_a"] is Quality.IMPLAUSIBLE


def test_a_frozen_bms_is_rejected(watch: PlausibilityFilter, clock: FakeClock) -> None:
    for _ in range(200):
        found = make_battery(watch, clock, state_of_charge_pct=None)
    assert found.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE


def test_a_bms_at_rest_may_report_the_same_all_night(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for _ in range(300):
        found = make_battery(watch, clock, current_a=0.0)
    assert found.quality == {}


def test_a_steady_load_is_not_frozen_while_its_charge_is_counted(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    """A Renogy LFP tells its voltage in steps of 0.1 V: a night at 2.3 A looks the same."""
    for step in range(400):
        still = {"voltage_v": 13.2, "current_a": -2.3, "lowest_cell_voltage_v": None}
        found = make_battery(watch, clock, **still, remaining_ah=120.0 - 0.006 * step)
        assert found.voltage_v == 13.2


def test_a_frozen_bms_that_goes_on_counting_is_found_beside_one_that_moves(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for step in range(70):
        make_charger(watch, clock, battery_current_a=5.0 + step % 10)
        found = make_battery(watch, clock, remaining_ah=120.0 + step)
    assert found.quality["voltage_v"] is Quality.IMPLAUSIBLE


def test_a_charge_that_falls_without_current_is_rejected(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for step in range(12):  # 99 to 11 % in half an hour with 1 Ah drawn has been seen
        found = make_battery(
            watch, clock, current_a=-2.0 - step % 2, state_of_charge_pct=98.0 - 8 * step
        )
    assert found.state_of_charge_pct is None
    assert found.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE


def test_a_charge_that_follows_its_current_is_accepted(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    charge_pct = 60.0
    for step in range(400):
        amps = 100.0 + step % 2
        charge_pct = min(100.0, charge_pct + amps * 10 / 3600 / 200 * 100)
        found = make_battery(watch, clock, current_a=amps, state_of_charge_pct=charge_pct)
        assert found.quality == {}


def test_a_full_bms_may_set_its_count_right(watch: PlausibilityFilter, clock: FakeClock) -> None:
    make_battery(watch, clock, state_of_charge_pct=80.0)
    assert make_battery(watch, clock, state_of_charge_pct=100.0).state_of_charge_pct == 100


def test_a_bms_that_set_its_count_right_is_accepted_afterwards(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_battery(watch, clock, state_of_charge_pct=80.0)
    make_battery(watch, clock, state_of_charge_pct=100.0)
    assert make_battery(watch, clock, state_of_charge_pct=98.0).state_of_charge_pct == 98
    assert make_battery(watch, clock, state_of_charge_pct=60.0).state_of_charge_pct is None


def test_an_empty_bms_may_set_its_count_right(watch: PlausibilityFilter, clock: FakeClock) -> None:
    make_battery(watch, clock, state_of_charge_pct=25.0)
    assert make_battery(watch, clock, state_of_charge_pct=0.0).state_of_charge_pct == 0


def test_a_charge_is_not_judged_over_a_silence(watch: PlausibilityFilter, clock: FakeClock) -> None:
    make_battery(watch, clock, state_of_charge_pct=80.0)
    clock.advance(3000)
    assert make_battery(watch, clock, state_of_charge_pct=60.0).state_of_charge_pct == 60


def test_a_charge_that_does_not_follow_its_current_is_a_fault_in_words(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_battery(watch, clock, state_of_charge_pct=80.0, current_a=0.0)
    for _ in range(400):
        found = make_battery(watch, clock, state_of_charge_pct=50.0, current_a=0.0)
        texts = {str(fault) for fault in watch.charge_faults.values()}
        assert bool(texts) is (found.state_of_charge_pct is None)
        assert all("went from 80 to 50 %, while its current moved +0 %" in one for one in texts)
    assert watch.charge_faults == {}


def test_wild_temperatures_that_do_not_agree_confirm_nothing(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_charger(watch, clock, battery_temperature_c=18.0)
    for wild in (-40.0, 85.0, 40.0, -20.0, 60.0):
        assert make_charger(watch, clock, battery_temperature_c=wild).battery_temperature_c is None


def test_a_value_that_was_accepted_in_between_ends_the_count_of_wild_ones(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_charger(watch, clock, battery_temperature_c=18.0)
    for _ in range(4):
        assert make_charger(watch, clock, battery_temperature_c=85.0).battery_temperature_c is None
        assert make_charger(watch, clock, battery_temperature_c=18.0).battery_temperature_c == 18


def test_the_probe_of_a_bms_is_watched_as_well(watch: PlausibilityFilter, clock: FakeClock) -> None:
    make_battery(watch, clock)
    found = make_battery(watch, clock, lowest_temperature_c=-40.0)
    assert found.lowest_temperature_c is None
    assert found.quality["lowest_temperature_c"] is Quality.IMPLAUSIBLE


def test_a_frozen_controller_does_not_give_its_load_either(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for _ in range(200):
        found = make_charger(watch, clock)
    assert found.load_power_w is None
    assert found.quality["load_power_w"] is Quality.IMPLAUSIBLE


def test_a_little_light_and_a_trickle_may_stand_still(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for _ in range(300):
        assert make_charger(watch, clock, pv_power_w=4.0).quality == {}
        assert make_battery(watch, clock, current_a=-0.8).quality == {}


def test_a_device_is_not_called_frozen_for_what_moved_before_it_stood_still(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for step in range(20):  # the battery's current changes, and the controller says so
        make_charger(watch, clock, pv_power_w=300.0 + step, battery_current_a=20.0 + step)
        make_battery(watch, clock, current_a=20.0 + step)
    for step in range(70):
        found = make_charger(watch, clock, pv_power_w=320.0)
        make_battery(watch, clock, current_a=18.0 + 0.01 * step)
    assert found.quality == {}


def test_a_slow_change_beside_a_frozen_device_is_seen(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for step in range(80):  # 4 A over 27 minutes: less than 1 A in any of them
        found = make_charger(watch, clock)
        make_battery(watch, clock, current_a=5.0 + 0.05 * step)
    assert found.quality["battery_current_a"] is Quality.IMPLAUSIBLE


def test_a_charge_that_rises_while_current_leaves_is_rejected(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    for step in range(90):  # 100 A out of 200 Ah: 12 % in a quarter of an hour, not into it
        found = make_battery(
            watch, clock, current_a=-100.0 - step % 2, state_of_charge_pct=60.0 + step / 7
        )
    assert found.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE


def test_a_charge_that_was_set_right_is_accepted_after_an_hour(
    watch: PlausibilityFilter, clock: FakeClock
) -> None:
    make_battery(watch, clock, state_of_charge_pct=80.0, current_a=0.0)
    quality = [
        make_battery(watch, clock, state_of_charge_pct=50.0, current_a=0.0).quality
        for _ in range(400)
    ]
    assert quality[300] == {"state_of_charge_pct": Quality.IMPLAUSIBLE}
    assert quality[-1] == {}
