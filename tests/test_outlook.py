"""The day-ahead plan: the learned sky, the ladder followed into tomorrow, and the command."""

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.model import BatteryState, ChargeStage, EnergyLevel, EnergyPlanStep, PowerReading
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.outlook import (
    STEPS,
    day_ahead,
    learned_clearness,
    measured_sun,
    plan_times,
)
from power.plan import PlanError, make_plan
from tests.conftest import ROOT, OpenStore
from tests.fakes import FakeClock

SETTINGS = Settings()


def plain_sky(site: SiteSettings, panels: PanelsSettings, times: Sequence[datetime]) -> list[float]:
    """Half a sine from 6 to 18 h UTC that reaches the panels' peak at noon."""
    hours = [at.hour + at.minute / 60 for at in times]
    return [panels.peak_w * max(0.0, math.sin((hour - 6) / 12 * math.pi)) for hour in hours]


def a_state(clock: FakeClock, charge: float | None, sigma: float = 2.0) -> BatteryState:
    return BatteryState(clock.stamp(), charge, sigma, 1000, 2560, None, False, "counted")


def a_reading(clock: FakeClock, sun_w: float | None, stage: ChargeStage) -> PowerReading:
    return PowerReading(clock.stamp(), "test", sun_w, None, 13.2, 1.0, None, 5.0, stage, None)


def planned(
    clock: FakeClock, charge: float, clearness: float = 0.7, settings: Settings = SETTINGS
) -> list[EnergyPlanStep]:
    sky_w = plain_sky(settings.site, settings.panels, plan_times(clock.utc))
    return day_ahead(a_state(clock, charge), None, sky_w, clearness, settings, clock.stamp())


def test_the_plan_covers_36_hours_in_quarters_of_an_hour(clock: FakeClock) -> None:
    clock.advance(7 * 60 + 3)
    times = plan_times(clock.utc)
    assert len(times) == STEPS == 144
    assert times[0] == datetime(2026, 4, 15, 2, 0, tzinfo=UTC)
    assert times[-1] - times[0] == timedelta(hours=35.75)


def test_a_low_battery_sleeps_until_the_sun_has_filled_it(clock: FakeClock) -> None:
    steps = planned(clock, charge=24)
    assert steps[0].level == EnergyLevel.SENTINEL
    levels = [step.level for step in steps]
    assert levels.index(EnergyLevel.ECO) < levels.index(EnergyLevel.FULL)
    noon = next(step for step in steps if step.starts.hour == 12)
    assert noon.pv_power_w == pytest.approx(0.7 * 600, rel=0.01)
    assert noon.load_power_w == SETTINGS.power_w(noon.level)
    assert max(step.state_of_charge_pct for step in steps) <= 100


def test_the_planned_charge_is_the_balance_of_sun_and_load(clock: FakeClock) -> None:
    night, after = planned(clock, charge=80)[:2]
    drawn_pct = SETTINGS.energy.full_power_w * 0.25 / 2560 * 100
    assert night.state_of_charge_pct - after.state_of_charge_pct == pytest.approx(drawn_pct)


def test_a_dark_plan_steps_down_and_ends_at_power_off(clock: FakeClock) -> None:
    small = replace(SETTINGS, battery=replace(SETTINGS.battery, capacity_wh=400))
    levels = [step.level for step in planned(clock, 70, clearness=0.0, settings=small)]
    assert levels == sorted(levels, reverse=True)
    assert EnergyLevel.HIBERNATE in levels


def test_clearness_is_measured_over_possible_sun_without_throttled_quarters(
    clock: FakeClock,
) -> None:
    clock.set_wall_clock(datetime(2026, 4, 15, 7, 0, tzinfo=UTC))
    readings = []
    for minute in range(8 * 60):
        sky_w = plain_sky(SETTINGS.site, SETTINGS.panels, [clock.utc])[0]
        throttled = minute >= 5 * 60
        stage = ChargeStage.FLOAT if throttled else ChargeStage.BULK
        readings.append(a_reading(clock, 20.0 if throttled else 0.4 * sky_w, stage))
        clock.advance(60)
    measured_w = measured_sun(readings)
    assert len(measured_w) == 20
    middles = [start + timedelta(minutes=7.5) for start in measured_w]
    sky = dict(zip(measured_w, plain_sky(SETTINGS.site, SETTINGS.panels, middles), strict=True))
    assert learned_clearness(measured_w, sky, 600) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(("share", "clearness"), [(0.01, 0.1), (1.3, 1.0), (0.5, 0.5)])
def test_clearness_is_clipped(clock: FakeClock, share: float, clearness: float) -> None:
    quarters = plan_times(clock.utc)[:8]
    assert learned_clearness(
        dict.fromkeys(quarters, share * 600), dict.fromkeys(quarters, 600.0), 600
    ) == pytest.approx(clearness)


def test_a_night_of_readings_teaches_nothing_about_the_sky(clock: FakeClock) -> None:
    quarters = plan_times(clock.utc)[:8]
    night = dict.fromkeys(quarters, 0.0)
    assert learned_clearness(night, night, 600) is None


def test_a_stored_plan_has_one_stamp_and_a_sentence(
    clock: FakeClock, settings: Settings, open_store: OpenStore
) -> None:
    power, plan = open_store("power"), open_store("plan")
    clock.set_wall_clock(datetime(2026, 4, 15, 9, 0, tzinfo=UTC))
    for _ in range(4 * 60):
        sky_w = plain_sky(settings.site, settings.panels, [clock.utc])[0]
        power.add(a_reading(clock, 0.5 * sky_w, ChargeStage.BULK))
        clock.advance(60)
    power.add(a_state(clock, 60.0))
    said = make_plan(plan, settings, plain_sky)
    rows = plan.rows(EnergyPlanStep)
    assert len(rows) == 144
    assert len({row.stamp for row in rows}) == 1
    assert "50 % of a clear sky (learned here)" in said


def test_there_is_no_plan_from_an_unknown_or_old_charge(
    clock: FakeClock, settings: Settings, open_store: OpenStore
) -> None:
    power, plan = open_store("power"), open_store("plan")
    with pytest.raises(PlanError, match="charge of the battery is unknown"):
        make_plan(plan, settings, plain_sky)
    power.add(a_state(clock, 60.0))
    clock.advance(4000)
    with pytest.raises(PlanError):
        make_plan(plan, settings, plain_sky)
    assert plan.rows(EnergyPlanStep) == []


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('[unit]\ndata_dir = "{data}"\n', 1, "plan: there is no plan because"),
        ("[unti]\n", 2, "did you mean 'unit'?"),
    ],
)
def test_the_command_ends_with_one_sentence_and_a_code(
    tmp_path: Path, text: str, code: int, said: str
) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(text.format(data=tmp_path / "data"))
    done = subprocess.run(
        [sys.executable, "-m", "power.plan", "--settings", str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
