"""The benchmark's pictures: the table, and the hardest week at the worst site.

Reads: outcomes. Writes: PNG files.
Never: leaves out who did badly.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from tests.bench.energy.runs import CLAIRVOYANT, LADDER, PLANNER, Outcome
from tests.bench.energy.score import WEEK_STEPS

SHOWN = (PLANNER, LADDER, CLAIRVOYANT)


def draw_table(text: str, path: Path) -> None:
    """The printed table as a picture."""
    lines = text.count("\n") + 1
    figure = plt.figure(figsize=(11, 0.3 * lines + 0.4))
    figure.text(0.02, 0.97, text, family="monospace", fontsize=9, va="top")
    save_figure(figure, path)


def draw_week(outcomes: Sequence[Outcome], path: Path) -> None:
    """Charge and power in the week in which the planner fell furthest behind the clairvoyant."""
    by_case: dict[str, dict[str, Outcome]] = {}
    for one in outcomes:
        by_case.setdefault(one.score.case, {})[one.score.controller] = one
    whole = {case: found for case, found in by_case.items() if set(SHOWN) <= set(found)}
    if not whole:
        return
    case = min(whole, key=lambda name: compute_share(whole[name]))
    found = whole[case]
    behind = np.subtract(found[CLAIRVOYANT].score.weekly, found[PLANNER].score.weekly)
    week = int(behind.argmax())
    part = slice(week * WEEK_STEPS, (week + 1) * WEEK_STEPS)
    days = np.arange(WEEK_STEPS) / 96
    figure, (charge, power) = plt.subplots(2, 1, sharex=True, figsize=(11, 6))
    for name in SHOWN:
        charge.plot(days, found[name].charge_pct[part], label=name)
        power.plot(days, found[name].power_w[part], label=name, lw=0.8)
    power.fill_between(days, found[PLANNER].sun_w[part], alpha=0.2, color="orange", label="sun")
    power.set_ylim(0, 1.3 * max(found[CLAIRVOYANT].power_w.max(), 1.0))
    charge.set(ylabel="SOC, %", title=f"{case}, week {week} after 1 July")
    power.set(ylabel="draw and sun, W", xlabel="days")
    charge.legend()
    power.legend()
    save_figure(figure, path)


def compute_share(found: dict[str, Outcome]) -> float:
    """The planner's scarce season beside the clairvoyant's."""
    return found[PLANNER].score.scarce_utility / max(found[CLAIRVOYANT].score.scarce_utility, 1e-9)


def save_figure(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)
