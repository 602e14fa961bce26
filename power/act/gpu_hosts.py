"""Which GPU hosts are on: as many as the budget's power pays for, the first named first.

Reads and writes: nothing; pure.
Never: delays a step down, or lets a budget that moves around an edge switch hosts back and forth.

Three things keep a host from being switched often (a boot costs energy and wears disk and relay):

* It goes on where the power pays for its idle draw and half of its work, and off only where not
  even a quarter of its work is paid for.
* The power must have paid for it without a break: 15 minutes, and longer where it went on earlier
  in the same 24 hours: 2 hours for the second time, 12 hours from the third on.
* A host goes on only when all named before it are on (those that the level allows), so that power
  for one host is not passed around among them.

So a budget that swings regularly, at whatever rate, switches a host at most four times a day.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.model import EnergyLevel
from appliance.sections.loads import SwitchSettings
from appliance.settings import Settings

START_SHARE = 0.5  # of what work adds to the idle draw: so much must be paid for to switch on
KEEP_SHARE = 0.25  # so much to stay on
START_DELAYS_S = (900.0, 7200.0, 43_200.0)
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class HostState:
    """One host: whether it is on, since when (uptime) the power paid for it without a break, and
    when in the last 24 hours it was switched on.
    """

    on: bool = False
    affordable_since_s: float | None = None
    starts_s: tuple[float, ...] = ()


Hosts = Mapping[str, HostState]


def choose(
    before: Hosts | None,
    settings: Settings,
    level: EnergyLevel,
    power_w: float | None,
    now_s: float,
) -> dict[str, HostState]:
    """Each host's next state, in the order of the settings.

    `before` None: nothing is known yet, and what the power pays for goes on (or stays on) at once:
    the power service may have been restarted while hosts run. `power_w` None: the level alone
    decides, and at once.
    """
    after: dict[str, HostState] = {}
    at_once = before is None or power_w is None
    left_w = keep_w = float("inf") if power_w is None else power_w - settings.compute_base_w(level)
    earlier_on = True
    for name, switch in list_hosts(settings).items():
        state = (before or {}).get(name, HostState())
        if level < switch.runs_from:  # neither counted nor waited for
            after[name] = compute_next_state(
                state, now_s, can_start=False, can_stay=False, in_turn=False
            )
            continue
        work_w = max(0.0, switch.full_w - switch.idle_w)
        left_w -= switch.idle_w + START_SHARE * work_w
        keep_w -= switch.idle_w + KEEP_SHARE * work_w
        can_start, can_stay = left_w >= 0, keep_w >= 0
        if not at_once:
            after[name] = compute_next_state(
                state, now_s, can_start=can_start, can_stay=can_stay, in_turn=earlier_on
            )
        else:
            after[name] = HostState(on=True, starts_s=(now_s,)) if can_start else HostState()
        earlier_on = after[name].on
    return after


def list_hosts(settings: Settings) -> dict[str, SwitchSettings]:
    """The switches that are GPU hosts."""
    return {name: switch for name, switch in settings.switch.items() if switch.is_host}


def compute_next_state(
    state: HostState, now_s: float, *, can_start: bool, can_stay: bool, in_turn: bool
) -> HostState:
    """One host's next state. `can_start`: the power pays for switching it on; `can_stay`: for
    keeping it on; `in_turn`: all that are named before it are on. Its wait begins before its turn.
    """
    starts_s = tuple(start_s for start_s in state.starts_s if now_s - start_s < DAY_S)
    if state.on:
        return HostState(on=can_stay, starts_s=starts_s)
    if not can_start:
        return HostState(starts_s=starts_s)
    since_s = now_s if state.affordable_since_s is None else state.affordable_since_s
    delay_s = START_DELAYS_S[min(len(starts_s), len(START_DELAYS_S) - 1)]
    if not (in_turn and now_s - since_s >= delay_s):
        return HostState(affordable_since_s=since_s, starts_s=starts_s)
    return HostState(on=True, starts_s=(*starts_s, now_s))
