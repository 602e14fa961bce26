"""The guard's first source: the voltage of the battery and of its lowest cell.

Reads and writes: nothing; pure.
Never: counts a voltage as good again before a good voltage is measured.
"""

from appliance.model import EnergyLevel, Stamp
from appliance.wording.sentence import say
from power.guard.limits import Limits
from power.guard.observations import EMPTY_FOR_S, LOW_FOR_S, GuardState, Observation
from power.guard.verdict import Verdict, forbid_loads, format_duration

# So long a sweep over a slow line may take; a low voltage that is not measured for longer is taken
# to be as low as it was: its meter may have gone down with the battery.
LOW_UNSEEN_S = 15.0
CHARGE_HELPS_S = 600.0  # a cell that is still empty after this is not being charged
GOOD_VOLTAGE = Verdict(EnergyLevel.FULL, say("the voltage is good"))
VOLTAGE_JUST_FALLEN = Verdict(EnergyLevel.FULL, say("the voltage has just fallen"), may_rise=False)


def judge_voltage(
    state: GuardState, observation: Observation | None, limits: Limits, now: Stamp, *, charged: bool
) -> Verdict:
    """No loads on a low voltage; power off on an empty cell unless it is being `charged` at last.

    A voltage that was never good since the start forbids loads at once: a service that starts again
    and again would never see it low for long enough.
    """
    if state.low_since_s is None:
        return GOOD_VOLTAGE
    if observation is None or (not state.confirmed and is_unseen(observation, now)):
        return judge_last_voltage(state, limits, now)
    cell, cell_v = limits.cell, observation.cell_v
    if not state.confirmed:
        low = say("the first measured voltages are low, {cell_v:.2f} V per cell", cell_v=cell_v)
        return VOLTAGE_JUST_FALLEN if state.was_good else forbid_loads(low)
    if state.empty_since_s is not None and cell_v < cell.floor_v:
        return judge_empty_cell(observation, state.empty_since_s, limits, now, charged=charged)
    if cell_v >= cell.low_v:
        return forbid_loads(
            say(
                "the voltage was low and is not back at {recovered_v:g} V per cell",
                recovered_v=cell.recovered_v,
            )
        )
    low_for = format_duration(now.uptime_s - state.low_since_s)
    return forbid_loads(
        say(
            "{cell_v:.2f} V per cell is below {low_v:g} V for {low_for}",
            cell_v=cell_v,
            low_v=cell.low_v,
            low_for=low_for,
        )
    )


def is_unseen(observation: Observation, now: Stamp) -> bool:
    """Whether a low voltage has not been measured again for so long that silence counts."""
    return now.uptime_s - observation.at_s > LOW_UNSEEN_S


def judge_empty_cell(
    observation: Observation, since_s: float, limits: Limits, now: Stamp, *, charged: bool
) -> Verdict:
    """Power off, but for a battery that is being charged again."""
    empty_s, floor_v = now.uptime_s - since_s, limits.cell.floor_v
    empty_for = format_duration(empty_s)
    reason = say(
        "{cell_v:.2f} V per cell is below {floor_v:g} V for {empty_for}",
        cell_v=observation.cell_v,
        floor_v=floor_v,
        empty_for=empty_for,
    )
    if observation.at_s - since_s < EMPTY_FOR_S:
        return forbid_loads(reason)
    if charged and empty_s < CHARGE_HELPS_S:
        return forbid_loads(say("{reason}, but charging", reason=reason))
    return Verdict(EnergyLevel.OFF, reason, power_off=True, may_rise=False)


def judge_last_voltage(state: GuardState, limits: Limits, now: Stamp) -> Verdict:
    """A low voltage, and then no reading: it is taken to be as low as it was."""
    is_empty = state.empty_since_s is not None
    since_s = state.empty_since_s if is_empty else state.low_since_s
    limit_s = EMPTY_FOR_S if is_empty else LOW_FOR_S
    lasts = since_s is not None and now.uptime_s - since_s >= limit_s
    if state.was_good and not state.confirmed and not lasts:
        return VOLTAGE_JUST_FALLEN
    least_v = limits.cell.floor_v if is_empty else limits.cell.low_v
    return forbid_loads(
        say("the last measured voltage was below {least_v:g} V per cell", least_v=least_v)
    )
