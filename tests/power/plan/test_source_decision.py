"""What a generator's energy is worth beside what it costs, on value curves made by hand."""

from collections.abc import Sequence
from dataclasses import replace

from appliance.sections.sources import SourceSettings
from appliance.settings import BatterySettings, Settings
from power.battery.charge_physics import ChargeModel
from power.plan.source_decision import RunCase, SourceDecision, decide_run
from power.plan.utility import list_options

SETTINGS = Settings(battery=BatterySettings(capacity_wh=2560))
SOURCE = SourceSettings(switch="generator", power_w=500, cost_per_kwh=2.0, start_cost=1.0)
FLAT = [0.0, 0.0, 0.0, 0.0, 0.0]
STEEP = [0.0, 25.0, 40.0, 50.0, 55.0]  # hours of FULL at 0, 25, 50, 75, 100 %


def decide(
    curve: Sequence[float],
    *,
    charge_pct: float = 40.0,
    source: SourceSettings = SOURCE,
    is_running: bool = False,
    cold: bool = False,
    sun_w: float = 0.0,
) -> SourceDecision:
    case = RunCase(
        hours=1.0, charge_pct=charge_pct, sun_w=sun_w, cold=cold, floor_pct=20.0, curve=curve
    )
    battery = ChargeModel.from_settings(SETTINGS.battery)
    options = list_options(SETTINGS)
    return decide_run([case], options, battery, source, money_per_hour=1.0, is_running=is_running)


def test_charge_that_nobody_needs_later_starts_nothing() -> None:
    assert not decide(FLAT).runs


def test_charge_that_is_worth_more_than_it_costs_starts_it() -> None:
    decision = decide(STEEP)
    assert decision.runs
    assert decision.worth_per_kwh is not None
    assert decision.cost_per_kwh == 4.0  # of half a kWh, with a start
    assert decision.worth_per_kwh > decision.cost_per_kwh
    assert decision.reason == f"a kWh of it is worth {decision.worth_per_kwh:.2f} and costs 4.00"


def test_dear_fuel_is_left_in_the_tank() -> None:
    assert not decide(STEEP, source=replace(SOURCE, cost_per_kwh=1000.0)).runs


def test_one_that_runs_already_has_paid_its_start() -> None:
    dear = replace(SOURCE, start_cost=1000.0)
    assert not decide(STEEP, source=dear).runs
    assert decide(STEEP, source=dear, is_running=True).runs


def test_a_full_battery_takes_nothing_and_so_it_is_worth_nothing() -> None:
    decision = decide(STEEP, charge_pct=100.0, sun_w=200.0)
    assert not decision.runs
    assert decision.worth_per_kwh == 0.0


def test_a_battery_too_cold_to_be_charged_stores_nothing_of_it() -> None:
    cold, warm = decide(STEEP, cold=True), decide(STEEP)
    assert cold.worth_per_kwh is not None
    assert warm.worth_per_kwh is not None
    assert cold.worth_per_kwh < 0.2 * warm.worth_per_kwh
