"""The weather model: classes, chances, temperatures."""

from datetime import UTC, datetime

import pytest

from power.plan.weather_model import (
    CLASS_CLEAR_SKY_INDEX,
    CLASS_COUNT,
    PRIOR,
    DayWeather,
    classify,
    compute_chance_below,
    estimate_class_chances,
    estimate_usual_c,
    predict_temperatures,
)

WINTER = datetime(2026, 1, 20, tzinfo=UTC)
SUMMER = datetime(2026, 7, 20, tzinfo=UTC)


def days(
    clear_sky_index: float | None, count: int, mean_c: float | None = None
) -> list[DayWeather]:
    return [DayWeather(clear_sky_index, mean_c)] * count


def test_every_clear_sky_index_has_a_class_and_each_centre_its_own() -> None:
    assert [classify(centre) for centre in CLASS_CLEAR_SKY_INDEX] == list(range(CLASS_COUNT))
    assert classify(-0.1) == 0
    assert classify(1.3) == CLASS_COUNT - 1


@pytest.mark.parametrize("clear_kwh_per_kw", [0.0, 1.0, 2.0, 3.0, 4.0, 7.0])
def test_chances_are_chances_at_any_season(clear_kwh_per_kw: float) -> None:
    for past in ([], days(0.3, 500), days(None, 30)):
        found = estimate_class_chances(past, clear_kwh_per_kw)
        assert sum(found) == pytest.approx(1.0)
        assert min(found) > 0


def test_without_a_past_the_climate_counts_alone() -> None:
    assert estimate_class_chances([], 6.0) == pytest.approx(PRIOR[-1])
    assert estimate_class_chances(days(None, 90), 6.0) == pytest.approx(PRIOR[-1])


def test_the_sites_own_days_weigh_more_the_more_and_the_newer_they_are() -> None:
    few, many = (
        estimate_class_chances(days(0.9, 5), 1.0)[4],
        estimate_class_chances(days(0.9, 60), 1.0)[4],
    )
    assert PRIOR[0][4] < few < many
    grey_then_clear = days(0.05, 30) + days(0.9, 30)
    assert (
        estimate_class_chances(grey_then_clear, 1.0)[4]
        > estimate_class_chances(grey_then_clear[::-1], 1.0)[4]
    )


def test_a_day_of_which_nothing_is_known_ages_the_ones_before_it() -> None:
    assert (
        estimate_class_chances(days(0.9, 10) + days(None, 50), 1.0)[4]
        < estimate_class_chances(days(0.9, 10), 1.0)[4]
    )


def test_south_of_the_equator_january_is_warm() -> None:
    assert estimate_usual_c(50.0, WINTER) < 5 < estimate_usual_c(50.0, SUMMER)
    assert estimate_usual_c(-35.0, WINTER) > estimate_usual_c(-35.0, SUMMER)
    assert estimate_usual_c(65.0, WINTER) < estimate_usual_c(45.0, WINTER)


def test_a_cold_week_lasts_and_fades() -> None:
    usual = estimate_usual_c(50.0, WINTER)
    found = predict_temperatures(days(0.5, 30, usual - 10), 50.0, WINTER, 40)
    plain = predict_temperatures([], 50.0, WINTER, 40)
    apart = [mean - other for (mean, _), (other, _) in zip(found, plain, strict=True)]
    assert apart[0] < -6
    assert apart == sorted(apart)
    assert apart[-1] > apart[0] / 2
    sigmas = [sigma for _, sigma in found]
    assert sigmas == sorted(sigmas)


def test_unknown_temperatures_change_nothing() -> None:
    assert predict_temperatures(days(0.5, 30), 50.0, WINTER, 10) == predict_temperatures(
        [], 50.0, WINTER, 10
    )


def test_chance_below_is_a_bell() -> None:
    assert compute_chance_below(0.0, 0.0, 2.0) == pytest.approx(0.5)
    assert compute_chance_below(0.0, 10.0, 2.0) < 0.001
    assert compute_chance_below(0.0, -2.0, 2.0) == pytest.approx(0.841, abs=0.001)
