"""Temperatures that no sensor can have measured are unknown, and a fault after ten minutes."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model import Quality
from power.devices import daly_a5, jk, pace, seplos_v2, seplos_v3
from power.reading.checks import CheckedPoll
from power.reading.plausibility import mark_implausible
from power.reading.temperatures import SENSOR_ALARMS
from tests.power.reading.polled_site import Site
from tests.scenes.readings import battery_reading
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def site(clock: FakeClock) -> Site:
    return Site(clock)


def poll_pack(site: Site, times: int = 1, **pack: Any) -> CheckedPoll:
    """That many polls of a pack; its current varies, so that it is not frozen."""
    for number in range(times):
        polled = site.poll(None, {"current_a": 18.0 + number % 3 / 10, **pack})
    return polled


def poll_charger(site: Site, times: int = 1, **charger: Any) -> CheckedPoll:
    for number in range(times):
        polled = site.poll({"pv_power_w": 300.0 + number % 3, **charger})
    return polled


def get_temperature(polled: CheckedPoll) -> tuple[float | None, Quality | None]:
    """Of the pack: the value and its mark."""
    pack = polled.batteries["pack"]
    assert pack is not None
    return pack.lowest_temperature_c, pack.quality.get("lowest_temperature_c")


def test_a_sensor_that_was_torn_off_before_the_start_gives_no_temperature(site: Site) -> None:
    polled = poll_charger(site, times=20, battery_temperature_c=-40.0)
    reading = polled.chargers["main"].reading
    assert reading is not None
    assert reading.battery_temperature_c is None
    assert reading.quality["battery_temperature_c"] is Quality.IMPLAUSIBLE
    assert polled.faults == ()  # a moment is no fault
    (fault,) = poll_charger(site, times=50, battery_temperature_c=-40.0).faults
    assert fault.code == "temperature-charger-main"
    assert "Check that the sensor is plugged in" in str(fault)
    assert poll_charger(site, battery_temperature_c=17.0).faults == ()


def test_a_sensor_that_is_torn_off_stays_unknown_however_often_it_says_so(site: Site) -> None:
    assert get_temperature(poll_pack(site)) == (16.0, None)
    polled = poll_pack(site, times=70, lowest_temperature_c=-40.0)
    assert get_temperature(polled) == (None, Quality.IMPLAUSIBLE)
    assert [fault.code for fault in polled.faults] == ["temperature-bms-pack"]


@pytest.mark.parametrize("shown_c", [-40.0, -40.4, -44.9])
def test_what_is_below_the_end_of_a_sensor_is_no_temperature(site: Site, shown_c: float) -> None:
    polled = poll_pack(site, lowest_temperature_c=shown_c)
    assert get_temperature(polled) == (None, Quality.IMPLAUSIBLE)


def test_a_real_frost_is_a_temperature(site: Site) -> None:
    assert get_temperature(poll_pack(site, lowest_temperature_c=-39.5)) == (-39.5, None)


@pytest.mark.parametrize("alarm", sorted(SENSOR_ALARMS))
def test_a_temperature_that_the_bms_itself_doubts_is_not_used(site: Site, alarm: str) -> None:
    polled = poll_pack(site, alarms=f"cell over-voltage, {alarm}")
    assert get_temperature(polled) == (None, Quality.IMPLAUSIBLE)
    assert get_temperature(poll_pack(site)) == (16.0, None)


def test_a_sensor_at_a_mosfet_says_nothing_of_the_cells(site: Site) -> None:
    polled = poll_pack(site, alarms="charge MOSFET's temperature sensor")
    assert get_temperature(polled) == (16.0, None)


def test_all_words_for_a_faulty_sensor_of_the_cells_are_known() -> None:
    words = {
        *jk.ALARMS.values(),
        *seplos_v3.ALARMS.values(),
        *(name for bits in daly_a5.ALARM_NAMES.values() for name in bits.values()),
        *(
            name
            for table in (pace, seplos_v2)
            for bits in table.BITS.values()
            for name in bits.values()
        ),
    }
    found = {one for one in words if "temperature sensor" in one and "MOSFET" not in one}
    assert found == SENSOR_ALARMS


def poll_without_temperature(site: Site, known_c: float) -> CheckedPoll:
    """Of a pack whose temperature was known, and then absent for a quarter of an hour."""
    poll_pack(site, times=3, lowest_temperature_c=known_c)
    for number in range(90):
        site.clock.advance(10)
        pack = battery_reading(
            site.clock, current_a=18.0 + number % 3 / 10, lowest_temperature_c=None
        )
        gone = replace(pack, quality={"lowest_temperature_c": Quality.ABSENT})
        polled = site.checks.check({}, {"pack": gone}, site.clock.stamp().uptime_s)
    return polled


def test_a_sensor_that_a_device_has_no_more_is_a_fault(site: Site) -> None:
    """As a Daly that shows 255 C, or a JK -200 C, of a sensor that is torn off."""
    faults = poll_without_temperature(site, 16.0).faults
    assert [fault.code for fault in faults] == ["temperature-bms-pack"]


@pytest.mark.parametrize("known_c", [0.4, -1.0, 24.0])
def test_a_temperature_that_reaches_what_some_show_without_a_sensor_is_none(
    site: Site, known_c: float
) -> None:
    """A GX shows 0.0 C of a sensor that is not fitted, an EPEver 25.00."""
    assert poll_without_temperature(site, known_c).faults == ()


def test_a_temperature_out_of_its_range_is_a_fault_after_ten_minutes(site: Site) -> None:
    """As a JBD's 7FFF; the frame's table marks it."""
    for number in range(70):
        site.clock.advance(10)
        pack = battery_reading(site.clock, current_a=18.0 + number % 3 / 10)
        wrong = mark_implausible(pack, ("lowest_temperature_c", "highest_temperature_c"))
        polled = site.checks.check({}, {"pack": wrong}, site.clock.stamp().uptime_s)
    assert [fault.code for fault in polled.faults] == ["temperature-bms-pack"]
