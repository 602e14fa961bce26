"""The planner's whole answer for one unit and one moment: outlook, solution, and the table of both.

Reads and writes: nothing; pure. Imports numpy. The nightly plan stores its policy; plan, futures,
`unitctl energy what-if` and the replay of the past look into the rest.
Never: plans otherwise than power/plan/nightly.py, whose policy and floor it takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.model import EnergyPolicy, Stamp
from appliance.settings import Settings
from power.guard.guard import hibernate_below_pct
from power.plan.forecast import DAYS, Outlook, Told, look_ahead
from power.plan.nightly import MARGIN_PCT, Past, local_midnight, make_policy
from power.plan.policy import Table
from power.plan.solver import LEVELS_OF_CHARGE, Solution, solve
from power.plan.utility import Option, options
from power.plan.weather_model import CLASSES


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one unit can expect. `clear_w`: hourly from the outlook's start on, with shade.
    `kept_wh`: the guard's reserve.
    """

    settings: Settings
    policy: EnergyPolicy
    clear_w: tuple[float, ...]
    outlook: Outlook
    solution: Solution
    choices: tuple[Option, ...]
    kept_wh: float


def look(
    settings: Settings,
    now: Stamp,
    clear_w: Sequence[float],
    past: Past,
    sigma_pct: float,
    kept_wh: float,
    told: Mapping[int, Told] | None = None,
    days: int = DAYS,
) -> Prospect:
    """The prospect from the last solar midnight on; arguments as those of `make_policy`.

    The policy is made first and the same problem solved once more, in some 50 ms, since the policy
    keeps three days only. `days`: how far this second solution looks; a charge is worth nothing at
    its end, and so the last two weeks are no picture of how the unit lives.
    """
    policy = make_policy(settings, now, clear_w, past, sigma_pct, kept_wh, told)
    hourly = tuple(clear_w[: days * 24])
    midnight = local_midnight(now.utc, settings.site.longitude_deg)
    outlook = look_ahead(settings, midnight, hourly, past.days, told)
    choices = options(settings)
    floor_pct = hibernate_below_pct(settings, kept_wh) + MARGIN_PCT
    solution = solve(outlook, choices, settings.battery, floor_pct, sigma_pct)
    return Prospect(settings, policy, hourly, outlook, solution, choices, kept_wh)


def table_of(prospect: Prospect, days: int) -> Table:
    """The first `days` as the power service's table (power/plan/policy.py), which has three."""
    outlook = prospect.outlook
    stretches = [stretch for stretch in outlook.stretches if stretch.day < days]
    bounds_h = [0.0]
    for stretch in stretches:
        bounds_h.append(bounds_h[-1] + stretch.hours)
    values = prospect.solution.values[: len(stretches) + 1]
    rows = values.reshape(len(stretches) + 1, CLASSES * 2, LEVELS_OF_CHARGE).tolist()
    return Table(
        starts=prospect.policy.starts,
        ends=prospect.policy.ends,
        bounds_h=bounds_h,
        floors_pct=prospect.solution.floors_pct[: len(stretches)],
        clear_w=prospect.clear_w[: days * 24],
        skies=outlook.skies[:days],
        values=rows,
        levels=LEVELS_OF_CHARGE,
    )
