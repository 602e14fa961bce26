"""How soon the battery is to be measured again: the sooner, the more depends on it.

Reads and writes: nothing; pure.
Never: leaves more than a few seconds between a battery that falls and its first low reading while
loads run, or polls lines that answer without a second's rest between two polls.

From the moment that a battery falls until its loads are ordered to stop, three times add up:

    until the next poll              2 s at most while something runs that would have to be stopped
    until a low voltage is confirmed 30 s of low readings (`EMPTY_FOR_S`): a surge is over by then
    until the poll that confirms it  nothing: the polls are spread so that one falls due then

Each poll's own time is added to the first and the last. A poll that measured nothing new (its
answer was lost, or a slow line has not come round: power/reading/side_by_side.py) is repeated after
a second, and every quarter of one once the voltage has been low for long enough; but only for a
minute: by then the silence itself has stopped the loads, and the meter may be gone for days.
While nothing runs, nothing needs to be stopped, and the settings' pace is enough.
"""

from appliance.model import EnergyLevel
from power.guard.limits import NO_RISE_AFTER_S
from power.guard.observations import EMPTY_FOR_S, GuardState, find_deadline_s

WHILE_LOADS_RUN_S = 2.0
WHILE_LOW_S = 1.0
AGAIN_S = REST_S = 1.0
OVERDUE_S = 0.25
PROMISED_S = 35.0  # from a fallen battery to the stop orders


def choose_period_s(
    state: GuardState,
    level: EnergyLevel | None,
    *,
    usual_s: float,
    poll_began_s: float,
    poll_took_s: float,
) -> float:
    """Seconds from the beginning of this poll to that of the next. `usual_s` is the settings'."""
    deadline_s = find_deadline_s(state)
    if deadline_s is not None and poll_began_s - deadline_s <= NO_RISE_AFTER_S:
        wanted_s = spread_until(deadline_s - poll_began_s, max(WHILE_LOW_S, 2 * poll_took_s))
    elif level is not None and level <= EnergyLevel.HIBERNATE:
        wanted_s = usual_s
    elif was_lost(state, poll_began_s):
        wanted_s = AGAIN_S
    else:
        wanted_s = max(WHILE_LOADS_RUN_S, poll_took_s + REST_S)
    return min(usual_s, wanted_s)


def spread_until(left_s: float, pace_s: float) -> float:
    """The pace, or a little slower, so that a poll begins when `left_s` is over."""
    if left_s <= 0:
        return OVERDUE_S
    return left_s / max(1, int(left_s / pace_s))


def was_lost(state: GuardState, poll_began_s: float) -> bool:
    """Whether this poll brought no new voltage, of a battery that was measured a moment ago."""
    measured_s = state.observed_s
    return measured_s is not None and 0 < poll_began_s - measured_s <= NO_RISE_AFTER_S


def estimate_stop_s(*, round_s: float, answer_s: float, interval_s: float) -> float:
    """Seconds at most from a fall that one device measures to the order: until its turn comes, the
    confirmation, and the device that is being asked then before it.

    `round_s`: until its turn comes again on its line; `answer_s`: of one device; `interval_s`: the
    least time between two polls of it.
    """
    may_wait_s = interval_s + AGAIN_S if interval_s > WHILE_LOADS_RUN_S else 0.0
    return max(WHILE_LOADS_RUN_S, may_wait_s, round_s) + EMPTY_FOR_S + 2 * answer_s + OVERDUE_S
