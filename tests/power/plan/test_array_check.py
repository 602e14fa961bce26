"""Panels that give too little: nothing, less since a day, less and less; weather is none of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from appliance.model import SolarDay, Stamp
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.plan.array_check import ArrayFault, YieldDeclines, YieldStepped, check_array
from power.plan.clear_sky import LOSSES
from power.plan.yield_loss import compute_sound_share

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SITE = SiteSettings(latitude_deg=48.0, longitude_deg=0.0)
UNIT = replace(Settings(), site=SITE, panels=PanelsSettings(peak_w=600.0))
CLEAR_WH = 3000.0


def a_day(
    number: int,
    index: float,
    *,
    clear_hours: float = 5.0,
    first: datetime = FIRST,
    **changed: object,
) -> SolarDay:
    """A day whose clear hours gave `index` of what sound panels give; all hours alike."""
    at = first + timedelta(days=number)
    ratio = index * compute_sound_share(at, SITE)
    clear_wh = 300.0 * clear_hours
    day = SolarDay(
        Stamp(at, "b", 1.0),
        at,
        measured_wh=ratio * CLEAR_WH,
        clear_wh=CLEAR_WH,
        hours={str(hour): ratio for hour in range(8, 17)},
        coldest_c=12.0,
        yield_wh=ratio * CLEAR_WH,
        clear_hours=clear_hours,
        clear_hours_wh=ratio * clear_wh,
        clear_hours_reference_wh=clear_wh / (1 - LOSSES),
        noon_pv_v=30.0,
    )
    return replace(day, **changed)  # type: ignore[arg-type]


def days_of(
    count: int, index: Callable[[int], float], *, every: int = 1, seed: int = 5
) -> list[SolarDay]:
    """Days with a scatter of 3 %; but for each `every`-th one they are cloudy."""
    random = Random(seed)
    return [
        a_day(number, index(number) * random.gauss(1, 0.03))
        if number % every == 0
        else a_day(number, random.uniform(0.1, 0.9) * index(number), clear_hours=0.0)
        for number in range(count)
    ]


def check(days: Sequence[SolarDay], today: SolarDay | None = None) -> ArrayFault | None:
    return check_array(days, today, UNIT)


def nothing_on(day: SolarDay, **changed: object) -> SolarDay:
    """The same day without any power."""
    dark = {"yield_wh": 0.0, "measured_wh": 0.0, "hours": {}, "clear_hours": 0.0}
    return replace(day, **{**dark, **changed})  # type: ignore[arg-type]


def test_sound_panels_have_no_fault() -> None:
    assert check(days_of(90, lambda _: 1.0)) is None


def test_stolen_panels_are_found_on_the_day_by_the_missing_voltage() -> None:
    days = days_of(10, lambda _: 1.0)
    fault = check(days, nothing_on(a_day(10, 1.0), noon_pv_v=0.4))
    assert fault is not None
    assert fault.code == "pv-none"
    assert "not connected" in str(fault)
    assert "still there" in str(fault)


@pytest.mark.parametrize("latitude_deg", [48.0, 75.0])
def test_stolen_panels_are_found_in_frost_too_but_for_the_polar_night(latitude_deg: float) -> None:
    """Nothing is charged in frost, so that no hour counts; their voltage is still there, or not."""
    winter = datetime(2026, 12, 10, tzinfo=UTC)
    frost = {"clear_wh": 0.0, "noon_pv_v": 0.4, "coldest_c": -12.0}
    unit = replace(UNIT, site=replace(SITE, latitude_deg=latitude_deg))
    there = nothing_on(a_day(0, 1.0, first=winter), **frost, highest_pv_v=38.0)
    gone = nothing_on(a_day(1, 1.0, first=winter), **frost, highest_pv_v=0.6)
    assert check_array([there], None, unit) is None
    fault = check_array([there, gone], None, unit)
    if latitude_deg > 66:
        assert fault is None
    else:
        assert fault is not None
        assert "since 11 Dec" in str(fault)
        assert "not connected" in str(fault)


def test_one_day_without_power_may_be_the_darkest_sky_and_two_are_a_fault() -> None:
    days = days_of(10, lambda _: 1.0)
    dark = nothing_on(a_day(10, 1.0))
    assert check([*days, dark]) is None
    fault = check([*days, dark, nothing_on(a_day(11, 1.0))])
    assert fault is not None
    assert "since 11 Mar" in str(fault)
    assert "something covers them (they show 30 V)" in str(fault)


def test_in_the_cold_snow_is_named() -> None:
    dark = [nothing_on(a_day(number, 1.0), coldest_c=-3.0) for number in (10, 11)]
    assert "snow" in str(check([*days_of(10, lambda _: 1.0), *dark]))


def test_without_a_probe_the_season_says_whether_snow_may_be() -> None:
    for first, word in ((datetime(2026, 1, 10, tzinfo=UTC), True), (FIRST.replace(month=7), False)):
        dark = [nothing_on(a_day(n, 1.0, first=first), coldest_c=None) for n in (0, 1)]
        unit = replace(UNIT, site=replace(SITE, latitude_deg=60.0))
        assert ("snow" in str(check_array(dark, None, unit))) is word


@pytest.mark.parametrize(
    "changed",
    [
        {"clear_wh": 100.0},
        {"yield_wh": None},
        {"yield_wh": 60.0},
    ],
    ids=["curtailed, or charging disabled by frost", "not measured", "the darkest sky of 26 years"],
)
def test_what_no_clear_sky_was_seen_for_or_gives_a_fiftieth_is_no_fault(
    changed: dict[str, float | None],
) -> None:
    dark = [nothing_on(a_day(number, 1.0), **changed, noon_pv_v=0.0) for number in range(10, 14)]
    assert check([*days_of(10, lambda _: 1.0), *dark]) is None


def test_a_clock_that_is_wrong_by_hours_makes_no_day_dark() -> None:
    """All the sun then lies in hours of the night, which `measured_wh` leaves out."""
    odd = [nothing_on(a_day(number, 1.0), yield_wh=2500.0) for number in range(5)]
    assert check(odd) is None


@pytest.mark.parametrize("lost", [0.5, 1 / 3, 0.25])
def test_a_lost_string_is_found_after_five_clear_days_and_dated(lost: float) -> None:
    days = days_of(66, lambda number: 1.0 if number < 60 else 1 - lost)
    assert check(days[:63]) is None
    fault = check(days)
    assert isinstance(fault, YieldStepped)
    assert "between 29 Apr and 30 Apr" in str(fault)
    assert "string" in str(fault)


@pytest.mark.parametrize("seed", range(12))
def test_one_string_of_four_is_found_within_a_month_where_every_third_day_is_clear(
    seed: int,
) -> None:
    days = days_of(59, lambda number: 1.0 if number < 30 else 0.75, every=3, seed=seed)
    assert any(isinstance(check(days[:end]), YieldStepped) for end in range(40, 60))


def test_clouds_for_weeks_are_no_lost_string() -> None:
    cloudy = [a_day(60 + n, 0.15 + 0.05 * (n % 4), clear_hours=0.0) for n in range(40)]
    assert check([*days_of(60, lambda _: 1.0), *cloudy]) is None


def test_clear_days_that_disagree_are_clouds() -> None:
    """Overcast that is steady for two hours, each day another one."""
    hazy = [a_day(60 + n, (0.3, 0.5, 0.2, 0.6, 0.4)[n % 5]) for n in range(15)]
    assert check([*days_of(60, lambda _: 1.0), *hazy]) is None


def test_an_hour_at_noon_that_gives_more_shows_that_no_string_is_lost() -> None:
    days = days_of(66, lambda number: 1.0 if number < 60 else 0.6)
    bright = replace(days[-1], hours={**days[-1].hours, "12": 0.85})
    assert check([*days[:-1], bright]) is None


def test_dirt_is_found_as_a_decline() -> None:
    days = days_of(120, lambda number: 1 - max(0, number - 30) * 0.003)
    fault = check(days)
    assert isinstance(fault, YieldDeclines)
    assert "clean them" in str(fault)
    assert check(days[:70]) is None


def test_a_fault_stays_until_the_panels_have_recovered() -> None:
    days = days_of(66, lambda number: 1.0 if number < 60 else 0.6)
    odd = [*days, a_day(66, 0.75), a_day(67, 0.5)]
    assert check_array(odd, None, UNIT) is None
    assert check_array(odd, None, UNIT, ["pv-step"]) is not None
    healed = [*days, *(a_day(66 + number, 0.97) for number in range(5))]
    assert check_array(healed, None, UNIT, ["pv-step"]) is None


def test_half_of_the_panels_that_never_gave_is_held_against_the_settings() -> None:
    fault = check(days_of(8, lambda _: 0.5))
    assert isinstance(fault, YieldStepped)
    assert "`peak_w`" in str(fault)
    assert check(days_of(8, lambda _: 0.8)) is None


def test_what_never_gave_is_still_missing_when_the_unit_has_grown_used_to_it() -> None:
    days = days_of(60, lambda _: 0.5)
    assert "since they are watched" in str(check(days))
    assert "since they are watched" in str(check_array(days, None, UNIT, ["pv-step"]))
    assert check_array(days_of(60, lambda _: 0.8), None, UNIT, ["pv-step"]) is None


def test_a_loss_is_dated_by_the_step_that_stayed_and_not_by_a_dark_week_before() -> None:
    def index(number: int) -> float:
        dark_week = 20 <= number < 27
        return 0.35 if dark_week else 1.0 if number < 60 else 0.5

    assert "between 29 Apr and 30 Apr" in str(check(days_of(66, index)))


@pytest.mark.parametrize("seed", range(8))
def test_a_step_is_dated_to_the_day_though_clear_days_differ_by_a_tenth(seed: int) -> None:
    random = Random(seed)
    days = [a_day(n, (1.0 if n < 60 else 0.5) * random.gauss(1, 0.04)) for n in range(66)]
    assert "between 29 Apr and 30 Apr" in str(check(days))


def test_dirt_is_no_step_though_there_was_a_dark_week_before() -> None:
    def index(number: int) -> float:
        return 0.35 if 20 <= number < 27 else 1 - max(0, number - 30) * 0.003

    assert isinstance(check(days_of(120, index)), YieldDeclines)


def test_days_of_an_older_release_say_nothing() -> None:
    old = [
        replace(day, yield_wh=None, clear_hours=None, clear_hours_wh=None, noon_pv_v=None)
        for day in days_of(20, lambda _: 0.3)
    ]
    assert check(old) is None


def test_the_season_is_no_decline() -> None:
    """In January clear hours give a third more of the model than in July: cells are cold."""
    winter = compute_sound_share(datetime(2026, 1, 1, tzinfo=UTC), SITE)
    summer = compute_sound_share(datetime(2026, 7, 1, tzinfo=UTC), SITE)
    assert 1.2 < winter / summer < 1.5
