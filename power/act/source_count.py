"""What a second source has given, used and cost.

Reads and writes: nothing; pure.
Never: takes a tank for full because nobody sees what is taken from it.
"""

from dataclasses import replace

from appliance.model_sources import SourcePhase, SourceState
from appliance.sections.sources import SourceSettings


def count_run(state: SourceState, source: SourceSettings, step_s: float) -> SourceState:
    """With what it did in the last `step_s`."""
    if state.phase is SourcePhase.OFF:
        return replace(state, idle_s=state.idle_s + step_s)
    given_wh = estimate_given_w(state, source) * step_s / 3600
    fuel_kwh = state.fuel_left_kwh
    return replace(
        state,
        run_s=state.run_s + step_s,
        energy_wh=state.energy_wh + given_wh,
        cost=state.cost + given_wh / 1000 * source.cost_per_kwh,
        fuel_left_kwh=None if fuel_kwh is None else max(0.0, fuel_kwh - given_wh / 1000),
        idle_s=0.0,
    )


def estimate_given_w(state: SourceState, source: SourceSettings) -> float:
    """Where its power is not measured, that of the settings, once it has warmed up: the fuel is
    used whether somebody sees it or not.
    """
    if state.phase is not SourcePhase.STARTING:
        return source.power_w if state.power_w is None else state.power_w
    is_warm = state.stamp.uptime_s - state.changed_s >= source.warm_up_s
    return source.power_w if state.power_w is None and is_warm else 0.0
