"""`make bench-energy`: real weather, the unit's own code, and what one who knew the year would do.

Reads: published weather (fetched once). Writes: build/bench/energy.json, energy-*.png.
Never: shows the planner a site's future; `--site` judges it on sites of your own choice.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

from tests.bench import report
from tests.bench.energy import pictures
from tests.bench.energy.bootstrap import bootstrap_difference
from tests.bench.energy.cases import TILTS, make_cases
from tests.bench.energy.runs import (
    CLAIRVOYANT,
    CONTROLLERS,
    FORECAST,
    LADDER,
    PLANNER,
    TUNED_FAMILIES,
    Outcome,
    Parameters,
    Run,
    run_all,
)
from tests.bench.energy.score import Score, Summary, summarise
from tests.bench.energy.solve import measure_solve
from tests.bench.energy.tuning import score_sets

# Those that the planner's few constants were tuned on, and those that it has never met.
KNOWN = (
    ("Stockholm 2019", "R1"),
    ("Sofia 2019", "R1"),
    ("Warsaw 2019", "R2"),
    ("Oslo 2019", "R1 double"),
)
UNSEEN = (
    ("Potsdam 2019", "R1"),
    ("Ljubljana 2019", "R1"),
    ("Duesseldorf 2024", "R1"),
    ("Greensboro typical", "R1"),
    ("Sand-Point typical", "R1"),
    ("Rome 2019", "R1 half"),
    ("Miami typical", "R1 half"),
    ("London 2019", "R2"),
)
TRAINING = ("Amsterdam 2019", "Athens 2019", "Budapest 2019", "Copenhagen 2019", "Prague 2019")
QUICK_CASES, QUICK_FIRST_DAY, QUICK_DAYS = (("Sand-Point typical", "R1"),), 150, 28
# What the tuning found on `TRAINING` for the trailer; the quick form takes it as it is.
TUNED: Parameters = {
    "fixed": {"of_worst_month": 1.0},
    "full_until_cut": {},
    "two_level": {"low_pct": 30.0, "band_pct": 2.0},
    "kansal": {"alpha": 0.7, "target_pct": 40.0, "gain": 0.2, "rest_pct": 12.0},
    "ladder": {"sentinel_pct": 12.0, "eco_pct": 25.0, "full_pct": 60.0, "eco": 4.0},
}
TARGETS = {
    "annual_pct": 97.5,
    "scarce_pct": 95.0,
    "worst_annual_pct": 96.0,
    "worst_scarce_pct": 92.0,
    "coverage_pct": 99.0,
}


def main() -> None:
    """Run, print, publish."""
    arguments = parse_arguments()
    began_s = time.monotonic()
    where = arguments.site or (QUICK_CASES if arguments.quick else (*KNOWN, *UNSEEN))
    kinds = {choose_family(unit) for _, unit in where}
    parameters = {kind: TUNED if arguments.quick else tune_baselines(kind) for kind in kinds}
    wanted = [
        Run(
            one,
            name,
            parameters[choose_family(one[1])],
            QUICK_FIRST_DAY if arguments.quick else 0,
            QUICK_DAYS if arguments.quick else None,
        )
        for one in where
        for name in arguments.controller or CONTROLLERS
    ]
    outcomes = run_all(wanted, report_outcome)
    judged = {
        name: [one.score for one in outcomes if one.score.controller == name]
        for name in dict.fromkeys(one.score.controller for one in outcomes)
    }
    best = {one.case: one for one in judged[CLAIRVOYANT]}
    table = {name: summarise(rows, best) for name, rows in judged.items()}
    publish(table, judged, best, outcomes, arguments.quick)
    print(f"  {time.monotonic() - began_s:.0f} s in all; pictures and JSON are in {report.OUT}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench-energy", description="Real weather against the planner."
    )
    parser.add_argument(
        "--quick", action="store_true", help="one case, four weeks: shows that it works"
    )
    parser.add_argument(
        "--site",
        action="append",
        type=lambda text: tuple(text.rsplit("/", 1)),
        metavar="'NAME YEAR/UNIT'",
        help=f"judge on this site instead; units: {', '.join(TILTS)}; may be given more than once",
    )
    parser.add_argument(
        "--controller", action="append", choices=CONTROLLERS, help="only these and the clairvoyant"
    )
    found = parser.parse_args()
    if found.controller and CLAIRVOYANT not in found.controller:
        found.controller.append(CLAIRVOYANT)
    return found


def choose_family(unit: str) -> str:
    """Which unit's tuning serves: the trailer's for all trailers."""
    return "R2" if unit == "R2" else "R1"


def tune_baselines(kind: str) -> Parameters:
    """The parameters of the baselines: tuned on the training sites, none of which is judged."""
    training = make_cases([(name, kind) for name in TRAINING])
    return {name: score_sets(family, training).best() for name, family in TUNED_FAMILIES.items()}


def report_outcome(outcome: Outcome) -> None:
    one = outcome.score
    print(
        f"  {one.case:<28} {one.controller:<18} utility {one.annual:7.0f} h "
        f"covered {one.coverage_pct:5.1f} %  brown-outs {one.brownouts}",
        flush=True,
    )


def publish(
    table: dict[str, Summary],
    judged: dict[str, list[Score]],
    best: dict[str, Score],
    outcomes: Sequence[Outcome],
    quick: bool,
) -> None:
    """The table for people, the JSON for machines, the pictures."""
    print(format_table(table))
    figures = [*make_figures(table, judged, best, quick), *measure_solve()]
    also: dict[str, Any] = {name: to_json(one) for name, one in table.items()}
    details = {
        "cases": {
            one.case: {
                name: make_case_figures(row, best[one.case])
                for name, rows in judged.items()
                for row in rows
                if row.case == one.case
            }
            for one in judged[CLAIRVOYANT]
        },
        "unseen": {
            name: to_json(summarise(rows, best))
            for name, every in judged.items()
            if (rows := [row for row in every if is_unseen(row.case)])
        },
        "bootstrap_hours_a_week": compare_planner(judged),
    }
    report.publish("energy", figures, quick, also=also, **details)
    pictures.draw_table(format_table(table), report.OUT / "energy-table.png")
    pictures.draw_week(outcomes, report.OUT / "energy-week.png")


def to_json(one: Summary) -> dict[str, float]:
    return {name: round(getattr(one, name), 3) for name in Summary.__dataclass_fields__}


def make_case_figures(row: Score, best: Score) -> dict[str, float]:
    """One controller on one case."""
    return {
        "annual_pct": round(100 * row.annual / best.annual, 2),
        "scarce_pct": round(100 * row.scarce_utility / best.scarce_utility, 2),
        "coverage_pct": round(row.coverage_pct, 2),
        "brownouts": row.brownouts,
        "hibernate_h": row.hibernate_h,
        "switches_a_day": round(row.switches_a_day, 2),
        "lowest_pct": round(row.lowest_pct, 1),
        "false_stops": row.false_stops,
    }


def is_unseen(case: str) -> bool:
    return any(case == f"{name} {unit}" for name, unit in UNSEEN)


def compare_planner(judged: dict[str, list[Score]]) -> dict[str, list[float]]:
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


def make_figures(
    table: dict[str, Summary],
    judged: dict[str, list[Score]],
    best: dict[str, Score],
    quick: bool,
) -> Sequence[report.Figure]:
    """The figures with targets. Of four weeks nobody can be judged: no targets there."""
    if PLANNER not in table or quick:
        return []
    found = [
        report.Figure(f"planner {name}", getattr(table[PLANNER], name), "%", target, at_least=True)
        for name, target in TARGETS.items()
    ]
    found.append(report.Figure("planner brownouts", table[PLANNER].brownouts, "", 0))
    if LADDER in judged:
        behind = [
            100 * (ladder.annual - planner.annual) / best[planner.case].annual
            for planner, ladder in zip(judged[PLANNER], judged[LADDER], strict=True)
        ]
        found.append(report.Figure("most below the ladder", max(behind), "points", 0.3))
    if FORECAST in table:
        found.append(report.Figure("with forecast: scarce", table[FORECAST].scarce_pct, "%"))
    return found


def format_table(table: dict[str, Summary]) -> str:
    """The table."""
    head = (
        f"{'controller':<19}{'annual':>8}{'scarce':>8}{'worst':>8}{'worst':>8}{'cover':>8}"
        f"{'brown-':>8}{'dead':>7}{'hiber-':>8}{'switch':>8}{'least':>7}{'false':>7}\n"
        f"{'':<19}{'%':>8}{'%':>8}{'annual':>8}{'scarce':>8}{'%':>8}{'outs':>8}{'h':>7}"
        f"{'nate h':>8}{'/day':>8}{'%':>7}{'stops':>7}"
    )
    rows = [
        f"{name:<19}{one.annual_pct:>8.1f}{one.scarce_pct:>8.1f}{one.worst_annual_pct:>8.1f}"
        f"{one.worst_scarce_pct:>8.1f}{one.coverage_pct:>8.1f}{one.brownouts:>8}{one.dead_h:>7.0f}"
        f"{one.hibernate_h:>8.0f}{one.switches_a_day:>8.1f}{one.lowest_pct:>7.0f}"
        f"{one.false_stops:>7}"
        for name, one in table.items()
    ]
    return "\n".join([head, *rows])


if __name__ == "__main__":
    main()
