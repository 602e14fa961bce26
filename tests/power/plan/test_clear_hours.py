"""The clear hours of a day: known by their steadiness, however much the panels give."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from power.plan.clear_hours import PowerStep, find_clear_hours

PEAK_W = 600.0
NOON = datetime(2026, 5, 1, 9, tzinfo=UTC)


def hours_of(
    *ratios: float, noise: float = 0.0, clear_w: float = 400.0
) -> dict[datetime, PowerStep]:
    """Hours from nine on with that share of the clear sky, five minutes a step."""
    random = Random(3)
    return {
        NOON + timedelta(minutes=5 * step): PowerStep(
            clear_w * ratio * (1 + noise * random.uniform(-1, 1)), clear_w
        )
        for step in range(12 * len(ratios))
        for ratio in [ratios[step // 12]]
    }


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.3])
def test_hours_that_stay_at_one_ratio_are_clear_also_of_half_the_panels(ratio: float) -> None:
    found = find_clear_hours(hours_of(ratio, ratio, ratio, noise=0.02), PEAK_W)
    assert found.hours == 3
    assert found.measured_wh / found.clear_wh == pytest.approx(ratio, rel=0.02)


def test_hours_under_moving_clouds_are_not_clear() -> None:
    assert find_clear_hours(hours_of(0.6, 0.6, 0.6, noise=0.3), PEAK_W).hours == 0


def test_one_steady_hour_alone_and_hours_that_differ_are_not_clear() -> None:
    assert find_clear_hours(hours_of(0.9), PEAK_W).hours == 0
    assert find_clear_hours(hours_of(0.9, 0.7, 0.5), PEAK_W).hours == 0


def test_a_low_sun_and_an_hour_of_few_steps_say_nothing() -> None:
    assert find_clear_hours(hours_of(0.9, 0.9, clear_w=100.0), PEAK_W).hours == 0
    steps = hours_of(0.9, 0.9)
    few = {at: step for at, step in steps.items() if at.minute % 15 == 0}
    assert find_clear_hours(few, PEAK_W).hours == 0


@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.2])
def test_overcast_that_is_steady_and_panels_that_give_nothing_have_no_clear_hour(
    ratio: float,
) -> None:
    assert find_clear_hours(hours_of(ratio, ratio, ratio), PEAK_W).hours == 0
