"""The horizon of the settings: it hides the sun until the days have shown what stands there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from appliance.settings import PanelsSettings
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.given_horizon import find_elevation_deg
from power.plan.learned_array import BINS, learn_array
from tests.power.plan.test_learned_array import SITE, UNIT, clear_days

DAY = [datetime(2026, 3, 21, tzinfo=UTC) + timedelta(minutes=15 * step) for step in range(96)]
HILL = ((60.0, 0.0), (70.0, 25.0), (110.0, 25.0), (120.0, 0.0))  # in the east
PANELS = PanelsSettings(peak_w=600.0, tilt_deg=35.0)


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg"),
    [(90.0, 10.0), (135.0, 15.0), (180.0, 20.0), (350.0, 0.0), (355.0, 1.0), (0.0, 2.0)],
)
def test_a_horizon_is_straight_between_its_points_also_across_the_north(
    azimuth_deg: float, elevation_deg: float
) -> None:
    horizon = ((180.0, 20.0), (350.0, 0.0), (10.0, 4.0), (90.0, 10.0))

    assert find_elevation_deg(horizon, np.array([azimuth_deg])) == pytest.approx(elevation_deg)


def test_a_hill_in_the_east_takes_the_morning_and_leaves_the_light_of_the_sky() -> None:
    free_w = compute_clear_sky_w(SITE, PANELS, DAY)
    behind_w = compute_clear_sky_w(replace(SITE, horizon=HILL), PANELS, DAY)

    morning = slice(26, 32)  # 06:30 to 08:00
    assert sum(behind_w[morning]) < 0.5 * sum(free_w[morning])
    assert min(behind_w[morning]) > 0
    assert behind_w[44:] == free_w[44:]


def test_days_that_agree_with_the_given_horizon_find_nothing_better() -> None:
    site = replace(SITE, horizon=HILL)
    learned = learn_array(clear_days(UNIT.panels, 30, site), replace(UNIT, site=site))

    assert learned is not None
    assert not learned.is_better
    assert learned.settings_error < 0.05


def test_a_given_horizon_stays_where_the_sun_was_not_seen_and_goes_where_it_was() -> None:
    wrong = ((0.0, 0.0), (80.0, 40.0), (100.0, 40.0), (101.0, 0.0), (300.0, 30.0), (350.0, 30.0))
    given = replace(UNIT, site=replace(SITE, horizon=wrong))
    learned = learn_array(clear_days(UNIT.panels, 30), given)

    assert learned is not None
    assert len(learned.skyline_deg) == BINS
    assert learned.skyline_deg[9] == 0.0  # 90 to 100 degrees: the sun was seen below
    assert learned.skyline_deg[33] == 30.0  # 330 to 340 degrees: there is never a sun
