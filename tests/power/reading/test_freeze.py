"""A frozen device: one fault in words, all its values unknown, and no false alarm at night."""

import re
from dataclasses import fields

import pytest

from appliance.model import BatteryReading, ChargeStage, PowerReading
from power.devices.epever import EpeverTracer
from power.reading.checks import CheckedPoll
from power.reading.combine import Charger, combine
from tests.power.reading.polled_site import DARK, Site
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def site(clock: FakeClock) -> Site:
    return Site(clock)


def list_known(reading: PowerReading | BatteryReading | None) -> list[str]:
    """The names of the values that are known."""
    assert reading is not None
    rest = {"stamp", "device", "quality", "ages_s"}
    return [
        one.name
        for one in fields(reading)
        if one.name not in rest and getattr(reading, one.name) is not None
    ]


def list_texts(polled: CheckedPoll) -> list[str]:
    return [str(fault) for fault in polled.faults]


def test_no_value_of_a_frozen_pack_is_known_and_one_fault_says_so(site: Site) -> None:
    for step in range(70):
        polled = site.poll({"battery_current_a": 5.0 + step % 10}, {})
    assert list_known(polled.batteries["pack"]) == []  # temperature, charge, switches, alarms too
    (fault,) = polled.faults
    assert fault.code == "frozen-bms-pack"
    assert re.match(
        r"bms pack is frozen: it repeats exactly the same values \(13.35 V, \+18.00 A\) while "
        r"charger main saw its current change by \d\.\d A\. None of its values is used",
        str(fault),
    )
    whole = combine(list(polled.chargers.values()), [polled.batteries["pack"]], site.clock.age_s)
    assert whole is not None
    assert whole.charge_allowed is None
    assert whole.battery_temperature_c == 18  # the charger's, which is not frozen


def test_no_value_of_a_frozen_charger_is_known(site: Site) -> None:
    for _ in range(200):
        polled = site.poll({}, None)
    assert list_known(polled.chargers["main"].reading) == []  # stage, yield and temperature too
    assert [fault.code for fault in polled.faults] == ["frozen-charger-main"]


def test_the_fault_keeps_its_words_and_ends_with_the_first_new_value(site: Site) -> None:
    found = set()
    for step in range(120):
        polled = site.poll({"battery_current_a": 5.0 + step % 10 + step / 100}, {})
        found |= {*list_texts(polled)}
    assert len(found) == 1  # a text that changes with each poll would wear the flash
    polled = site.poll({}, {"current_a": 18.1})
    assert polled.faults == ()
    assert "lowest_temperature_c" in list_known(polled.batteries["pack"])


def test_a_device_that_falls_silent_is_no_longer_called_frozen(site: Site) -> None:
    for _ in range(200):
        site.poll({}, None)
    silent = {"main": Charger(EpeverTracer(), loads_on_battery=False, reading=None)}
    assert site.checks.check(silent, {}, site.clock.stamp().uptime_s).faults == ()


def test_a_pack_frozen_at_rest_is_found_when_more_flows_than_its_dead_band(site: Site) -> None:
    rested = {"current_a": 0.0, "voltage_v": 13.30}
    for _ in range(100):
        polled = site.poll({"battery_current_a": -2.0, **DARK}, rested)
        assert polled.faults == ()  # a night's load within the dead band
    for step in range(70):
        polled = site.poll({"battery_current_a": 15.0 + step / 100}, rested)
    assert list_texts(polled)[0].startswith("bms pack is frozen")


def test_a_pack_that_has_cut_may_rest_while_the_charger_works(site: Site) -> None:
    cut = {"current_a": 0.0, "voltage_v": 13.10, "charge_allowed": False}
    for step in range(200):
        polled = site.poll({"battery_current_a": 15.0 + step / 100}, cut)
        assert polled.faults == ()


def test_a_charger_frozen_at_night_is_found_by_the_voltage_of_the_next_morning(site: Site) -> None:
    site.loads_on_battery = True
    night = {**DARK, "battery_current_a": 0.0, "battery_voltage_v": 13.17}
    for step in range(100):
        polled = site.poll(night, {"current_a": -1.2, "voltage_v": 13.17 + step % 2 / 100})
        assert polled.faults == ()
    for step in range(100):
        polled = site.poll(night, {"current_a": 9.0 + step / 100, "voltage_v": 13.45})
    assert list_known(polled.chargers["main"].reading) == []
    assert "saw the battery's voltage change by" in list_texts(polled)[0]


def test_a_charger_in_steps_of_a_tenth_of_a_volt_may_stand_still_beside_a_finer_pack(
    site: Site,
) -> None:
    site.loads_on_battery = True
    night = {**DARK, "battery_current_a": 0.0, "battery_voltage_v": 13.2}
    for step in range(400):
        volts = 13.28 - 0.2 * (step % 30 > 15)
        polled = site.poll(night, {"current_a": -1.2 - step % 3, "voltage_v": volts})
        assert polled.faults == ()


def test_a_charger_frozen_at_night_is_found_by_the_packs_current_where_it_measures_the_loads(
    site: Site,
) -> None:
    for step in range(80):
        polled = site.poll(
            {**DARK, "battery_current_a": -2.0}, {"current_a": -2.0 - step % 30 / 10}
        )
    assert [fault.code for fault in polled.faults] == ["frozen-charger-main"]


