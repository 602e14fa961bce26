"""The steady half-hours: even power is kept, clouds, gaps and short stretches are not."""

from datetime import UTC, datetime, timedelta

from power.plan.steady_light import find_steady_w

DAY = datetime(2026, 6, 1, tzinfo=UTC)
PEAK_W = 600.0


def rise(begin_h: float, end_h: float, *, bumps_w: float = 0.0) -> dict[datetime, float]:
    """Steps of five minutes; 1 W more each minute, and `bumps_w` more in every second step."""
    steps = range(round(begin_h * 12), round(end_h * 12))
    return {DAY + timedelta(minutes=5 * s): 5.0 * (s - 90) + bumps_w * (s % 2) for s in steps}


def test_even_power_is_kept_by_the_middle_of_each_half_hour() -> None:
    found = find_steady_w(rise(9, 11), DAY, PEAK_W)
    assert list(found) == ["555", "585", "615", "645"]
    assert found["555"] == 102.5


def test_clouds_are_not_steady() -> None:
    assert find_steady_w(rise(9, 11, bumps_w=40.0), DAY, PEAK_W) == {}


def test_a_half_hour_with_a_gap_and_an_hour_alone_do_not_count() -> None:
    gap = rise(9, 11)
    del gap[DAY + timedelta(hours=10, minutes=5)]
    assert find_steady_w(gap, DAY, PEAK_W) == {}
    assert find_steady_w(rise(9, 10), DAY, PEAK_W) == {}
