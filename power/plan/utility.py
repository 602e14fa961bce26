"""The utility of the loads: the options to spend energy, each with its draw and its utility.

Reads: settings. Writes: nothing; pure.
Never: depends on the sun or the battery. That listening has a third of all utility, and that each
further watt adds less than the one before, is a choice of the owner, not a law.

Utility is counted per hour: 0 with the loads off, `worth_of_listening` at SENTINEL, 1 at FULL.
Between SENTINEL and FULL it rises with the logarithm of the useful power: the first camera adds
more than the second, one frame a second more than the step from four to five.
"""

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace

from appliance.chemistry import get_profile
from appliance.model import EnergyLevel
from appliance.sections.loads import RunsWhen
from appliance.settings import Settings

UTILITY_BEND = 5.0  # the first fifth of the useful power has ln 2 / ln 6 = 39 % of its utility
# Of the useful power, where it is continuous.
WORK_SHARES = (0.08, 0.16, 0.26, 0.38, 0.52, 0.68, 0.84, 1.0)
LISTENING_PREFERENCE = 1.5  # a watt of listening beside the first watt of work
HEAT_DUTY = 0.5  # of its power, what a heater takes in the mean to keep a battery warm
LEAST_HOST_USE = 0.25  # a host that is on is at least this busy


@dataclass(frozen=True, slots=True)
class Option:
    """One way to spend: its draw (W, with all that it needs), and its utility per hour.

    Where a second source runs beside it, the draw is less by what that gives, `source_w`, and the
    utility by what it costs. `heats`: a heater keeps the battery warm enough to be charged; the
    draw is more by what that takes.
    """

    level: EnergyLevel
    _: KW_ONLY
    power_w: float
    utility: float
    source_w: float = 0.0
    heats: bool = False


def list_options(settings: Settings) -> tuple[Option, ...]:
    """All options, the lowest draw first: hibernate, listen, then more and more work."""
    energy = settings.energy
    hibernate = Option(EnergyLevel.HIBERNATE, power_w=energy.hibernate_power_w, utility=0.0)
    work = list_draws(settings)
    listening_utility = compute_listening_utility(settings, *work[0])
    listen = Option(
        EnergyLevel.SENTINEL, power_w=energy.sentinel_power_w, utility=listening_utility
    )
    return (
        hibernate,
        listen,
        *(
            make_work_option(*one, listening_utility=listening_utility, eco_w=energy.eco_power_w)
            for one in work
        ),
    )


def list_heater_options(settings: Settings, options: Sequence[Option]) -> list[Option]:
    """Each option once more with each battery heater that may run at its level."""
    if not get_profile(settings.battery).is_harmed_by_frost:
        return []
    return [
        replace(one, power_w=one.power_w + HEAT_DUTY * switch.idle_w, heats=True)
        for switch in settings.switch.values()
        if switch.runs_when is RunsWhen.BATTERY_COLD
        for one in options
        if one.level >= switch.runs_from
    ]


def compute_listening_utility(settings: Settings, first_w: float, first_share: float) -> float:
    """The utility in the settings, or as much as makes a watt of listening better than one of work.

    Otherwise a plan would do better to sleep half of the night and work in the other half: a unit
    with a battery half full would not listen.
    """
    energy = settings.energy
    listening_w = max(energy.sentinel_power_w - energy.hibernate_power_w, 1e-9)
    working_w = max(first_w - energy.sentinel_power_w, 1e-9)
    ratio = LISTENING_PREFERENCE * compute_utility(first_share, 0.0) / working_w * listening_w
    return max(energy.worth_of_listening, ratio / (1 + ratio))


def list_draws(settings: Settings) -> list[tuple[float, float]]:
    """(draw in W, share of the useful power) of each way to work, rising.

    GPU hosts are on or off as a whole: each costs its idle draw before it does anything.
    """
    energy = settings.energy
    span_w = energy.full_power_w - energy.sentinel_power_w
    hosts = [host for host in settings.switch.values() if host.full_w > 0]
    if not hosts:
        return [(energy.sentinel_power_w + share * span_w, share) for share in WORK_SHARES]
    useful_w = sum(host.full_w - host.idle_w for host in hosts)
    drawn_w, done_w, found = energy.sentinel_power_w, 0.0, []
    for host in hosts:
        own_w = host.full_w - host.idle_w
        first_w = drawn_w + host.idle_w
        found.append(
            (first_w + LEAST_HOST_USE * own_w, (done_w + LEAST_HOST_USE * own_w) / useful_w)
        )
        drawn_w, done_w = drawn_w + host.full_w, done_w + own_w
        found.append((drawn_w, done_w / useful_w))
    return found


def make_work_option(
    power_w: float, share: float, *, listening_utility: float, eco_w: float
) -> Option:
    """The option that draws `power_w` for `share` of the useful power."""
    level = EnergyLevel.ECO if power_w <= eco_w else EnergyLevel.FULL
    return Option(level, power_w=power_w, utility=compute_utility(share, listening_utility))


def compute_utility(share: float, listening_utility: float) -> float:
    """Utility per hour of a share (0 to 1) of the useful power, listening included."""
    return listening_utility + (1 - listening_utility) * math.log1p(
        UTILITY_BEND * share
    ) / math.log1p(UTILITY_BEND)
