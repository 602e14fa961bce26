"""The night's work in one call, and the prospect around it."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import Stamp
from power.plan.backtest import hide_later_temperatures
from power.plan.horizon import HORIZON_DAYS, DayForecast
from power.plan.nightly import POLICY_DAYS, find_solar_midnight, make_policy
from power.plan.policy import unpack_table
from power.plan.prospect import tabulate_values
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_prospect, clear_hours, past_of


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
    policy = a_prospect(past=past_of(*[0.9] * 60), now=MIDNIGHT + timedelta(hours=3)).policy
    assert (policy.starts, policy.ends) == (MIDNIGHT, MIDNIGHT + timedelta(days=POLICY_DAYS))
    assert policy.reason == "sun expected"
    grey = a_prospect(past=past_of(*[0.05] * 60), told={5: DayForecast(0.5, 0.2)}).policy
    assert grey.reason == "two grey days expected (with a forecast)"
    assert len(policy.worth) < 100_000


def test_the_prospect_is_the_policy_and_the_days_after_it() -> None:
    """What is shown comes of the same values as what is followed."""
    prospect = a_prospect(past=past_of(*[0.3] * 60))
    kept, longer = unpack_table(prospect.policy), tabulate_values(prospect, 5)
    stretches = len(kept.floors_pct)
    assert longer.values[: stretches + 1] == kept.values
    assert longer.bounds_h[: stretches + 1] == kept.bounds_h
    assert longer.floors_pct[:stretches] == pytest.approx(kept.floors_pct, rel=1e-6)
    assert longer.weather[0] == pytest.approx(kept.weather[0])
    assert longer.bounds_h[-1] == 120.0


def test_nothing_that_comes_later_reaches_the_policy() -> None:
    """Two pasts that agree until a day: the policy of that day is the same, byte for byte."""
    stamp = Stamp(MIDNIGHT, "00000001", 1.0)
    clear_w = clear_hours(SMALL)
    one, other = [0.4, 0.8, 0.2, 0.9, 0.9], [0.4, 0.8, 0.2, 0.1, 0.05]
    made = [
        make_policy(SMALL, stamp, clear_w, past_of(*days[:3]), 4.0, 50.0) for days in (one, other)
    ]
    assert made[0] == made[1]
    changed = make_policy(SMALL, stamp, clear_w, past_of(*other), 4.0, 50.0)
    assert changed.worth != made[0].worth


def test_clear_sky_beyond_the_horizon_is_not_looked_at() -> None:
    stamp = Stamp(MIDNIGHT, "00000001", 1.0)
    clear_w = clear_hours(SMALL)
    longer = [*clear_w, *[9999.0] * 24]
    assert len(clear_w) == HORIZON_DAYS * 24
    assert make_policy(SMALL, stamp, longer, past_of(0.4), 4.0, 50.0) == make_policy(
        SMALL, stamp, clear_w, past_of(0.4), 4.0, 50.0
    )


def test_a_replay_knows_the_cold_only_as_it_was_known_before() -> None:
    past = past_of(*[0.5] * 40)
    for ago in (30, 3):
        known = hide_later_temperatures(past, ago)
        assert [day.mean_c for day in known.days] == [None] * ago + [15.0] * (40 - ago)
        assert [day.clearness for day in known.days] == [0.5] * 40