@pytest.mark.parametrize("load_w", [25.0, 11.0])
def test_a_lone_charger_frozen_at_night_is_found_when_a_load_was_switched(
    site: Site, load_w: float
) -> None:
    night = {**DARK, "battery_current_a": -1.9}
    site.checks.note_load(5.0, site.clock.stamp().uptime_s)
    for _ in range(70):
        assert site.poll(night).faults == ()
    site.checks.note_load(load_w, site.clock.stamp().uptime_s)
    for _ in range(40):
        polled = site.poll(night)
    assert f"while the ordered loads changed by {load_w - 5:+.0f} W" in list_texts(polled)[0]


def test_a_load_that_came_and_went_while_nobody_looked_freezes_nobody(site: Site) -> None:
    night = {**DARK, "battery_current_a": -1.9}
    site.checks.note_load(25.0, site.clock.stamp().uptime_s)
    for _ in range(70):
        site.poll(night)
    site.checks.note_load(0.5, site.clock.stamp().uptime_s)
    site.clock.advance(1200)  # asleep
    site.checks.note_load(25.0, site.clock.stamp().uptime_s)
    for _ in range(60):
        assert site.poll(night).faults == ()


def test_a_rested_charger_need_not_see_a_load_that_is_not_on_its_output(site: Site) -> None:
    night = {**DARK, "battery_current_a": 0.0}
    site.checks.note_load(5.0, site.clock.stamp().uptime_s)
    for _ in range(70):
        site.poll(night)
    site.checks.note_load(25.0, site.clock.stamp().uptime_s)
    for _ in range(100):
        assert site.poll(night).faults == ()


def test_a_current_that_stands_still_for_half_a_night_is_not_measured(site: Site) -> None:
    for _ in range(6 * 360 + 2):
        polled = site.poll({**DARK, "battery_current_a": -1.9})
    assert "for 6 hours and more, with a current" in list_texts(polled)[0]


@pytest.mark.parametrize("held", [{"charge_stage": ChargeStage.FLOAT}, {"battery_current_a": 0.0}])
def test_sun_that_is_throttled_to_a_steady_load_may_stand_still_for_hours(
    site: Site, held: dict[str, object]
) -> None:
    """A GX reports whole watts, and tenths of volts and amperes."""
    site.checks.note_load(5.0, site.clock.stamp().uptime_s)
    for _ in range(6 * 360 - 10):
        polled = site.poll({"pv_power_w": 26.0, "battery_voltage_v": 13.6, **held})
        assert polled.faults == ()
    site.checks.note_load(25.0, site.clock.stamp().uptime_s)
    for _ in range(40):
        polled = site.poll({"pv_power_w": 26.0, "battery_voltage_v": 13.6, **held})
    assert list_texts(polled)[0].startswith("charger main is frozen")


def test_no_sun_stands_still_for_half_a_day(site: Site) -> None:
    for _ in range(12 * 360 + 2):
        polled = site.poll({"charge_stage": ChargeStage.FLOAT, "battery_current_a": 0.0})
    assert "for 12 hours and more, with sun" in list_texts(polled)[0]


def test_two_equal_reports_after_a_silence_are_chance(site: Site) -> None:
    site.poll({}, None)
    site.clock.advance(3600)
    assert site.poll({}, None).faults == ()


def test_one_wild_value_of_another_device_freezes_nobody(site: Site) -> None:
    for step in range(100):
        wild = {"current_a": 400.0, "voltage_v": 26.0} if step == 80 else {}
        polled = site.poll({**DARK, "battery_current_a": -0.9}, {"current_a": -1.0, **wild})
        assert [fault for fault in polled.faults if fault.code.startswith("frozen")] == []


def test_a_coarse_pack_with_a_steady_load_that_the_charger_sees_as_well_is_not_frozen(
    site: Site,
) -> None:
    for step in range(3 * 360):
        noise_a, counted_ah = step % 7 / 100, 4.5 * step / 360
        polled = site.poll(
            {**DARK, "battery_current_a": -4.5 + noise_a, "battery_voltage_v": 13.3 + noise_a / 5},
            {"current_a": -4.5, "voltage_v": 13.3, "remaining_ah": round(90 - counted_ah)},
        )
        assert list_texts(polled) == []


def test_a_pack_that_reports_the_mean_of_minutes_freezes_nothing(site: Site) -> None:
    mean_a = 0.0
    for step in range(4 * 360):
        true_a = -6.0 if step // 120 % 2 else -0.5
        mean_a += (true_a - mean_a) / 30
        polled = site.poll(
            {**DARK, "battery_current_a": true_a, "battery_voltage_v": 13.3 + true_a / 50},
            {"current_a": round(mean_a, 2), "voltage_v": 13.3 + true_a / 50},
        )
        assert list_texts(polled) == []


def test_a_pack_frozen_with_a_little_current_is_found_when_more_flows(site: Site) -> None:
    for step in range(150):
        load_a = -3.6 if step % 40 > 20 else -0.6
        polled = site.poll(
            {**DARK, "battery_current_a": load_a - step % 3 / 100, "battery_voltage_v": 13.2},
            {"current_a": -0.62, "voltage_v": 13.22},
        )
    assert [fault.code for fault in polled.faults] == ["frozen-bms-pack"]
    for step in range(300):  # the load stays away: the old values are no better by that
        polled = site.poll(
            {**DARK, "battery_current_a": -0.6 - step % 3 / 100, "battery_voltage_v": 13.2},
            {"current_a": -0.62, "voltage_v": 13.22},
        )
    assert [fault.code for fault in polled.faults] == ["frozen-bms-pack"]
