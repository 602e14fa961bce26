"""The plan in one call, and the policy that is made of it."""

from datetime import UTC, datetime, timedelta

import pytest

from power.plan.backtest import hide_later_temperatures
from power.plan.horizon import HORIZON_DAYS, DayForecast
from power.plan.plan import POLICY_DAYS, make_policy, tabulate_values
from power.plan.policy_table import unpack_table
from power.plan.problem import find_solar_midnight
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_plan, clear_hours, past_of


@pytest.mark.parametrize(
    ("longitude_deg", "utc", "midnight"),
    [
        (0.0, datetime(2026, 4, 15, 3, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC)),
        (150.0, datetime(2026, 4, 15, 13, 59, tzinfo=UTC), datetime(2026, 4, 14, 14, tzinfo=UTC)),
        (150.0, datetime(2026, 4, 15, 14, tzinfo=UTC), datetime(2026, 4, 15, 14, tzinfo=UTC)),
        (-120.0, datetime(2026, 4, 15, 3, tzinfo=UTC), datetime(2026, 4, 14, 8, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_the_suns_midnight(
    longitude_deg: float, utc: datetime, midnight: datetime
) -> None:
    assert find_solar_midnight(utc, longitude_deg) == midnight


def test_a_policy_holds_for_three_days_and_says_what_it_expects() -> None:
    policy = make_policy(a_plan(past=past_of(*[0.9] * 60), now=MIDNIGHT + timedelta(hours=3)))
    assert (policy.starts, policy.ends) == (MIDNIGHT, MIDNIGHT + timedelta(days=POLICY_DAYS))
    assert policy.reason == "sun expected"
    grey = make_policy(a_plan(past=past_of(*[0.05] * 60), forecast={5: DayForecast(0.5, 0.2)}))
    assert grey.reason == "two grey days expected (with a forecast)"
    assert len(policy.worth) < 100_000


def test_the_policy_is_the_first_days_of_the_plan() -> None:
    """What is shown comes of the same values as what is followed."""
    plan = a_plan(past=past_of(*[0.3] * 60))
    stored, longer = unpack_table(make_policy(plan)), tabulate_values(plan, 5)
    intervals = len(stored.floors_pct)
    assert longer.values[: intervals + 1] == stored.values
    assert longer.bounds_h[: intervals + 1] == stored.bounds_h
    assert longer.floors_pct[:intervals] == pytest.approx(stored.floors_pct, rel=1e-6)
    assert longer.weather[0] == pytest.approx(stored.weather[0])
    assert longer.bounds_h[-1] == 120.0


def test_nothing_that_comes_later_reaches_the_policy() -> None:
    """Two histories that agree until a day: the policy of that day is the same, byte for byte."""
    one, other = [0.4, 0.8, 0.2, 0.9, 0.9], [0.4, 0.8, 0.2, 0.1, 0.05]
    made = [make_policy(a_plan(past=past_of(*days[:3]))) for days in (one, other)]
    assert made[0] == made[1]
    assert make_policy(a_plan(past=past_of(*other))).worth != made[0].worth


def test_clear_sky_beyond_the_horizon_is_not_used() -> None:
    clear_w = clear_hours(SMALL)
    longer = [*clear_w, *[9999.0] * 24]
    assert len(clear_w) == HORIZON_DAYS * 24
    past = past_of(0.4)
    assert make_policy(a_plan(past=past, clear_w=longer)) == make_policy(a_plan(past=past))


def test_the_horizon_is_as_long_as_the_problem_asks() -> None:
    plan = a_plan(clear_w=clear_hours(SMALL, 60), days=60)
    assert sum(one.hours for one in plan.horizon.intervals) == 60 * 24
    assert len(plan.problem.horizon_clear_w) == 60 * 24


def test_a_backtest_uses_the_cold_only_as_it_was_known_before() -> None:
    past = past_of(*[0.5] * 40)
    for ago in (30, 3):
        known = hide_later_temperatures(past, ago)
        assert [day.mean_c for day in known.days] == [None] * ago + [15.0] * (40 - ago)
        assert [day.clear_sky_index for day in known.days] == [0.5] * 40
