"""The reserve: how many dark days it must last, by latitude, season and the last full charge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings import EnergySettings, Settings, SiteSettings
from power.guard.reserve import compute_daily_irradiation, compute_reserve_days

WINTER, SUMMER = datetime(2026, 12, 21, 9, tzinfo=UTC), datetime(2026, 6, 21, 9, tzinfo=UTC)


def at(latitude_deg: float, wanted: float = 7.0) -> Settings:
    energy = EnergySettings(reserve_days=wanted)
    return replace(Settings(), site=SiteSettings(latitude_deg=latitude_deg), energy=energy)


@pytest.mark.parametrize(
    ("latitude_deg", "utc", "days"),
    [
        (45, WINTER, 7),
        (45, SUMMER, 3),
        (0, WINTER, 3),
        (-45, SUMMER, 7.5),  # the south's winter; the sun is farther away then
        (-45, WINTER, 3),
        (52, WINTER, 11.6),
        (60, WINTER, 14),
        (69, WINTER, 14),  # the polar night
        (90, WINTER, 14),
        (69, SUMMER, 3),
    ],
)
def test_the_days_go_with_the_light(latitude_deg: float, utc: datetime, days: float) -> None:
    assert compute_reserve_days(at(latitude_deg), utc, None, confirmed=True) == pytest.approx(
        days, abs=0.2
    )


def test_the_sun_of_a_day_is_that_of_the_published_example() -> None:
    """FAO paper 56, example 8: 20 degrees south on 3 September, 32.2 MJ/m2 a day."""
    assert 24 * 60 / 3.14159 * 0.0820 * compute_daily_irradiation(-20, 246) == pytest.approx(
        32.2, abs=0.1
    )


@pytest.mark.parametrize(("since_days", "more"), [(0, 0), (3, 0), (4, 1), (8, 5), (10, 7), (60, 7)])
def test_each_day_beyond_the_third_without_a_full_charge_adds_one_up_to_twice(
    since_days: int, more: float
) -> None:
    full_at = WINTER - timedelta(days=since_days, hours=1)
    assert compute_reserve_days(at(45), WINTER, full_at, confirmed=True) == pytest.approx(
        7 + more, abs=0.1
    )


def test_what_is_not_known_of_the_time_changes_nothing() -> None:
    assert compute_reserve_days(at(69), datetime(1970, 1, 3, tzinfo=UTC), None, confirmed=True) == 7
    tomorrow = WINTER + timedelta(days=1)
    assert compute_reserve_days(at(45), WINTER, tomorrow, confirmed=True) == pytest.approx(
        7, abs=0.1
    )
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    assert compute_reserve_days(at(45), WINTER, naive, confirmed=True) == pytest.approx(7, abs=0.1)


@pytest.mark.parametrize("off_by_days", [-730, -182, 0, 182, 730])
def test_a_clock_that_nobody_has_confirmed_lowers_no_reserve(off_by_days: int) -> None:
    utc = WINTER + timedelta(days=off_by_days)
    assert compute_reserve_days(at(45), utc, None, confirmed=False) >= 7
    assert compute_reserve_days(at(69), WINTER, None, confirmed=False) == 14


def test_settings_beyond_the_bounds_are_kept() -> None:
    assert compute_reserve_days(at(69, wanted=60), WINTER, None, confirmed=True) == 60
    assert compute_reserve_days(at(0, wanted=1), SUMMER, None, confirmed=True) == 1
    assert compute_reserve_days(at(90, wanted=0), WINTER, None, confirmed=True) == 0


@given(st.floats(-90, 90), st.integers(0, 20_000), st.floats(0, 60))
def test_it_is_bounded_everywhere_and_always(latitude_deg: float, day: int, wanted: float) -> None:
    utc = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
    days = compute_reserve_days(at(latitude_deg, wanted), utc, None, confirmed=True)
    assert min(3, wanted) <= days <= max(14, wanted)
    raised = compute_reserve_days(
        at(latitude_deg, wanted), utc, datetime(2020, 1, 1, tzinfo=UTC), confirmed=True
    )
    assert raised == pytest.approx(2 * days)
