"""The link in one sentence, and its faults, each with what to do.

Reads and writes: nothing.
Never: calls a link that the energy level has off a fault.
"""

from collections.abc import Iterator

from appliance.errors import ApplianceError
from appliance.model_updates import LinkPhase, LinkState
from appliance.wording.sentence import say
from sensors.link.budget import MB, Budget
from sensors.link.duty import Duty
from sensors.link.errors import LinkBudgetError, LinkError
from sensors.link.look import LinkLook
from sensors.link.watchdog import Verdict

ADVICE = {
    LinkPhase.NO_MODEM: say("there is no modem: check that it is plugged in and powered"),
    LinkPhase.NO_SIM: say("there is no SIM in the modem: put one in, then power it off and on"),
    LinkPhase.LOCKED: say("the SIM is locked"),
    LinkPhase.FAILED: say("the modem has failed: power it off and on; `mmcli -m any` says why"),
    LinkPhase.SEARCHING: say("the modem looks for a network: check antenna and place"),
    LinkPhase.UNKNOWN: say("ModemManager does not answer yet"),
}
DENIED = say("the network refuses the SIM: it is blocked, or has no contract for this country")
BROKEN = (LinkPhase.NO_MODEM, LinkPhase.NO_SIM, LinkPhase.LOCKED, LinkPhase.FAILED)


def describe(
    phase: LinkPhase, look: LinkLook, is_on: Duty, verdict: Verdict, budget: Budget
) -> str:
    """What is most worth knowing."""
    if phase is LinkPhase.OFF:
        return is_on.reason
    if verdict.reason:
        return verdict.reason
    text = describe_modem(phase, look)
    if budget.is_used_up:
        return say("{text}; {used}", text=text, used=describe_use(budget))
    return text


def describe_modem(phase: LinkPhase, look: LinkLook) -> str:
    """How far the modem is, in words."""
    modem = look.modem
    if look.trouble:
        return look.trouble
    if modem is not None and modem.is_denied:
        return DENIED
    if phase in ADVICE:
        return ADVICE[phase]
    signal = (
        say("signal {signal_pct:.0f} %", signal_pct=modem.signal_pct)
        if modem is not None and modem.signal_pct is not None
        else say("signal unknown")
    )
    figures = {
        "operator": (modem and modem.operator) or "-",
        "technology": (modem and modem.technology) or "-",
        "signal": signal,
    }
    if phase is LinkPhase.CONNECTED:
        return say("connected: {operator}, {technology}, {signal}", **figures)
    return say("has a network, but no connection: {operator}, {technology}, {signal}", **figures)


def find_faults(
    state: LinkState, look: LinkLook, verdict: Verdict, budget: Budget
) -> Iterator[ApplianceError]:
    """What a person may have to see to."""
    if verdict.is_exhausted:
        yield LinkError(verdict.reason)
    elif state.phase in BROKEN or (state.phase is not LinkPhase.OFF and look.trouble):
        yield LinkError(describe_modem(state.phase, look))
    if budget.is_scarce:
        yield LinkBudgetError(describe_use(budget))


def describe_use(budget: Budget) -> str:
    """What was used of what, and what that means."""
    figures = list_figures(budget)
    if budget.is_used_up:
        return say(
            "the mobile link has used {used_mb:.0f} of {most_mb:.0f} MB since {begins}: updates "
            "and pictures wait for the next month; alarms and reports go on ([link] "
            "budget_mb_per_month)",
            **figures,
        )
    return say(
        "the mobile link has used {used_mb:.0f} of {most_mb:.0f} MB since {begins}: see what "
        "takes so much, or raise [link] budget_mb_per_month",
        **figures,
    )


def list_figures(budget: Budget) -> dict[str, float | str]:
    """Megabytes, and since when."""
    return {
        "used_mb": budget.used_bytes / MB,
        "most_mb": (budget.most_bytes or 0) / MB,
        "begins": budget.begins.isoformat(),
    }
