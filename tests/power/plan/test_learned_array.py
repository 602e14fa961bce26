"""Learned panels: only clear days that were not learned from decide; the days beside them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from appliance.model import SolarDay, Stamp
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.plan.array_direction import ArrayDirection, check_direction
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.learned_array import find_skyline, learn_array, rebase_day

SITE = SiteSettings(latitude_deg=48.0, longitude_deg=0.0)
UNIT = replace(Settings(), site=SITE, panels=PanelsSettings(peak_w=600.0))
FIRST = datetime(2026, 5, 1, tzinfo=UTC)
EAST = replace(UNIT.panels, azimuth_deg=90.0)


def clear_days(panels: PanelsSettings, count: int, site: SiteSettings = SITE) -> list[SolarDay]:
    """Clear days of these panels, by the days of longitude 0."""
    days = []
    for number in range(count):
        day = FIRST + timedelta(days=number)
        minutes = range(15, 24 * 60, 30)
        power_w = compute_clear_sky_w(site, panels, [day + timedelta(minutes=m) for m in minutes])
        steady = {str(m): round(w, 1) for m, w in zip(minutes, power_w, strict=True) if w > 12}
        days.append(SolarDay(Stamp(day, "b", 1.0), day, 3000.0, 4000.0, steady_w=steady))
    return days


def test_panels_to_the_east_with_settings_to_the_south_are_a_fault_that_says_what_to_do() -> None:
    learned = learn_array(clear_days(EAST, 12), UNIT)
    fault = check_direction(learned, UNIT)
    assert isinstance(fault, ArrayDirection)
    assert "degrees (east, " in str(fault)
    assert "from 12 clear days), the settings say 180 (south): check the mounting" in str(fault)


def test_half_of_panels_to_the_east_is_told_as_well() -> None:
    days = clear_days(replace(EAST, peak_w=300.0), 12)
    assert "They also give only 60 %" in str(check_direction(learn_array(days, UNIT), UNIT))
    text = str(check_direction(learn_array(clear_days(EAST, 12), UNIT), UNIT))
    assert "They also give" not in text


def test_right_settings_few_days_and_days_before_the_update_are_no_fault() -> None:
    assert check_direction(learn_array(clear_days(UNIT.panels, 12), UNIT), UNIT) is None
    assert learn_array(clear_days(EAST, 6), UNIT) is None
    old = [replace(day, steady_w={}) for day in clear_days(EAST, 12)]
    assert learn_array(old, UNIT) is None
    assert check_direction(None, UNIT) is None


def test_panels_that_were_turned_lately_are_not_told_from_the_days_before() -> None:
    turned = [*clear_days(EAST, 12)[:8], *clear_days(UNIT.panels, 12)[8:]]
    assert check_direction(learn_array(turned, UNIT), UNIT) is None


@pytest.mark.parametrize(
    ("site", "wrong"),
    [
        (replace(SITE, longitude_deg=-83.0), replace(SITE, longitude_deg=83.0)),
        (SITE, replace(SITE, latitude_deg=-48.0)),
        (replace(SITE, longitude_deg=10.0), SiteSettings(latitude_deg=10.0, longitude_deg=48.0)),
    ],
    ids=["west typed as east", "north typed as south", "latitude and longitude swapped"],
)
def test_a_place_or_clock_with_the_sun_down_is_told_and_no_direction_is_learned_from_it(
    site: SiteSettings, wrong: SiteSettings
) -> None:
    learned = learn_array(clear_days(UNIT.panels, 14, site), replace(UNIT, site=wrong))
    assert learned is not None
    assert not learned.is_better
    text = str(check_direction(learned, replace(UNIT, site=wrong)))
    assert "of their energy on clear days while the sun is down" in text
    assert "site.longitude_deg (east is positive) and the clock" in text


def test_a_power_that_no_plane_explains_is_not_planned_with() -> None:
    """A full battery that nobody reports: the loads are all that is seen from noon on."""
    learned = learn_array(clear_days(EAST, 12), UNIT)
    assert learned is not None
    assert replace(learned, settings_error=0.77, learned_error=0.2).is_better
    full = replace(learned, settings_error=0.77, learned_error=0.38)
    assert not full.is_better
    assert check_direction(full, UNIT) is None


def test_panels_to_east_and_west_are_told_as_such_and_not_to_be_set_to_the_north() -> None:
    both = [replace(UNIT.panels, tilt_deg=40.0, azimuth_deg=one) for one in (90.0, 270.0)]
    pairs = zip(*(clear_days(replace(one, peak_w=300.0), 12) for one in both), strict=True)
    days = [
        replace(east, steady_w={m: w + west.steady_w.get(m, 0) for m, w in east.steady_w.items()})
        for east, west in pairs
    ]
    text = str(check_direction(learn_array(days, UNIT), UNIT))
    assert "several ways look flatter, and turned: then leave the settings as they are" in text


def test_the_learned_sky_is_that_of_the_panels_as_they_stand() -> None:
    learned = learn_array(clear_days(EAST, 12), UNIT)
    assert learned is not None
    assert learned.is_better
    noon = FIRST + timedelta(hours=12)
    times = [noon - timedelta(hours=4), noon + timedelta(hours=4)]
    morning, evening = learned.compute_clear_sky_w(SITE, UNIT.panels, times)
    assert morning > 2 * evening
    assert learned.compute_clear_sky_w(SITE, UNIT.panels, []) == []


def test_a_day_beside_the_learned_panels_keeps_its_energy() -> None:
    day = replace(clear_days(EAST, 1)[0], hours={"9": 2.0, "12": 0.5, "15": 0.2})
    before = [100.0 if 8 <= hour <= 16 else 0.0 for hour in range(24)]
    after = [200.0 if hour < 13 else 50.0 for hour in range(24)]
    found = rebase_day(day, before, after)
    assert found.hours == {"9": 1.0, "12": 0.25, "15": 0.4}
    assert found.clear_wh == pytest.approx(4000.0 * 450 / 300)
    assert found.measured_wh == 3000.0
    assert rebase_day(day, before, [0.0] * 24).clear_wh == 0.0


def test_a_skyline_needs_several_hidden_suns_below_the_open_ones() -> None:
    hidden, seen = np.array([5.0, 10.0, 14.0, 15.0]), np.array([17.0, 25.0])
    assert find_skyline(hidden, seen) == 15.5
    assert find_skyline(hidden[:2], seen) == 0.0
    assert find_skyline(hidden, np.array([4.0, 6.0, 9.0, 12.0])) == 0.0
