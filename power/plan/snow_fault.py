"""The fault of panels that are covered: dark though the sun is up, in the cold, day after day.

Reads and writes: nothing; pure.
Never: takes a dark sky for snow: what is told is nearly certain by power/plan/snow.py.
"""

from collections.abc import Sequence

from appliance.errors import ApplianceError
from appliance.model import SolarDay
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.plan.snow import SURE_CHANCE, estimate_covered, get_temperatures

TOLD_CHANCE = 0.85


class PanelsCovered(ApplianceError):  # noqa: N818  (named for what it is)
    """Snow lies on the panels, or something else covers them."""

    code = "pv-snow"


def check_snow(
    days: Sequence[SolarDay], whole_wh: Sequence[float], settings: Settings
) -> PanelsCovered | None:
    """The fault, where the last of the days leaves hardly a doubt. `whole_wh`: the clear-sky energy
    of each day.
    """
    chances = estimate_covered(days, settings, whole_wh)
    if not chances or chances[-1] < SURE_CHANCE:
        return None
    first = len(chances)
    while first and chances[first - 1] >= SURE_CHANCE:
        first -= 1
    if max(chances[first:]) < TOLD_CHANCE:
        return None
    return PanelsCovered(describe(days[first:], settings))


def describe(covered: Sequence[SolarDay], settings: Settings) -> str:
    """The fault in words, with what they gave and how cold it was."""
    given_wh, clear_wh = sum(d.measured_wh for d in covered), sum(d.clear_wh for d in covered)
    share = (
        say(", {clear_pct:.0f} % of clear days", clear_pct=100 * given_wh / clear_wh)
        if clear_wh > 0
        else ""
    )
    coldest_c = min(get_temperatures(day, settings.site)[0] for day in covered)
    return say(
        "the panels give nothing though the sun is up, since {since:%d %b}{share}: snow or a "
        "cover? It was down to {coldest_c:.0f} C. Look at them, sweep snow off, and do not "
        "scratch the glass; until they give more, the plan expects little",
        since=covered[0].day,
        share=share,
        coldest_c=coldest_c,
    )
