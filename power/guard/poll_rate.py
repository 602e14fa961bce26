"""How soon the battery is to be measured again: the sooner, the more depends on it.

Reads and writes: nothing; pure.
Never: leaves more than a few seconds between a battery that falls and its first low reading while
loads run, or polls quick lines for more than half of their time.

From the moment that a battery falls until its loads are ordered to stop, three times add up: until
the next poll, until `EMPTY_FOR_S` of low readings have confirmed it (a surge is over by then, and
that is not shortened), and until the poll after that. The first is short while something runs that
would have to be stopped, the last while a low voltage waits to be confirmed. While nothing runs,
nothing needs to be stopped, and the settings' pace is enough. A line that takes more than a second
is not waited for (power/reading/side_by_side.py): its time is not in that of a poll.
"""

from appliance.model import EnergyLevel
from power.guard.observations import GuardState

WHILE_LOADS_RUN_S = 3.0
WHILE_LOW_S = 1.0


def choose_period_s(
    state: GuardState, level: EnergyLevel | None, *, usual_s: float, poll_took_s: float
) -> float:
    """Seconds from the beginning of this poll to that of the next. `usual_s` is the settings'."""
    if state.low_since_s is not None and not state.confirmed:
        wanted_s = WHILE_LOW_S
    elif level is None or level > EnergyLevel.HIBERNATE:
        wanted_s = WHILE_LOADS_RUN_S
    else:
        wanted_s = usual_s
    return min(usual_s, max(wanted_s, 2 * poll_took_s))
