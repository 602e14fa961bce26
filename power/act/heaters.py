"""Switched loads that run for a reason beside their level: heaters of battery and lens, surplus.

    report = heaters.follow(budget, battery, reading, now)

Reads and writes: nothing; the actuator gives the orders.
Never: keeps one on below its level (the guard sheds it as any load) or in a silence, heats by a
temperature that no probe measures, or goes on to heat a battery that does not become warmer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyBudget, EnergyLevel, PowerReading, Stamp
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.guard.by_temperature import find_temperature_c
from power.guard.verdict import format_duration
from power.plan.heater_decision import HeaterDecision

HYSTERESIS_C = 2.0
DARK_W = 5.0  # of PV power: with less it is dark
WARMER_WITHIN_S, WARMER_BY_C = 3600.0, 0.5
TRIED_AGAIN_S = 6 * 3600.0
Decide = Callable[..., HeaterDecision | None]


class HeaterFault(ApplianceError):  # noqa: N818  (named for what it is)
    """A battery heater warms nothing."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.code = f"heater-{name}"


@dataclass(frozen=True, slots=True)
class HeaterState:
    """One of them: whether it is on and since when (uptime), the battery's temperature then, and
    when it last warmed nothing.
    """

    on: bool = False
    changed_s: float = -1e9
    began_c: float | None = None
    failed_s: float | None = None


@dataclass(frozen=True, slots=True)
class HeaterReport:
    """What their switches are ordered to, by name, and what is wrong."""

    switches: Mapping[str, bool]
    faults: tuple[HeaterFault, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaterInputs:
    """What is known in this cycle. `celsius`: of the battery's probe; None: none measures it.
    `is_silent`: there is no reading.
    """

    level: EnergyLevel
    now_s: float
    celsius: float | None
    is_dark: bool | None
    has_surplus: bool
    is_silent: bool = False


def decide_nothing(*_: object, **__: object) -> None:
    """There is no plan."""


class Heaters:
    """Their states. `decide(battery, reading, missing_c=, heater_w=)`: the plan's, for a battery
    that is too cold to be charged.
    """

    def __init__(self, settings: Settings, decide: Decide = decide_nothing) -> None:
        self._switches = {
            name: one
            for name, one in settings.switch.items()
            if one.runs_when not in (RunsWhen.LEVEL, RunsWhen.EVENT, RunsWhen.ALARM)
        }
        self._decide = decide
        self._states = dict.fromkeys(self._switches, HeaterState())

    @property
    def power_w(self) -> float:
        """What those that are on draw at most."""
        return sum(self._switches[name].idle_w for name, state in self._states.items() if state.on)

    def follow(
        self,
        budget: EnergyBudget,
        battery: BatteryState,
        reading: PowerReading | None,
        now: Stamp,
    ) -> HeaterReport:
        """One cycle."""
        sun_w = None if reading is None else reading.pv_power_w
        is_dark = None if sun_w is None else sun_w < DARK_W
        celsius = find_temperature_c(reading)
        at = HeaterInputs(
            budget.level, now.uptime_s, celsius, is_dark, budget.sun_is_free, reading is None
        )
        for name, switch in self._switches.items():
            state = check_warming(self._states[name], switch, at)
            wanted = self._is_wanted(state, switch, at, battery, reading)
            self._states[name] = follow_switch(state, switch, at, wanted=wanted)
        return HeaterReport(
            {name: state.on for name, state in self._states.items()},
            tuple(
                HeaterFault(name, describe_failure(name))
                for name, state in self._states.items()
                if state.failed_s is not None
            ),
        )

    def _is_wanted(
        self,
        state: HeaterState,
        switch: SwitchSettings,
        at: HeaterInputs,
        battery: BatteryState,
        reading: PowerReading | None,
    ) -> bool:
        if switch.runs_when is RunsWhen.SURPLUS:
            return at.has_surplus
        stop_c = switch.below_c + HYSTERESIS_C
        if not is_cold(state, switch, at.celsius) or at.celsius is None:
            return False
        if switch.runs_when is RunsWhen.BATTERY_COLD:
            missing_c = stop_c - at.celsius
            decision = self._decide(battery, reading, missing_c=missing_c, heater_w=switch.idle_w)
            return at.is_dark is False if decision is None else decision.runs
        if switch.runs_when is RunsWhen.DEW and at.is_dark is not True:
            return False
        return switch.worth is None or self._pays(switch, battery, reading)

    def _pays(
        self, switch: SwitchSettings, battery: BatteryState, reading: PowerReading | None
    ) -> bool:
        """Whether an hour with it is worth its energy; without a plan it is."""
        decision = self._decide(
            battery, reading, missing_c=0.0, heater_w=switch.idle_w, worth=switch.worth
        )
        return decision is None or decision.runs


def is_cold(state: HeaterState, switch: SwitchSettings, celsius: float | None) -> bool:
    """Whether it is cold enough to be on: below its temperature, and a little above once it is."""
    limit_c = switch.below_c + (HYSTERESIS_C if state.on else 0.0)
    return celsius is not None and celsius < limit_c


def follow_switch(
    state: HeaterState, switch: SwitchSettings, at: HeaterInputs, *, wanted: bool
) -> HeaterState:
    """The next state: off at once below its level and where nothing is measured, else after its
    least times.
    """
    since_s = at.now_s - state.changed_s
    if state.on:
        stays = at.level >= switch.runs_from and state.failed_s is None and is_measured(switch, at)
        keeps = stays and (wanted or since_s < switch.least_on_s)
        return state if keeps else replace(state, on=False, changed_s=at.now_s, began_c=None)
    may_start = at.level >= switch.runs_from and since_s >= switch.least_off_s
    if wanted and may_start and state.failed_s is None:
        return replace(state, on=True, changed_s=at.now_s, began_c=at.celsius)
    return state


def is_measured(switch: SwitchSettings, at: HeaterInputs) -> bool:
    """Whether what it runs by is known."""
    if switch.runs_when is RunsWhen.SURPLUS:
        return not at.is_silent
    return at.celsius is not None


def check_warming(state: HeaterState, switch: SwitchSettings, at: HeaterInputs) -> HeaterState:
    """Whether a battery heater has failed: on for an hour, and the battery is not warmer. It is
    tried again after some hours, or when the battery is warm enough by itself.
    """
    if switch.runs_when is not RunsWhen.BATTERY_COLD or at.celsius is None:
        return state
    if state.failed_s is not None:
        is_over = at.now_s - state.failed_s >= TRIED_AGAIN_S
        return replace(state, failed_s=None) if is_over or at.celsius >= switch.below_c else state
    if not state.on or state.began_c is None or at.now_s - state.changed_s < WARMER_WITHIN_S:
        return state
    if at.celsius - state.began_c >= WARMER_BY_C:
        return replace(state, began_c=None)  # it warms: what comes later is the weather's
    return replace(state, failed_s=at.now_s)


def describe_failure(name: str) -> str:
    """What it is, and what to look for."""
    return say(
        "the heater of [switch.{name}] was on for {warmer_within} and the battery is not "
        "warmer: fuse? wiring? the probe of the battery? It is tried again after {again}",
        name=name,
        warmer_within=format_duration(WARMER_WITHIN_S),
        again=format_duration(TRIED_AGAIN_S),
    )
