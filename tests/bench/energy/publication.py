"""The benchmark's results: the table for people, the JSON for machines, the figures with targets.

Reads: outcomes. Writes: build/bench/energy.json, energy-*.png.
Never: mixes the units without a BMS into the figures of the others, or leaves out who did badly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from tests.bench import report
from tests.bench.energy.bootstrap import bootstrap_difference
from tests.bench.energy.cases import CHARGER_ONLY
from tests.bench.energy.runs import CLAIRVOYANT, FORECAST, LADDER, PLANNER, WITHOUT_FAULTS, Outcome
from tests.bench.energy.score import Score, Summary, compute_share_pct, summarise
from tests.bench.energy.solve import measure_solve

SOUND, SOUND_LADDER = WITHOUT_FAULTS
BELOW_LADDER = "below_ladder_points"
# What the planner shall reach with faulty and with sound sensors; what it may come to one day.
TARGETS: dict[str, dict[str, float]] = {
    PLANNER: {
        "annual_pct": 96.5,
        "scarce_pct": 92.5,
        "worst_annual_pct": 93.0,
        "worst_scarce_pct": 85.0,
        "coverage_pct": 99.0,
    },
    SOUND: {"annual_pct": 98.0, "scarce_pct": 94.0},
}
MOONSHOT = {"annual_pct": 97.5, "scarce_pct": 95.0}  # with faults
MOST_BROWNOUTS, MOST_BELOW_LADDER = 0, 0.3
Judged = Mapping[str, Sequence[Score]]


class Judgement:
    """The scores of some cases by controller, and what can be said of them together."""

    def __init__(self, scores: Sequence[Score]) -> None:
        self.judged = {
            name: [one for one in scores if one.controller == name]
            for name in dict.fromkeys(one.controller for one in scores)
        }
        self.best = {one.case: one for one in self.judged.get(CLAIRVOYANT, [])}
        self.table = {name: summarise(rows, self.best) for name, rows in self.judged.items()}

    def find_most_below_ladder(self, planner: str, ladder: str) -> float | None:
        """By how many points of the year the planner fell below the ladder at its worst site."""
        if not {planner, ladder} <= set(self.judged):
            return None
        ladders = {one.case: one.annual for one in self.judged[ladder]}
        return max(
            100 * (ladders[one.case] - one.annual) / self.best[one.case].annual
            for one in self.judged[planner]
            if one.case in ladders
        )

    def to_json(self) -> dict[str, dict[str, float | None]]:
        """The summaries by controller; the two planners also with the ladder of their kind."""
        found = {name: to_json(one) for name, one in self.table.items()}
        for planner, ladder in ((PLANNER, LADDER), (SOUND, SOUND_LADDER)):
            below = self.find_most_below_ladder(planner, ladder)
            if below is not None:
                found[planner][BELOW_LADDER] = round(below, 3)
        return found


def publish(outcomes: Sequence[Outcome], unseen: Sequence[str], *, quick: bool) -> str:
    """The table for people, which is returned, and the JSON for machines."""
    scores = [one.score for one in outcomes]
    alone = [one for one in scores if one.case.endswith(CHARGER_ONLY)]
    others = [one for one in scores if one not in alone]
    whole, without_bms = Judgement(others or alone), Judgement(alone)
    table = format_table(whole.table)
    print(table)
    if others and alone:
        print("without a BMS\n" + format_table(without_bms.table))
    figures = [*([] if quick else make_figures(whole)), *measure_solve()]
    also: dict[str, Any] = whole.to_json()
    if SOUND in also:
        also["sound"] = also[SOUND]
    also |= {"without_bms": without_bms.to_json(), "targets": make_targets()}
    details = {
        "cases": make_details(whole) | make_details(without_bms),
        "unseen": Judgement([one for one in others if one.case in unseen]).to_json(),
        "bootstrap_hours_a_week": compare_planner(whole.judged),
    }
    report.publish("energy", figures, quick, also=also, **details)
    return table


def to_json(one: Summary) -> dict[str, float | None]:
    values = {field.name: getattr(one, field.name) for field in fields(one)}
    return {name: None if value is None else round(value, 3) for name, value in values.items()}


def make_targets() -> dict[str, dict[str, float]]:
    """The targets as the JSON has them; at least, but for the last two."""
    most = {"brownouts": MOST_BROWNOUTS, BELOW_LADDER: MOST_BELOW_LADDER}
    found: dict[str, dict[str, float]] = {name: {**one, **most} for name, one in TARGETS.items()}
    return {**found, "moonshot": MOONSHOT}


def make_details(judgement: Judgement) -> dict[str, dict[str, dict[str, Any]]]:
    """Each controller on each case."""
    return {
        case: {
            name: make_case_figures(row, best)
            for name, rows in judgement.judged.items()
            for row in rows
            if row.case == case
        }
        for case, best in judgement.best.items()
    }


def make_case_figures(row: Score, best: Score) -> dict[str, Any]:
    """One controller on one case. `regret_pct`: by week, what its decisions lost, of the year's."""
    return {
        "annual_pct": round(100 * row.annual / best.annual, 2),
        "scarce_pct": round(compute_share_pct(row.scarce_utility, best.scarce_utility), 2),
        "frost_pct": round(compute_share_pct(row.frost_utility, best.frost_utility), 2),
        "frost_weeks": len(row.frost),
        "coverage_pct": round(row.coverage_pct, 2),
        "brownouts": row.brownouts,
        "hibernate_h": row.hibernate_h,
        "switches_a_day": round(row.switches_a_day, 2),
        "lowest_pct": round(row.lowest_pct, 1),
        "false_stops": row.false_stops,
        "left_h": round(row.left_h, 2),
        "regret_pct": [round(100 * one / best.annual, 3) for one in row.regret],
    }


