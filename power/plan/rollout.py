"""The rollout: charge, level and utility of the unit, step by step, under a given sun.

Reads and writes: nothing; pure. The plan that is shown and the backtest are rollouts.
Never: uses other physics than the solver (power/battery/charge_physics.py), or another guard than
the real one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from appliance.model import BatteryState, EnergyLevel, Stamp
from appliance.settings import BatterySettings, Settings
from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.guard.by_charge import judge_charge
from power.guard.limits import derive_limits
from power.guard.proven_charge import compute_lower_bound_pct
from power.plan.ladder import choose_level
from power.plan.nowcast import SolarNowcast
from power.plan.policy import DECISION_H, DecisionState, choose_option
from power.plan.policy_table import PolicyTable, compute_value_curve, interpolate_clear_w
from power.plan.problem import compute_current_reserve_wh
from power.plan.solver import grow_sigma_pct
from power.plan.utility import Option
from power.plan.weather_model import mean_clear_sky_index

DRAW_TOLERANCE = 1.0001  # of a power limit, for rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStep:
    """Some time of steady sun. `hour`: since the table's start; `sun_w`: what the panels can give;
    `hidden_pct`: charge that the cold keeps back.
    """

    starts: datetime
    hour: float
    hours: float
    sun_w: float
    cold: bool
    hidden_pct: float


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """One step with its result: the charge at its start and at its end, and the option."""

    step: TimeStep
    charge_pct: float
    end_pct: float
    option: Option


class StepController(Protocol):
    """Chooses the option of each step."""

    def choose(self, step: TimeStep, charge_pct: float) -> Option:
        """The option from now on; it must not use the step's sun."""

    def observe(self, step: TimeStep) -> None:
        """The step is over and its sun is known."""


class TableController:
    """Chooses as power/plan/policy_planner.py does. `learns_sun`: it judges each day's weather from
    the sun so far.
    """

    def __init__(
        self,
        table: PolicyTable,
        options: Sequence[Option],
        battery: BatterySettings,
        nowcast: SolarNowcast | None = None,
        *,
        learns_sun: bool = True,
    ) -> None:
        self._table = table
        self._options = options
        self._battery = ChargeModel.from_settings(battery)
        self._nowcast = nowcast or SolarNowcast()
        self._learns_sun = learns_sun
        self._held: Option | None = None

    def choose(self, step: TimeStep, charge_pct: float) -> Option:
        table = self._table
        self._nowcast.observe(table, step.hour, None)
        weather = self._nowcast.estimate_chances(table)
        sun_w = interpolate_clear_w(table, step.hour + step.hours / 2) * mean_clear_sky_index(
            weather
        )
        self._held = choose_option(
            self._options,
            DecisionState(hour=step.hour, charge_pct=charge_pct, sun_w=sun_w, cold=step.cold),
            curve=compute_value_curve(table, step.hour + DECISION_H, weather, cold=step.cold),
            table=table,
            battery=self._battery,
            held=self._held,
        )
        return self._held

    def observe(self, step: TimeStep) -> None:
        if self._learns_sun:
            self._nowcast.observe(self._table, step.hour + step.hours, step.sun_w)


class LadderController:
    """Chooses by the charge alone, as power/plan/ladder.py does."""

    def __init__(
        self,
        settings: Settings,
        options: Sequence[Option],
        sigma_pct: float,
        previous: EnergyLevel | None = None,
    ) -> None:
        self._settings = settings
        self._options = options
        self._margin_pct = settings.energy.sigma_weight * sigma_pct
        self._level = previous

    def choose(self, step: TimeStep, charge_pct: float) -> Option:  # noqa: ARG002  (as all)
        energy = self._settings.energy
        self._level = choose_level(charge_pct - self._margin_pct, self._level, energy)
        return choose_affordable(
            self._options, self._level, self._settings.get_level_power_w(self._level)
        )

    def observe(self, step: TimeStep) -> None:
        """It uses the charge alone."""


def choose_affordable(options: Sequence[Option], level: EnergyLevel, power_w: float) -> Option:
    """The highest option that is allowed at `level` and draws `power_w` at most, with no second
    source and no heater.
    """
    most_w = power_w * DRAW_TOLERANCE
    alone = [one for one in options if not (one.source_w or one.heats)]
    found = [one for one in alone if one.level <= level and one.power_w <= most_w]
    return found[-1] if found else options[0]


def limit_level(proposed: Option, options: Sequence[Option], level: EnergyLevel) -> Option:
    """The option at `level` at most that is nearest to the proposed one, its source and heater
    with it.
    """
    if not (proposed.source_w or proposed.heats):
        return choose_affordable(options, level, proposed.power_w)
    beside = (proposed.source_w, proposed.heats)
    same = [one for one in options if (one.source_w, one.heats) == beside and one.level <= level]
    return same[-1] if same else options[0]


def roll_out(
    steps: Sequence[TimeStep],
    controller: StepController,
    options: Sequence[Option],
    settings: Settings,
    *,
    charge_pct: float,
    sigma_pct: float,
) -> list[SimulatedStep]:
    """Simulate the steps from that charge on, the guard above the controller. Sigma grows by the
    day.
    """
    battery = ChargeModel.from_settings(settings.battery)
    simulated: list[SimulatedStep] = []
    for step in steps:
        proposed = controller.choose(step, charge_pct)
        grown_pct = grow_sigma_pct(sigma_pct, int((step.hour - steps[0].hour) // 24))
        state = make_state(step, charge_pct, grown_pct, settings.battery)
        option = apply_guard(proposed, step.starts, state, options, settings)
        change_pct = compute_charge_change_pct(
            battery,
            sun_w=step.sun_w,
            draw_w=option.power_w,
            hours=step.hours,
            cold=step.cold and not option.heats,
        )
        end_pct = min(100.0, max(0.0, charge_pct + change_pct))
        simulated.append(SimulatedStep(step, charge_pct, end_pct, option))
        charge_pct = end_pct
        controller.observe(step)
    return simulated


def make_state(
    step: TimeStep, charge_pct: float, sigma_pct: float, battery: BatterySettings
) -> BatteryState:
    """What the estimator would say at the start of the step."""
    drawable_pct = max(0.0, charge_pct - step.hidden_pct)
    return BatteryState(
        stamp=Stamp(step.starts, "", 0.0),
        state_of_charge_pct=charge_pct,
        sigma_pct=sigma_pct,
        energy_wh=drawable_pct / 100 * battery.capacity_wh,
        capacity_wh=battery.capacity_wh,
        time_to_go_s=None,
        charge_blocked=step.cold,
        method="expected",
    )


def apply_guard(
    proposed: Option,
    utc: datetime,
    state: BatteryState,
    options: Sequence[Option],
    settings: Settings,
) -> Option:
    """What the guard allows of a proposed option in that state."""
    battery, energy = settings.battery, settings.energy
    kept_wh = compute_current_reserve_wh(settings, utc, None, confirmed=True)
    least_pct = compute_lower_bound_pct(state)
    verdict = judge_charge(least_pct, state, derive_limits(battery, energy), reserve_wh=kept_wh)
    if verdict.power_off:
        return Option(EnergyLevel.OFF, power_w=0.0, utility=0.0)
    if proposed.level <= verdict.max_level:
        return proposed
    return limit_level(proposed, options, verdict.max_level)
