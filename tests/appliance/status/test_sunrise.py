"""The next sunrise, beside published times (USNO, Geoscience Australia; to the minute)."""

from datetime import UTC, datetime, timedelta

import pytest

from appliance.status.sunrise import find_next_sunrise, is_sun_up

PLACES = [
    ("2026-06-20T12:00", 52.52, 13.405, "2026-06-21T02:43"),  # Berlin
    ("2026-12-21T00:00", 51.50, -0.12, "2026-12-21T08:04"),  # London
    ("2026-01-14T12:00", -36.85, 174.76, "2026-01-14T17:18"),  # Auckland, the 15th there
    ("2026-04-14T12:00", -33.87, 151.21, "2026-04-14T20:18"),  # Sydney
]


@pytest.mark.parametrize(("now", "latitude", "longitude", "rise"), PLACES)
def test_the_next_sunrise_is_right_to_two_minutes(
    now: str, latitude: float, longitude: float, rise: str
) -> None:
    start, wanted = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, rise))
    found = find_next_sunrise(start, latitude_deg=latitude, longitude_deg=longitude)
    assert found is not None
    assert abs(found - wanted) < timedelta(minutes=2)
    again = find_next_sunrise(found, latitude_deg=latitude, longitude_deg=longitude)
    assert again is not None
    assert timedelta(hours=23.9) < again - found < timedelta(hours=24.1)


@pytest.mark.parametrize("day", ["2026-06-21", "2026-12-21"])
def test_beyond_the_polar_circle_there_may_be_none(day: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    assert find_next_sunrise(noon, latitude_deg=78.2, longitude_deg=15.6) is None
    assert find_next_sunrise(noon, latitude_deg=-90, longitude_deg=0) is None


def test_there_is_one_at_every_hour_and_longitude() -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    for hour in range(0, 24, 3):
        for longitude in range(-180, 181, 15):
            start = now + timedelta(hours=hour)
            found = find_next_sunrise(start, latitude_deg=10, longitude_deg=longitude)
            assert found is not None
            assert timedelta(0) < found - start <= timedelta(hours=24.1)


@pytest.mark.parametrize(("now", "latitude", "longitude", "rise"), PLACES)
def test_the_sun_is_up_from_the_published_sunrise_on(
    now: str, latitude: float, longitude: float, rise: str
) -> None:
    wanted = datetime.fromisoformat(rise).replace(tzinfo=UTC)
    for minutes, is_up in ((-240, False), (-3, False), (3, True), (240, True)):
        at = wanted + timedelta(minutes=minutes)
        assert is_sun_up(at, latitude_deg=latitude, longitude_deg=longitude) is is_up, (now, at)
