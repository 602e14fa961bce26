"""Alarms of a BMS and a cell apart from the others: one fault in words for each battery."""

from typing import Any

import pytest

from appliance.errors import ApplianceError
from tests.power.reading.polled_site import Site
from tests.stand_ins.fakes import FakeClock

EVEN = {str(number): 3.330 + number / 1000 for number in range(1, 9)}
SEVEN_LOW = {**EVEN, "7": 3.12}


@pytest.fixture
def site(clock: FakeClock) -> Site:
    return Site(clock)


def poll(site: Site, times: int = 1, **pack: Any) -> list[ApplianceError]:
    """That many polls of a pack; its current varies, so that it is not frozen."""
    faults: list[ApplianceError] = []
    for number in range(times):
        polled = site.poll(None, {"current_a": 18.0 + number % 3 / 10, **pack})
        faults = list(polled.faults)
    return faults


def test_the_alarms_of_a_bms_are_a_fault_in_words(site: Site) -> None:
    assert poll(site) == []
    (fault,) = poll(site, alarms="charge under-temperature")
    assert fault.code == "battery-pack"
    assert str(fault).startswith("bms pack: its BMS has tripped: charge under-temperature. ")


@pytest.mark.parametrize(
    ("alarms", "advice"),
    [
        ("charge under-temperature", "warm it, or wait"),
        ("temperature 2 low, temperature 3 low", "warm it, or wait"),
        ("low charge temperature", "warm it, or wait"),
        ("low charge temperature, short circuit", "look at its cells"),
        ("low voltage", "look at its cells"),
    ],
)
def test_a_cold_battery_is_not_looked_for_a_fault(site: Site, alarms: str, advice: str) -> None:
    (fault,) = poll(site, alarms=alarms)
    assert advice in str(fault)


def test_the_text_follows_what_is_on(site: Site) -> None:
    poll(site, alarms="charge under-temperature")
    (fault,) = poll(site, alarms="charge under-temperature, cell over-voltage")
    assert "cell over-voltage" in str(fault)
    assert fault.code == "battery-pack"


def test_an_alarm_that_trips_and_releases_is_one_fault_until_it_stays_away(site: Site) -> None:
    poll(site, alarms="short circuit")
    assert len(poll(site, times=5, alarms="")) == 1
    assert poll(site, times=10, alarms="") == []


def test_an_alarm_that_is_not_known_for_a_moment_is_not_over(site: Site) -> None:
    poll(site, alarms="short circuit")
    assert len(poll(site, times=20, alarms=None)) == 1


def test_a_silent_bms_reports_nothing_any_more_after_a_while(site: Site) -> None:
    poll(site, alarms="short circuit")
    silent: dict[str, Any] = {"pack": None}
    assert site.checks.check({}, silent, site.clock.stamp().uptime_s + 60).faults
    assert site.checks.check({}, silent, site.clock.stamp().uptime_s + 1200).faults == ()


def test_a_cell_200_mv_below_the_others_is_a_fault_that_names_it(site: Site) -> None:
    assert poll(site, times=30, cell_voltages_v=SEVEN_LOW) == []
    (fault,) = poll(site, times=2, cell_voltages_v=SEVEN_LOW)
    assert "cell 7 has 3.12 V, 0.21 V below the others" in str(fault)
    assert "let the BMS balance" in str(fault)


def test_a_cell_above_the_others_is_named_as_well(site: Site) -> None:
    (fault,) = poll(site, times=32, cell_voltages_v={**EVEN, "2": 3.57})
    assert "cell 2 has 3.57 V, 0.23 V above the others" in str(fault)


def test_where_a_bms_gives_the_extremes_only_their_difference_counts(site: Site) -> None:
    apart = {"lowest_cell_voltage_v": 3.10, "highest_cell_voltage_v": 3.34}
    (fault,) = poll(site, times=32, **apart)
    assert "its lowest cell has 3.10 V, 0.24 V below its highest" in str(fault)


def test_cells_that_are_apart_for_a_moment_are_no_fault(site: Site) -> None:
    poll(site, times=20, cell_voltages_v=SEVEN_LOW)
    poll(site, cell_voltages_v=EVEN)
    assert poll(site, times=20, cell_voltages_v=SEVEN_LOW) == []


def test_a_cell_fault_ends_when_the_cell_is_near_and_stays_there(site: Site) -> None:
    poll(site, times=32, cell_voltages_v=SEVEN_LOW)
    halfway = {**EVEN, "7": 3.22}
    assert len(poll(site, times=60, cell_voltages_v=halfway)) == 1  # hysteresis
    assert len(poll(site, times=20, cell_voltages_v=EVEN)) == 1
    assert poll(site, times=15, cell_voltages_v=EVEN) == []


def test_the_figures_of_a_cell_fault_follow_in_steps(site: Site) -> None:
    texts = {
        str(fault)
        for step in range(60)
        for fault in poll(site, cell_voltages_v={**EVEN, "7": 3.12 - step / 1000})
    }
    assert 1 <= len(texts) <= 2


def test_alarms_and_a_cell_apart_are_one_fault(site: Site) -> None:
    (fault,) = poll(site, times=32, cell_voltages_v=SEVEN_LOW, alarms="cell under-voltage")
    assert "cell under-voltage" in str(fault)
    assert "Also: cell 7 has" in str(fault)


def test_a_frozen_pack_has_no_other_fault_for_long(site: Site) -> None:
    for _ in range(300):
        polled = site.poll(None, {"alarms": "short circuit"})
    assert [fault.code for fault in polled.faults] == ["frozen-bms-pack"]


def charge_fully(site: Site, apart_v: float) -> list[ApplianceError]:
    """An hour at the end of a full charge with a cell above the others, then half a night."""
    top = {**dict.fromkeys("123", 3.46), "4": 3.46 + apart_v}
    poll(site, times=360, cell_voltages_v=top, highest_cell_voltage_v=top["4"])
    return poll(site, times=60, cell_voltages_v=EVEN, highest_cell_voltage_v=3.338)


def test_a_cell_that_is_apart_at_the_end_of_a_charge_is_reported_after_the_third_one(
    site: Site,
) -> None:
    assert charge_fully(site, 0.2) == []
    assert charge_fully(site, 0.2) == []
    (fault,) = charge_fully(site, 0.2)
    assert "at the end of each of the last full charges cell 4 has 3.66 V, 0.20 V above" in str(
        fault
    )
    text = str(fault)
    assert [str(one) for one in charge_fully(site, 0.21)] == [text]  # it stays, in the same words
    assert charge_fully(site, 0.05) == []  # until a full charge shows the cell near


def test_a_full_charge_with_the_cell_near_begins_the_count_anew(site: Site) -> None:
    for apart_v in (0.2, 0.2, 0.05, 0.2, 0.2):
        assert charge_fully(site, apart_v) == []