def compare_planner(judged: Judged) -> dict[str, list[float]]:
    """Planner less each other, hours of utility a week: mean and the bounds of 95 %."""
    mine = [week for one in judged.get(PLANNER, []) for week in one.weekly]
    if not mine:
        return {}
    return {
        name: [
            round(value, 3)
            for value in bootstrap_difference(mine, [w for one in rows for w in one.weekly])
        ]
        for name, rows in judged.items()
        if name not in (PLANNER, CLAIRVOYANT)
    }


def make_figures(judgement: Judgement) -> list[report.Figure]:
    """The figures with targets. Of some weeks nobody can be judged: no targets there."""
    table, found = judgement.table, list[report.Figure]()
    for planner, ladder, words in ((PLANNER, LADDER, "planner"), (SOUND, SOUND_LADDER, "sound")):
        if planner not in table:
            continue
        found += [
            report.Figure(
                f"{words} {name}", getattr(table[planner], name), "%", target, at_least=True
            )
            for name, target in TARGETS[planner].items()
        ]
        brownouts = table[planner].brownouts
        found.append(report.Figure(f"{words} brownouts", brownouts, "", MOST_BROWNOUTS))
        below = judgement.find_most_below_ladder(planner, ladder)
        if below is not None:
            name = f"{words} most below the ladder"
            found.append(report.Figure(name, below, "points", MOST_BELOW_LADDER))
    if FORECAST in table:
        found.append(report.Figure("with forecast: scarce", table[FORECAST].scarce_pct, "%"))
    return found


def format_table(table: Mapping[str, Summary]) -> str:
    """The table."""
    head = (
        f"{'controller':<19}{'annual':>8}{'scarce':>8}{'worst':>8}{'worst':>8}{'frost':>8}"
        f"{'cover':>8}{'brown-':>8}{'dead':>7}{'hiber-':>8}{'switch':>8}{'least':>7}{'false':>7}\n"
        f"{'':<19}{'%':>8}{'%':>8}{'annual':>8}{'scarce':>8}{'%':>8}{'%':>8}{'outs':>8}{'h':>7}"
        f"{'nate h':>8}{'/day':>8}{'%':>7}{'stops':>7}"
    )
    rows = [
        f"{name:<19}{one.annual_pct:>8.1f}{one.scarce_pct:>8.1f}{one.worst_annual_pct:>8.1f}"
        f"{one.worst_scarce_pct:>8.1f}{format_share(one.frost_pct):>8}{one.coverage_pct:>8.1f}"
        f"{one.brownouts:>8}{one.dead_h:>7.0f}{one.hibernate_h:>8.0f}{one.switches_a_day:>8.1f}"
        f"{one.lowest_pct:>7.0f}{one.false_stops:>7}"
        for name, one in table.items()
    ]
    return "\n".join([head, *rows])


def format_share(share_pct: float | None) -> str:
    return "-" if share_pct is None else f"{share_pct:.1f}"
