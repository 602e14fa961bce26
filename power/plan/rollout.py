"""The unit on paper: charge, level and worth, piece by piece, under a sun that is given.

Reads and writes: nothing; pure. The plan that is shown and the replay of the past are walks.
Never: another physics than the planner's (power/plan/solver.py), or another guard than the real
one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from appliance.model import BatteryState, EnergyLevel, Stamp
from appliance.settings import BatterySettings, Settings
from power.battery.voltage_curve import get_cell
from power.guard.guard import compute_reserve_wh, judge_charge, lower_bound_pct
from power.guard.limits import derive_limits
from power.guard.reserve import compute_reserve_days
from power.plan.ladder import choose_level
from power.plan.policy import (
    DecisionState,
    PolicyTable,
    SolarNowcast,
    choose_option,
    compute_value_curve,
    interpolate_clear_w,
)
from power.plan.policy_planner import mean_clearness
from power.plan.solver import CONTROLLER, DISCHARGING, MOST_C, grow_sigma_pct
from power.plan.utility import Option

DECISION_H = 0.25  # how far the planner looks before it asks the table


@dataclass(frozen=True, slots=True)
class TimeStep:
    """Some time of steady sun. `hour`: since the table's start, `sun_w`: what the panels can give,
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
    """One piece as it went: the charge at its start and at its end, and how was spent."""

    step: TimeStep
    charge_pct: float
    end_pct: float
    option: Option


class StepController(Protocol):
    """Who chooses the way to spend."""

    def choose(self, piece: TimeStep, charge_pct: float) -> Option:
        """The way to spend from now on; of the piece's sun it may not look."""

    def observe(self, piece: TimeStep) -> None:
        """The piece is over and its sun is known."""


class TableController:
    """Chooses as power/plan/policy_planner.py does. `sees`: it learns each day's sky from the sun
    so far.
    """

    def __init__(
        self,
        table: PolicyTable,
        options: Sequence[Option],
        battery: BatterySettings,
        nowcast: SolarNowcast | None = None,
        learns_sun: bool = True,
    ) -> None:
        self._table = table
        self._choices = options
        self._capacity_wh = battery.capacity_wh
        self._today = nowcast or SolarNowcast()
        self._sees = learns_sun
        self._held: Option | None = None

    def choose(self, piece: TimeStep, charge_pct: float) -> Option:
        table = self._table
        self._today.observe(table, piece.hour, None)
        skies = self._today.estimate_chances(table)
        sun_w = interpolate_clear_w(table, piece.hour + piece.hours / 2) * mean_clearness(skies)
        now = DecisionState(piece.hour, charge_pct, sun_w, piece.cold)
        worth = compute_value_curve(table, piece.hour + DECISION_H, skies, piece.cold)
        self._held = choose_option(self._choices, now, worth, table, self._capacity_wh, self._held)
        return self._held

    def observe(self, piece: TimeStep) -> None:
        if self._sees:
            self._today.observe(self._table, piece.hour + piece.hours, piece.sun_w)


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
        self._choices = options
        self._doubt_pct = settings.energy.sigma_weight * sigma_pct
        self._level = previous

    def choose(self, piece: TimeStep, charge_pct: float) -> Option:  # noqa: ARG002  (as all)
        energy = self._settings.energy
        self._level = choose_level(charge_pct - self._doubt_pct, self._level, energy)
        return choose_affordable(self._choices, self._level, self._settings.power_w(self._level))

    def observe(self, piece: TimeStep) -> None:
        """It looks at the charge alone."""


def choose_affordable(options: Sequence[Option], level: EnergyLevel, power_w: float) -> Option:
    """The most that may be spent at `level` with `power_w`."""
    found = [one for one in options if one.level <= level and one.power_w <= power_w * 1.0001]
    return found[-1] if found else options[0]


def roll_out(
    steps: Sequence[TimeStep],
    charge_pct: float,
    sigma_pct: float,
    controller: StepController,
    options: Sequence[Option],
    settings: Settings,
) -> list[SimulatedStep]:
    """Live through the pieces, the guard above the chooser. The doubt grows by the day."""
    lived: list[SimulatedStep] = []
    for piece in steps:
        wished = controller.choose(piece, charge_pct)
        doubt_pct = grow_sigma_pct(sigma_pct, int((piece.hour - steps[0].hour) // 24))
        option = apply_guard(wished, piece, charge_pct, doubt_pct, options, settings)
        moved_pct = compute_charge_change_pct(piece, option.power_w, settings.battery)
        end_pct = min(100.0, max(0.0, charge_pct + moved_pct))
        lived.append(SimulatedStep(piece, charge_pct, end_pct, option))
        charge_pct = end_pct
        controller.observe(piece)
    return lived


def compute_charge_change_pct(piece: TimeStep, draw_w: float, battery: BatterySettings) -> float:
    """Charge (%) that comes in, or goes out, in one piece."""
    net_w = piece.sun_w * CONTROLLER - draw_w
    if net_w < 0:
        net_w /= DISCHARGING
    elif piece.cold:
        net_w = 0.0
    else:
        most_w = MOST_C * battery.capacity_wh
        net_w = min(net_w, most_w) * get_cell(battery).charge_efficiency * CONTROLLER
    return net_w * piece.hours / battery.capacity_wh * 100


def apply_guard(
    proposed: Option,
    step: TimeStep,
    charge_pct: float,
    sigma_pct: float,
    options: Sequence[Option],
    settings: Settings,
) -> Option:
    """What is left of a wish when the guard has judged the charge."""
    battery, energy = settings.battery, settings.energy
    drawable_pct = max(0.0, charge_pct - step.hidden_pct)
    state = BatteryState(
        Stamp(step.starts, "", 0.0),
        charge_pct,
        sigma_pct,
        drawable_pct / 100 * battery.capacity_wh,
        battery.capacity_wh,
        None,
        step.cold,
        "expected",
    )
    kept_wh = compute_reserve_wh(battery, energy, compute_reserve_days(settings, step.starts, None))
    least_pct = lower_bound_pct(state)
    verdict = judge_charge(least_pct, None, None, state, derive_limits(battery, energy), kept_wh)
    if verdict.power_off:
        return Option(EnergyLevel.OFF, 0.0, 0.0)
    if proposed.level <= verdict.max_level:
        return proposed
    return choose_affordable(options, verdict.max_level, proposed.power_w)
