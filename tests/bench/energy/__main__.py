"""`make bench-energy`: real weather, the unit's own code, and what one who knew the year would do.

Reads: published weather (fetched once). Writes: build/bench/energy.json, energy-*.png.
Never: shows the planner a site's future; `--site` judges it on sites of your own choice.
"""

import argparse
import time
from functools import partial

from tests.bench import report
from tests.bench.energy import pictures
from tests.bench.energy.cache import load_or_compute
from tests.bench.energy.cases import CHARGER_ONLY, TILTS, make_cases
from tests.bench.energy.publication import publish
from tests.bench.energy.runs import (
    CLAIRVOYANT,
    CONTROLLERS,
    MAKERS,
    TUNED_FAMILIES,
    WITHOUT_FAULTS,
    Outcome,
    Parameters,
    Run,
    make_inputs,
    run_all,
)
from tests.bench.energy.tuning import TUNED, tune

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
# Without a BMS: reported apart, since their sensors are worse than those of the twelve.
WITHOUT_BMS = (("Potsdam 2019", "R1 charger"), ("Sand-Point typical", "R1 charger"))
TRAINING = ("Amsterdam 2019", "Athens 2019", "Budapest 2019", "Copenhagen 2019", "Prague 2019")
WITHOUT_BMS_CONTROLLERS = (CLAIRVOYANT, *MAKERS, *WITHOUT_FAULTS)
QUICK_CASES, QUICK_FIRST_DAY, QUICK_DAYS = (("Sand-Point typical", "R1"),), 122, 56


def main() -> None:
    """Run, print, publish."""
    arguments = parse_arguments()
    began_s = time.monotonic()
    where = arguments.site or (QUICK_CASES if arguments.quick else (*KNOWN, *UNSEEN, *WITHOUT_BMS))
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
        if one[1] not in CHARGER_ONLY or name in WITHOUT_BMS_CONTROLLERS
    ]
    outcomes = run_all(wanted, report_outcome)
    table = publish(outcomes, [" ".join(one) for one in UNSEEN], quick=arguments.quick)
    pictures.draw_table(table, report.OUT / "energy-table.png")
    pictures.draw_week(outcomes, report.OUT / "energy-week.png")
    print(f"  {time.monotonic() - began_s:.0f} s in all; pictures and JSON are in {report.OUT}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench-energy", description="Real weather against the planner."
    )
    parser.add_argument(
        "--quick", action="store_true", help="one case, eight weeks of autumn: shows that it works"
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
    inputs = [part for case in training for part in make_inputs(case)]
    return {
        name: load_or_compute("tuning", (name, *inputs), partial(tune, family, training))
        for name, family in TUNED_FAMILIES.items()
    }


def report_outcome(outcome: Outcome) -> None:
    one = outcome.score
    print(
        f"  {one.case:<28} {one.controller:<18} utility {one.annual:7.0f} h "
        f"covered {one.coverage_pct:5.1f} %  disconnects {one.brownouts}",
        flush=True,
    )


if __name__ == "__main__":
    main()
