"""What is done where no server is reached over the link: connect anew, reset, power-cycle. Pure.

    state, verdict = judge(state, facts, settings.link)
    verdict.act                     # a LinkAct, or None
    verdict.supply_off              # the modem's switch is to be off now

Each silence begins with the mildest act; each further one waits twice as long. All acts of 24 hours
together are bounded, over restarts of the service and of the computer: `earlier` are those stored.

Reads and writes: nothing.
Never: acts while the energy level has the link off, during the download of an update, where no act
could help (no SIM, a locked one), or more often than the settings allow.
"""

from dataclasses import dataclass, replace

from appliance.model_updates import LinkAct, LinkPhase
from appliance.sections.link import LinkSettings
from appliance.wording.sentence import say

DAY_S = 86_400.0
LONGEST_WAIT_S = 6 * 3600.0
SUPPLY_OFF_S = 30.0
SETTLE_S = 180.0  # a modem that was switched on needs it to register
HELPLESS = (LinkPhase.NO_SIM, LinkPhase.LOCKED)


@dataclass(frozen=True, slots=True)
class WatchdogState:
    """`silent_since_s`: since when nothing answers; None while the link is not wanted, and
    `silent_before_s` says how long it was by then: a silence goes on over windows.
    `wanted_since_s`: since when it is wanted. `acts_s`: when it acted, seconds of this boot; those
    of an earlier one are negative. `off_since_s`: the supply is off.
    """

    silent_since_s: float | None = None
    silent_before_s: float = 0.0
    wanted_since_s: float = 0.0
    tries: int = 0
    acts_s: tuple[float, ...] = ()
    off_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What is known now. `is_wanted`: the energy level has it on. `answered_s`: when a server last
    answered, seconds of this boot. `has_switch`: the modem's supply can be switched.
    """

    now_s: float
    is_wanted: bool
    answered_s: float | None
    phase: LinkPhase
    is_downloading: bool = False
    has_switch: bool = False
    has_servers: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason`: "" where there is nothing to say."""

    act: LinkAct | None = None
    reason: str = ""
    supply_off: bool = False
    is_exhausted: bool = False


def judge(
    state: WatchdogState, facts: LinkFacts, own: LinkSettings
) -> tuple[WatchdogState, Verdict]:
    """One cycle."""
    state = follow(state, facts)
    if state.off_since_s is not None:
        return state, Verdict(reason=say("the modem is switched off and on"), supply_off=True)
    silent_s = find_due_s(state, facts, own)
    if silent_s is None:
        return state, Verdict()
    if not list_means(facts):
        return state, Verdict(reason=say("no act of the watchdog helps here"))
    if facts.is_downloading:
        return state, Verdict(reason=say("the watchdog waits: an update is being fetched"))
    if count_acts(state, facts.now_s) >= own.most_resets_per_day:
        text = say(
            "nothing answered for {silent_min:.0f} min, and the watchdog has acted {most} times in "
            "24 h: check antenna, SIM, balance of the contract; `unitctl link`",
            silent_min=silent_s / 60,
            most=own.most_resets_per_day,
        )
        return state, Verdict(reason=text, is_exhausted=True)
    return act(state, facts, silent_s)


def follow(state: WatchdogState, facts: LinkFacts) -> WatchdogState:
    """What changed since the last cycle, before anything is decided."""
    now_s, since_s = facts.now_s, state.silent_since_s
    if not facts.is_wanted:
        before_s = state.silent_before_s if since_s is None else now_s - since_s
        return replace(state, silent_since_s=None, silent_before_s=before_s, off_since_s=None)
    if state.off_since_s is not None and now_s - state.off_since_s >= SUPPLY_OFF_S:
        state = replace(state, off_since_s=None)
    if since_s is None:
        since_s = now_s - state.silent_before_s
        return replace(state, silent_since_s=since_s, silent_before_s=0.0, wanted_since_s=now_s)
    if facts.answered_s is not None and facts.answered_s > since_s:
        return replace(state, silent_since_s=facts.answered_s, tries=0)
    return state


def find_due_s(state: WatchdogState, facts: LinkFacts, own: LinkSettings) -> float | None:
    """How long nothing has answered, s, where that is long enough to act; else None."""
    if not (own.watchdog and facts.is_wanted and facts.has_servers) or state.silent_since_s is None:
        return None
    silent_s = facts.now_s - state.silent_since_s
    is_settled = facts.now_s - state.wanted_since_s >= SETTLE_S
    return silent_s if is_settled and silent_s >= find_wait_s(state.tries, own) else None


def list_means(facts: LinkFacts) -> tuple[LinkAct, ...]:
    """What could help, the mildest first; a modem that is not there can only be switched."""
    if facts.phase in HELPLESS:
        return ()
    switched = (LinkAct.POWER_CYCLE,) if facts.has_switch else ()
    if facts.phase is LinkPhase.NO_MODEM:
        return switched
    return (LinkAct.RECONNECT, LinkAct.RESET, *switched)


def find_wait_s(tries: int, own: LinkSettings) -> float:
    """How long nothing may answer before the next act: twice as long after each."""
    wait_s = total_s = own.silent_min * 60
    longest_s = max(LONGEST_WAIT_S, wait_s)
    for _ in range(tries):
        wait_s = min(2 * wait_s, longest_s)
        total_s += wait_s
    return total_s


def count_acts(state: WatchdogState, now_s: float) -> int:
    """How many there were in the last 24 hours."""
    return len(list_acts(state, now_s))


def list_acts(state: WatchdogState, now_s: float) -> list[float]:
    """Those of the last 24 hours."""
    return [at_s for at_s in state.acts_s if now_s - at_s < DAY_S]


def act(state: WatchdogState, facts: LinkFacts, silent_s: float) -> tuple[WatchdogState, Verdict]:
    """The next means; the last one again where all were tried."""
    means = list_means(facts)
    chosen = means[min(state.tries, len(means) - 1)]
    after = replace(
        state,
        tries=state.tries + 1,
        acts_s=(*list_acts(state, facts.now_s), facts.now_s),
        off_since_s=facts.now_s if chosen is LinkAct.POWER_CYCLE else None,
    )
    text = say(
        "{act}, act {number} in 24 h: nothing answered for {silent_min:.0f} min",
        act=WORDS[chosen],
        number=len(after.acts_s),
        silent_min=silent_s / 60,
    )
    return after, Verdict(chosen, text, supply_off=after.off_since_s is not None)


WORDS = {
    LinkAct.RECONNECT: say("connected anew"),
    LinkAct.RESET: say("the modem was reset"),
    LinkAct.POWER_CYCLE: say("the modem's supply is switched off and on"),
}
