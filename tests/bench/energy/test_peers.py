"""The two methods of the literature, held against what their papers promise."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.settings import SiteSettings
from tests.bench.energy.peers import (
    EFFICIENCY,
    RATIOS,
    EnoMax,
    LongTermNeutral,
    find_carried_draws_w,
)
from tests.bench.energy.rule import Rule, describe_sites
from tests.bench.energy.test_baselines import case
from tests.bench.energy.tuning import BatteryArray, play

FULL_RATIO = int(np.argmin(abs(RATIOS - 1.0)))


def make_year_w(winter: float) -> np.ndarray:
    """Cloudless sun by hour, 100 W in the mean of summer and `winter` of it in half the year."""
    return np.repeat([100.0, 100.0 * winter], 182 * 24)


def test_a_sun_without_seasons_is_drawn_in_whole() -> None:
    draws_w = find_carried_draws_w(make_year_w(1.0), usable_wh=1000.0)
    np.testing.assert_allclose(draws_w, 100.0 * RATIOS * EFFICIENCY, rtol=1e-3)


def test_the_constant_draw_is_what_the_battery_carries_through_the_winter() -> None:
    usable_wh, winter_w = 5000.0, 30.0 * EFFICIENCY
    draw_w = find_carried_draws_w(make_year_w(0.3), usable_wh)[FULL_RATIO]
    assert (draw_w - winter_w) * 182 * 24 == pytest.approx(usable_wh, rel=1e-2)


@pytest.mark.parametrize("longitude_deg", [-80.0, 10.0, 170.0])
def test_the_modelled_sun_rises_with_that_of_the_site(longitude_deg: float) -> None:
    at = case()
    moved = replace(at.site, longitude_deg=longitude_deg)
    site = SiteSettings(50.0, longitude_deg, 0.0)
    there = replace(at, site=moved, settings=replace(at.settings, site=site))
    clear_w = describe_sites([there]).clear_w[0, :24]
    noon = (12 - longitude_deg / 15) % 24
    assert abs(float(np.argmax(clear_w)) + 0.5 - noon) <= 1.5


@pytest.mark.parametrize("rule", [LongTermNeutral, EnoMax])
def test_sets_played_side_by_side_come_to_what_each_comes_to_alone(rule: type[Rule]) -> None:
    cases, sets = [case(seed=1), case(seed=2)], rule.list_sets()[:5]
    together = play(rule, sets, cases)
    for row, one in enumerate(sets):
        alone = play(rule, [one], cases[1:])
        assert together.worth_h[row, 1] == pytest.approx(alone.worth_h[0, 0])


def test_eno_max_holds_the_charge_near_its_target_under_a_steady_sun() -> None:
    quiet = case(days=30, cold=False)
    quiet.sun_w[:] = 10.0
    parameters = {"smoothing": 0.1, "mixing": 0.5, "target": 0.65, "rest_pct": 12.0}
    columns = {name: np.array([[value]]) for name, value in parameters.items()}
    rule = EnoMax(describe_sites([quiet]), columns)
    battery = BatteryArray([quiet], rule.shape, 40.0)
    for step in range(quiet.steps):
        battery.step(step, rule.choose(battery.observe(step)))
    target_wh = 0.65 * quiet.settings.battery.capacity_wh
    assert float(battery.charge_wh[0, 0]) == pytest.approx(target_wh, rel=0.1)
