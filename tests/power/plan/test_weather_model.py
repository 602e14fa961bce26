"""What the sky usually does: classes, chances, temperatures."""

from datetime import UTC, datetime

import pytest

from power.plan.weather_model import (
    CENTRES,
    CLASSES,
    PRIOR,
    PastDay,
    chance_below,
    chances,
    class_of,
    expected_c,
    usual_c,
)

WINTER = datetime(2026, 1, 20, tzinfo=UTC)
SUMMER = datetime(2026, 7, 20, tzinfo=UTC)


def days(clearness: float | None, count: int, mean_c: float | None = None) -> list[PastDay]:
    return [PastDay(clearness, mean_c)] * count


def test_every_clearness_has_a_class_and_each_centre_its_own() -> None:
    assert [class_of(centre) for centre in CENTRES] == list(range(CLASSES))
    assert class_of(-0.1) == 0
    assert class_of(1.3) == CLASSES - 1


@pytest.mark.parametrize("clear_kwh_per_kw", [0.0, 1.0, 2.0, 3.0, 4.0, 7.0])
def test_chances_are_chances_at_any_season(clear_kwh_per_kw: float) -> None:
    for past in ([], days(0.3, 500), days(None, 30)):
        found = chances(past, clear_kwh_per_kw)
        assert sum(found) == pytest.approx(1.0)
        assert min(found) > 0


def test_without_a_past_the_climate_speaks_alone() -> None:
    assert chances([], 6.0) == pytest.approx(PRIOR[-1])
    assert chances(days(None, 90), 6.0) == pytest.approx(PRIOR[-1])


def test_the_sites_own_days_weigh_more_the_more_and_the_newer_they_are() -> None:
    few, many = chances(days(0.9, 5), 1.0)[4], chances(days(0.9, 60), 1.0)[4]
    assert PRIOR[0][4] < few < many
    grey_then_clear = days(0.05, 30) + days(0.9, 30)
    assert chances(grey_then_clear, 1.0)[4] > chances(grey_then_clear[::-1], 1.0)[4]


def test_a_day_of_which_nothing_is_known_ages_the_ones_before_it() -> None:
    assert chances(days(0.9, 10) + days(None, 50), 1.0)[4] < chances(days(0.9, 10), 1.0)[4]


def test_south_of_the_equator_january_is_warm() -> None:
    assert usual_c(50.0, WINTER) < 5 < usual_c(50.0, SUMMER)
    assert usual_c(-35.0, WINTER) > usual_c(-35.0, SUMMER)
    assert usual_c(65.0, WINTER) < usual_c(45.0, WINTER)


def test_a_cold_week_lasts_and_fades() -> None:
    usual = usual_c(50.0, WINTER)
    found = expected_c(days(0.5, 30, usual - 10), 50.0, WINTER, 40)
    plain = expected_c([], 50.0, WINTER, 40)
    apart = [mean - other for (mean, _), (other, _) in zip(found, plain, strict=True)]
    assert apart[0] < -6
    assert apart == sorted(apart)
    assert apart[-1] > apart[0] / 2
    sigmas = [sigma for _, sigma in found]
    assert sigmas == sorted(sigmas)


def test_unknown_temperatures_change_nothing() -> None:
    assert expected_c(days(0.5, 30), 50.0, WINTER, 10) == expected_c([], 50.0, WINTER, 10)


def test_chance_below_is_a_bell() -> None:
    assert chance_below(0.0, 0.0, 2.0) == pytest.approx(0.5)
    assert chance_below(0.0, 10.0, 2.0) < 0.001
    assert chance_below(0.0, -2.0, 2.0) == pytest.approx(0.841, abs=0.001)
