"""The run of the plan with panels that stand otherwise than set, or lie under snow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.model import EnergyPolicy, SolarDay
from appliance.settings import PanelsSettings, Settings
from appliance.store.store import Store
from power.plan.array_check import ArrayFault, YieldLow, YieldStepped
from power.plan.array_direction import ArrayDirection
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.history import compute_clear_days
from power.plan.panels_watch import select_faults, watch_panels
from power.plan.run import gather_inputs, run_plan
from power.plan.snow_fault import PanelsCovered
from tests.conftest import OpenStore
from tests.power.plan.site_days import SITE, a_state, live_days
from tests.stand_ins.fakes import FakeClock

NOW = datetime(2026, 4, 20, 9, 0, tzinfo=UTC)
EAST = PanelsSettings(peak_w=600.0, azimuth_deg=90.0)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, site=SITE, panels=replace(EAST, azimuth_deg=None))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def plan(clock: FakeClock, open_store: OpenStore) -> Store:
    open_store("power").add(a_state(clock.stamp(), 62.0))
    return open_store("plan")


def store_clear_days(plan: Store, panels: PanelsSettings, settings: Settings, count: int) -> None:
    """Clear days of these panels, with their ratios to the panels of the settings."""
    dates = [(NOW - timedelta(days=back)).date() for back in range(count, 0, -1)]
    said = compute_clear_days(settings, compute_clear_sky_w, dates)
    true = compute_clear_days(replace(settings, panels=panels), compute_clear_sky_w, dates)
    for date in dates:
        day = datetime(date.year, date.month, date.day, tzinfo=UTC)
        minutes = range(255, 18 * 60, 30)
        times = [day + timedelta(minutes=m) for m in minutes]
        power_w = compute_clear_sky_w(SITE, panels, times)
        lit = [hour for hour in range(24) if said[date][hour] > 12]
        plan.add(
            SolarDay(
                plan.clock.stamp(),
                day,
                measured_wh=sum(true[date]),
                clear_wh=sum(said[date]),
                hours={str(hour): true[date][hour] / said[date][hour] for hour in lit},
                coldest_c=8.0,
                warmest_c=16.0,
                yield_wh=sum(true[date]),
                steady_w={
                    str(m): round(w, 1) for m, w in zip(minutes, power_w, strict=True) if w > 12
                },
            )
        )


def test_panels_that_face_east_are_told_and_the_plan_has_its_sun_in_the_morning(
    plan: Store, settings: Settings
) -> None:
    store_clear_days(plan, EAST, settings, 14)
    run_plan(plan, settings, compute_clear_sky_w)
    (fault,) = plan.list_open_faults()
    assert (fault.source, fault.code) == ("plan", "pv-direction")
    now = plan.clock.stamp()
    panels = watch_panels(plan, settings, compute_clear_sky_w, now)
    problem = gather_inputs(plan, settings, panels, now).problem
    today_w = problem.clear_w[:24]
    assert sum(today_w[:12]) > 1.5 * sum(today_w[12:])
    last = problem.history.days[-1].clear_sky_index
    assert last == pytest.approx(1.0, abs=0.1)  # a clear day, beside these panels


def test_a_string_that_is_lost_is_told_beside_a_wrong_direction() -> None:
    direction, snow = ArrayDirection("they face east"), PanelsCovered("since 3 Feb")
    stepped, low, none = YieldStepped("since a day"), YieldLow("beside peak_w"), ArrayFault("none")
    assert select_faults(stepped, None, direction) == [direction, stepped]
    assert select_faults(low, None, direction) == [direction]
    assert select_faults(low, None, None) == [low]
    assert select_faults(stepped, snow, direction) == [snow]
    assert select_faults(none, snow, direction) == [none]
    assert select_faults(None, None, None) == []


def test_panels_that_stand_as_set_raise_nothing_and_the_plan_goes_by_the_settings(
    plan: Store, settings: Settings
) -> None:
    store_clear_days(plan, settings.panels, settings, 14)
    run_plan(plan, settings, compute_clear_sky_w)
    assert plan.list_open_faults() == []
    panels = watch_panels(plan, settings, compute_clear_sky_w, plan.clock.stamp())
    assert panels.clear_sky is compute_clear_sky_w


def test_cold_days_that_give_next_to_nothing_are_told_as_snow_and_end_with_the_first_bright_one(
    plan: Store, settings: Settings
) -> None:
    store_clear_days(plan, settings.panels, settings, 14)
    for day in list(plan.rows(SolarDay))[-3:]:
        dark_wh = 0.012 * day.clear_wh
        plan.add(
            replace(
                day,
                measured_wh=dark_wh,
                yield_wh=dark_wh,
                hours=dict.fromkeys(day.hours, 0.012),
                steady_w={},
                coldest_c=-6.0,
                warmest_c=-1.0,
            )
        )
    run_plan(plan, settings, compute_clear_sky_w)
    (fault,) = plan.list_open_faults()
    assert fault.code == "pv-snow"
    assert "snow or a cover? It was down to -6 C" in fault.text
    assert "grey" in plan.rows(EnergyPolicy)[-1].reason
    store_clear_days(plan, settings.panels, settings, 1)
    run_plan(plan, settings, compute_clear_sky_w)
    assert plan.list_open_faults() == []


def test_readings_far_above_the_nominal_power_are_told(
    plan: Store, settings: Settings, open_store: OpenStore
) -> None:
    live_days(open_store("power"), settings, NOW.replace(hour=0) - timedelta(days=1), [0.9, 0.9])
    unit = replace(settings, panels=replace(settings.panels, peak_w=100.0))
    now = plan.clock.stamp()
    assert watch_panels(plan, unit, compute_clear_sky_w, now).fault_codes == {"pv-peak"}
    assert "panels.peak_w says 100 W" in plan.list_open_faults()[0].text
    assert watch_panels(plan, settings, compute_clear_sky_w, now).fault_codes == frozenset()


@pytest.mark.parametrize(
    "damaged",
    [
        {"hours": {"x": 0.5}},
        {"hours": {"24": 0.5, "-1": 0.3, "9": -4.0}},
        {"steady_w": {"abc": 5.0}},
        {"steady_w": {"nan": 5.0, "1e300": 3.0, "700": -3.0}},
        {"steady_w": {"300": 1e14, "330": 1e14, "360": 1e14, "390": 1e14}},
        {"measured_wh": -1e15, "clear_wh": 1e-300},
        {"clear_hours": 5.0, "clear_hours_wh": -1e15, "clear_hours_reference_wh": 1e-300},
        {"coldest_c": -1e15, "warmest_c": 1e15},
        {"yield_wh": -1e15},
    ],
    ids=str,
)
def test_a_damaged_day_stops_no_plan(
    plan: Store, settings: Settings, damaged: dict[str, Any]
) -> None:
    store_clear_days(plan, EAST, settings, 20)
    for day in list(plan.rows(SolarDay))[-4:]:
        plan.add(replace(day, **damaged))
    run_plan(plan, settings, compute_clear_sky_w)
    assert len(plan.rows(EnergyPolicy)) == 1
