"""The guard's verdict, and how several verdicts become one.

Reads and writes: nothing; pure.
Never: lets the less strict of two verdicts count.
"""

from dataclasses import KW_ONLY, dataclass

from appliance.model import EnergyLevel
from appliance.wording.sentence import say


@dataclass(frozen=True, slots=True)
class Verdict:
    """The most that is allowed. `power_off`: the computer must be shut down. `may_rise` False:
    whatever the level is, it may not go up now.

    `reserve_wh` is what is kept for dark days; None where it was not computed.
    """

    max_level: EnergyLevel
    reason: str
    _: KW_ONLY
    power_off: bool = False
    may_rise: bool = True
    reserve_wh: float | None = None


def take_stricter(one: Verdict, other: Verdict) -> Verdict:
    """The stricter of two verdicts."""
    if one.max_level == other.max_level:
        return other if one.may_rise and not other.may_rise else one
    return other if other.max_level < one.max_level else one


def forbid_loads(reason: str) -> Verdict:
    """The computer may stay on; nothing else, and nothing may start."""
    return Verdict(EnergyLevel.HIBERNATE, reason, may_rise=False)


def format_duration(seconds: float) -> str:
    """A duration in words: 40 s, 14 min, 3 h."""
    if seconds < 100:
        return say("{seconds:.0f} s", seconds=seconds)
    return (
        say("{minutes:.0f} min", minutes=seconds / 60)
        if seconds < 5400
        else say("{hours:.0f} h", hours=seconds / 3600)
    )
