"""Snow: dark cold days are covered panels, a bright one ends it, and warm or grey days are none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from appliance.model import SolarDay, Stamp
from appliance.settings import Settings, SiteSettings
from power.plan.horizon import build_horizon
from power.plan.plan import solve_plan
from power.plan.scenarios import Scenarios, ScenarioStart, ScenarioStep
from power.plan.site_history import build_history
from power.plan.snow import cover, estimate_covered, predict_covered, uncover
from power.plan.snow_fault import check_snow
from power.plan.solar_day import summarise_weather
from power.plan.weather_model import mean_clear_sky_index
from tests.power.plan.site_days import a_problem, plain_sky

SITE = SiteSettings(latitude_deg=60.0, longitude_deg=0.0)
UNIT = replace(Settings(), site=SITE)
FIRST = datetime(2026, 1, 10, tzinfo=UTC)
WHOLE_WH = 1000.0


def make_days(*index: float, celsius: float = -5.0, seen: float = 1.0) -> list[SolarDay]:
    """Winter days with these clear-sky indices; `seen`: the share of the sun that was measured."""
    clear_wh = seen * WHOLE_WH
    return [
        SolarDay(
            Stamp(FIRST, "b", 1.0),
            FIRST + timedelta(days=number),
            measured_wh=one * clear_wh,
            clear_wh=clear_wh,
            coldest_c=celsius,
            warmest_c=celsius + 3,
            yield_wh=one * clear_wh,
        )
        for number, one in enumerate(index)
    ]


def estimate(days: list[SolarDay]) -> list[float]:
    return estimate_covered(days, UNIT, [WHOLE_WH] * len(days))


def test_cold_days_that_give_nearly_nothing_are_panels_under_snow() -> None:
    chances = estimate(make_days(0.5, 0.01, 0.01, 0.02))
    assert chances[0] < 0.01
    assert chances[-1] > 0.9


def test_a_bright_day_ends_it_at_once() -> None:
    assert estimate(make_days(0.01, 0.01, 0.01, 0.4))[-1] < 0.01


def test_dark_days_of_a_warm_time_and_grey_ones_in_frost_are_no_snow() -> None:
    summer = [
        replace(day, day=day.day + timedelta(days=180))
        for day in make_days(0.01, 0.01, 0.01, celsius=12.0)
    ]
    assert max(estimate(summer)) == 0.0
    assert max(estimate(make_days(*[0.12] * 10))) < 0.2


def test_the_days_beside_the_polar_night_are_no_snow() -> None:
    """The clear sky of a sun that stands 2 degrees high at noon, which the hills hide."""
    dark = [replace(day, clear_wh=90.0) for day in make_days(0.0, 0.0, 0.0, 0.0)]
    assert max(estimate_covered(dark, UNIT, [90.0] * 4)) < 0.25


def test_snow_does_not_stay_for_weeks_in_which_nobody_looked() -> None:
    covered = make_days(0.01, 0.01, 0.01)
    unseen = replace(make_days(0.0, seen=0.0)[0], day=FIRST + timedelta(days=24))
    assert estimate(covered)[-1] > 0.9
    assert estimate([*covered, unseen])[-1] < 0.1


def test_a_battery_warm_in_its_box_hides_no_winter() -> None:
    assert estimate(make_days(0.005, 0.005, 0.005, celsius=15.0))[-1] > 0.5


def test_frost_in_which_nothing_is_charged_shows_nothing_unless_much_is_given() -> None:
    covered = make_days(0.01, 0.01, 0.01)
    unseen = replace(make_days(0.0, seen=0.0)[0], day=FIRST + timedelta(days=3))
    assert 0.3 < estimate([*covered, unseen])[-1] < estimate(covered)[-1]
    assert estimate([*covered, replace(unseen, yield_wh=200.0)])[-1] < 0.1


def test_what_is_covered_is_dark_and_the_open_sky_is_found_again() -> None:
    weather = (0.1, 0.2, 0.2, 0.2, 0.3)
    snowy = cover(weather, 0.8)
    assert snowy[0] == pytest.approx(0.82)
    assert uncover(snowy, 0.8) == pytest.approx(weather)
    assert uncover(snowy, 1.0) == snowy


def test_snow_lies_longer_in_the_cold_and_a_small_chance_counts_for_nothing() -> None:
    cold, mild = predict_covered(0.9, [(-8.0, 2.0)] * 3), predict_covered(0.9, [(6.0, 2.0)] * 3)
    assert cold[0] == mild[0] == 0.9
    assert cold[2] > 2 * mild[2]
    assert predict_covered(0.1, [(-8.0, 2.0)] * 3) == [0.0, 0.0, 0.0]


def test_the_forecast_after_such_days_assumes_little_until_something_is_given() -> None:
    def expect(days: list[SolarDay], so_far: SolarDay | None = None) -> float:
        until = (FIRST + timedelta(days=20)).date()
        history = build_history(days, UNIT, plain_sky, until, so_far)
        clear_w = [300.0 if 8 < hour % 24 < 16 else 0.0 for hour in range(72)]
        midnight = FIRST + timedelta(days=20)
        horizon = build_horizon(UNIT, midnight, clear_w, history.days, covered=history.covered)
        return mean_clear_sky_index(horizon.weather[0])

    dark = make_days(*[0.6] * 17, 0.01, 0.01, 0.01)
    whole_wh = sum(plain_sky(SITE, UNIT.panels, [FIRST + timedelta(hours=h) for h in range(24)]))
    dark = [replace(day, clear_wh=whole_wh, measured_wh=0.01 * whole_wh) for day in dark[17:]]
    bright = [
        replace(day, clear_wh=whole_wh, measured_wh=0.6 * whole_wh)
        for day in make_days(*[0.6] * 17)
    ]
    today = replace(bright[0], day=FIRST + timedelta(days=20))
    assert expect([*bright, *dark]) < 0.2
    assert expect([*bright, *dark], today) > 0.35


def test_the_days_under_snow_say_nothing_about_the_weather() -> None:
    assert summarise_weather(make_days(0.5)[0], 0.0).clear_sky_index is None


def test_scenarios_under_snow_stay_dark_until_it_is_gone() -> None:
    problem = a_problem()
    snowy = replace(problem, history=replace(problem.history, covered=0.9))
    start = ScenarioStart(hour=0.0, charge_pct=80.0, sigma_pct=2.0)
    plan = solve_plan(snowy)
    scenarios = Scenarios(plan, start, count=2000, seed=1, sun_share=1.0)
    was_dark = scenarios.weather_class == 0
    assert was_dark.mean() > 0.85
    place = next(i for i, one in enumerate(plan.horizon.intervals) if one.day == 1)
    step = ScenarioStep(hour=24.0, hours=2.0, clear_w=0.0, place=place, share=1.0)
    scenarios.advance(step)
    is_dark = scenarios.weather_class == 0
    expected = plan.horizon.weather[1][0]
    assert is_dark.mean() == pytest.approx(expected, abs=0.05)
    assert np.mean(is_dark[was_dark]) > np.mean(is_dark[~was_dark])


def test_the_fault_names_the_first_day_what_was_given_and_the_cold() -> None:
    days = make_days(0.5, 0.4, 0.01, 0.01, 0.02)
    fault = check_snow(days, [WHOLE_WH] * 5, UNIT)
    assert fault is not None
    assert fault.code == "pv-snow"
    assert "since 12 Jan, 1 % of clear days: snow or a cover? It was down to -" in str(fault)
    assert "the plan expects little" in str(fault)


def test_one_dark_day_or_one_that_is_over_is_no_fault() -> None:
    for index in ((0.5, 0.4, 0.03), (0.01, 0.01, 0.01, 0.5), ()):
        days = make_days(*index)
        assert check_snow(days, [WHOLE_WH] * len(days), UNIT) is None
