"""The site's history: which readings make a day, and what the planner gets of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.model import ChargeStage, SolarDay, Stamp
from appliance.settings import Settings
from appliance.store import retention
from power.plan.clear_sky import LOSSES
from power.plan.history import (
    HISTORY_DAYS,
    find_midnight,
    make_new_days,
    read_days,
    read_points,
    to_solar_date,
    to_storage_key,
)
from power.plan.site_history import build_history
from tests.conftest import OpenStore
from tests.power.plan.site_days import (
    SITE,
    SMALL,
    a_reading,
    a_state,
    a_sun_day,
    live_days,
    plain_sky,
)
from tests.stand_ins.fakes import FakeClock

FIRST = datetime(2026, 4, 11, tzinfo=UTC)
NOW = datetime(2026, 4, 15, 3, 30, tzinfo=UTC)

NOON = "2026-04-11T12:00:00.000Z"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, site=SITE, panels=SMALL.panels)


def made(open_store: OpenStore, settings: Settings, at: datetime = NOW) -> list[SolarDay]:
    return make_new_days(open_store("plan"), settings, plain_sky, Stamp(at, "00000001", 1e6))


def test_each_complete_day_of_readings_becomes_one_row(
    settings: Settings, open_store: OpenStore
) -> None:
    live_days(open_store("power"), settings, FIRST, [0.8, 0.3, 0.5, 0.1, 0.9])
    days = made(open_store, settings)
    assert [day.day for day in days] == [FIRST + timedelta(days=n) for n in range(4)]
    clear_sky_index = [day.measured_wh / day.clear_wh for day in days]
    assert clear_sky_index == pytest.approx([0.8, 0.3, 0.5, 0.1], rel=0.03)
    assert days[0].hours["11"] == pytest.approx(0.8, rel=0.03)
    assert "2" not in days[0].hours
    assert (days[0].coldest_c, days[0].warmest_c) == (12.0, 12.0)


def test_a_day_that_is_stored_is_not_made_again(settings: Settings, open_store: OpenStore) -> None:
    live_days(open_store("power"), settings, FIRST, [0.8, 0.3, 0.5])
    plan = open_store("plan")
    plan.add(*made(open_store, settings))
    assert made(open_store, settings) == []
    assert len(plan.rows(SolarDay)) == 3


def test_half_a_day_that_a_clock_ahead_has_made_a_whole_one_is_made_again(
    settings: Settings, open_store: OpenStore
) -> None:
    power, plan = open_store("power"), open_store("plan")
    live_days(power, settings, FIRST, [0.3])
    with power.housekeeping() as execute:  # it is noon, and the clock is a day ahead
        execute("CREATE TEMP TABLE later AS SELECT * FROM power_reading WHERE at > ?", (NOON,))
        execute("DELETE FROM power_reading WHERE at > ?", (NOON,))
    tomorrow = FIRST + timedelta(days=1, hours=12)
    (half,) = made(open_store, settings, tomorrow)
    plan.add(half)
    with power.housekeeping() as execute:
        execute("INSERT INTO power_reading SELECT * FROM later", ())
    (whole,) = made(open_store, settings, tomorrow)
    assert len(whole.hours) > 1.5 * len(half.hours)
    plan.add(whole)
    assert [set(day.hours) for day in plan.rows(SolarDay)] == [set(whole.hours)]
    assert made(open_store, settings, tomorrow) == []


def test_a_gap_leaves_no_row_and_the_ages_of_the_others_stay_right(
    settings: Settings, open_store: OpenStore
) -> None:
    power = open_store("power")
    live_days(power, settings, FIRST, [0.8])
    live_days(power, settings, FIRST + timedelta(days=2), [0.2, 0.5])
    days = made(open_store, settings)
    assert [day.day.day for day in days] == [11, 13, 14]
    past = build_history(days, settings, plain_sky, NOW.date())
    assert [day.clear_sky_index for day in past.days] == [
        pytest.approx(0.8, rel=0.03),
        None,
        pytest.approx(0.2, rel=0.03),
        pytest.approx(0.5, rel=0.03),
    ]
    assert past.days[1].mean_c is None


@pytest.mark.parametrize(
    "changed",
    [
        {"charge_stage": ChargeStage.ABSORPTION},
        {"charge_stage": ChargeStage.FLOAT},
        {"charge_stage": ChargeStage.EQUALIZE},
        {"charge_allowed": False},
        {"pv_power_w": None},
    ],
)
def test_what_was_throttled_or_not_measured_says_nothing_of_the_weather(
    settings: Settings, open_store: OpenStore, changed: dict[str, Any]
) -> None:
    live_days(open_store("power"), settings, FIRST, [0.8], **changed)
    (day,) = made(open_store, settings)
    assert (day.measured_wh, day.clear_wh, dict(day.hours)) == (0.0, 0.0, {})
    assert build_history([day], settings, plain_sky, NOW.date()).days[0].clear_sky_index is None


def test_a_battery_that_takes_no_charge_throttles_the_sun(
    settings: Settings, open_store: OpenStore
) -> None:
    power = open_store("power")
    noon = Stamp(FIRST + timedelta(hours=12), "00000001", 1.0)
    later = Stamp(FIRST + timedelta(hours=12, minutes=10), "00000001", 601.0)
    power.add(a_reading(noon, 3.0), replace(a_state(noon, 50.0), charge_blocked=True))
    power.add(a_reading(later, 60.0), a_state(later, 50.0))
    samples = read_points(power, settings, FIRST, NOW)
    assert [one.throttled for one in samples.values()] == [True, False]


def test_a_half_throttled_day_is_judged_by_the_hours_that_were_seen(
    settings: Settings, open_store: OpenStore
) -> None:
    power = open_store("power")
    for minute in range(0, 1440, 5):
        stamp = Stamp(FIRST + timedelta(minutes=minute), "00000001", 60.0 * minute)
        full = minute >= 12 * 60
        sun_w = 0.6 * plain_sky(SITE, settings.panels, [stamp.utc])[0]
        stage = ChargeStage.FLOAT if full else ChargeStage.BULK
        power.add(a_reading(stamp, 5.0 if full else sun_w, charge_stage=stage))
    (day,) = made(open_store, settings)
    assert set(day.hours) == {str(hour) for hour in range(6, 12)}
    assert day.measured_wh / day.clear_wh == pytest.approx(0.6, rel=0.05)


@pytest.mark.parametrize(("charge_pct", "counts"), [(60.0, True), (95.0, False)])
def test_means_count_only_while_the_battery_was_far_from_full(
    settings: Settings, open_store: OpenStore, clock: FakeClock, charge_pct: float, counts: bool
) -> None:
    power = open_store("power")
    live_days(power, settings, FIRST, [0.5, 0.5], charge_pct)
    clock.set_wall_clock(FIRST)
    clock.advance(6 * 86_400)
    retention.retain(power)  # the full rows are gone now
    days = made(open_store, settings, clock.utc)
    assert [len(day.hours) > 8 for day in days] == [counts, counts]
    if counts:
        assert days[0].measured_wh / days[0].clear_wh == pytest.approx(0.5, rel=0.03)


def test_hourly_means_serve_where_the_fine_ones_are_gone(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    power, clock.synchronized = open_store("power"), True
    live_days(power, settings, FIRST, [0.5], every_s=60)
    clock.set_wall_clock(FIRST)
    clock.advance(40 * 86_400)
    retention.retain(power)
    (day,) = made(open_store, settings, clock.utc)
    assert len(day.hours) == 12
    assert day.measured_wh / day.clear_wh == pytest.approx(0.5, rel=0.05)
    # A row a minute is a third of the usual rate: so much of the hour counts as seen.
    assert day.clear_wh == pytest.approx(sum(plain_day(settings)) / 3, rel=0.05)


def plain_day(settings: Settings) -> list[float]:
    times = [FIRST + timedelta(hours=hour + 0.5) for hour in range(24)]
    return plain_sky(SITE, settings.panels, times)


def test_days_are_solar_days_of_the_site(settings: Settings) -> None:
    east = replace(settings, site=replace(SITE, longitude_deg=150.0))
    evening = datetime(2026, 4, 14, 15, 0, tzinfo=UTC)
    assert to_solar_date(evening, east).day == 15
    assert find_midnight(to_solar_date(evening, east), east) == datetime(
        2026, 4, 14, 14, 0, tzinfo=UTC
    )
    assert to_solar_date(evening, settings).day == 14


def test_days_of_a_wrong_clock_are_not_the_past(open_store: OpenStore) -> None:
    plan = open_store("plan")
    today = NOW.date()
    plan.add(*[a_sun_day(today + timedelta(days=ahead), 0.5) for ahead in (-200, -2, -1, 0, 30)])
    assert [day.day for day in read_days(plan, today)] == [
        to_storage_key(today - timedelta(days=2)),
        to_storage_key(today - timedelta(days=1)),
    ]
    assert HISTORY_DAYS == 120


def test_a_site_without_a_past_has_no_shade_and_no_days(settings: Settings) -> None:
    past = build_history([], settings, plain_sky, NOW.date())
    assert past.days == ()
    assert set(past.shade) == {1.0}


def test_shade_is_learned_from_clear_days(settings: Settings) -> None:
    days = []
    for ago in range(40, 0, -1):
        day = a_sun_day(NOW.date() - timedelta(days=ago), 0.8)
        days.append(replace(day, hours={**day.hours, "8": 0.2}))
    past = build_history(days, settings, plain_sky, NOW.date())
    assert past.shade[8] == pytest.approx(0.25, abs=0.1)
    assert past.shade[12] == pytest.approx(1.0, abs=0.02)


def test_nothing_that_comes_later_changes_the_history_of_a_day(
    settings: Settings, open_store: OpenStore
) -> None:
    """Two histories that agree until 13 April and differ after."""
    power = open_store("power")
    live_days(power, settings, FIRST, [0.8, 0.3])
    before = made(open_store, settings, FIRST + timedelta(days=2, hours=1))
    live_days(power, settings, FIRST + timedelta(days=2), [0.9, 0.9])
    after = made(open_store, settings, FIRST + timedelta(days=2, hours=1))
    assert before == after
    assert build_history(
        before, settings, plain_sky, (FIRST + timedelta(days=2)).date()
    ) == build_history(
        [*after, a_sun_day((FIRST + timedelta(days=3)).date(), 0.9)],
        settings,
        plain_sky,
        (FIRST + timedelta(days=2)).date(),
    )


def test_a_day_keeps_its_yield_its_clear_hours_and_the_panels_voltage(
    settings: Settings, open_store: OpenStore
) -> None:
    live_days(open_store("power"), settings, FIRST, [0.8, 0.3])
    day = made(open_store, settings)[0]
    assert day.yield_wh == pytest.approx(0.8 * 120 * 24 / 3.1416, rel=0.02)
    assert day.clear_hours is not None
    assert 8 <= day.clear_hours <= 10
    assert day.clear_hours_wh is not None
    assert day.clear_hours_reference_wh is not None
    ratio = day.clear_hours_wh / day.clear_hours_reference_wh
    assert ratio == pytest.approx(0.8 * (1 - LOSSES), rel=0.02)
    assert (day.curtailed_h, day.noon_pv_v, day.highest_pv_v) == (0.0, 30.0, 30.0)


@pytest.mark.parametrize(
    "changed", [{"charge_stage": ChargeStage.FLOAT}, {"charge_allowed": False}]
)
def test_curtailed_time_is_counted_and_left_out_of_the_clear_hours(
    settings: Settings, open_store: OpenStore, changed: dict[str, Any]
) -> None:
    live_days(open_store("power"), settings, FIRST, [0.2, 0.2], **changed)
    day = made(open_store, settings)[0]
    assert day.curtailed_h == pytest.approx(12.0, abs=0.5)
    assert (day.clear_hours, day.clear_hours_wh) == (0.0, 0.0)
    assert day.yield_wh == pytest.approx(0.2 * 120 * 24 / 3.1416, rel=0.02)


def test_a_battery_that_is_full_hides_the_panels_where_the_controller_reports_no_stage(
    settings: Settings, open_store: OpenStore
) -> None:
    live_days(open_store("power"), settings, FIRST, [0.0, 0.0], charge_pct=99.0, charge_stage=None)
    day = made(open_store, settings)[0]
    assert day.clear_wh == 0.0
