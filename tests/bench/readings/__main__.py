"""False alarms of sound sites, and how soon the faults of faulty ones are found.

Each site is polled every 10 s for two simulated days, its devices as coarse and noisy as real ones,
through the product's checks and into one reading; the balance of the charge
(power/battery/charge_balance.py) runs for eight days on the plants of bench-estimator. `--quick`:
one day, every second site.
"""

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.bench.readings.balance import print_rows, run_balances
from tests.bench.readings.cases import FAULTY, SOUND
from tests.bench.readings.run import Case, Result, run_case
from tests.bench.report import Figure, publish, quick

WORKERS = 2


def run_all(cases: Mapping[str, Case], *, short: bool) -> dict[str, Result]:
    chosen = dict(list(cases.items())[::2]) if short else dict(cases)
    with ProcessPoolExecutor(WORKERS) as workers:
        runs = {
            name: workers.submit(run_case, case, hours=24.0 if short and not case.fault else None)
            for name, case in chosen.items()
        }
        return {name: run.result() for name, run in runs.items()}


def list_missed(name: str, result: Result) -> list[str]:
    """What a faulty site shows beyond its limits, in words."""
    case = FAULTY[name]
    found_h = result.first_h.get(case.fault)
    missed = [] if found_h is not None and found_h <= case.found_h else ["not found in time"]
    missed += ["false values too long"] if result.false_h > case.false_h else []
    others = result.first_h.keys() - {case.fault, *case.may_also}
    return [*missed, *(f"also {one}" for one in sorted(others))]


def describe(name: str, result: Result) -> dict[str, Any]:
    case = FAULTY[name]
    return {
        "fault": case.fault,
        "found_h": result.first_h.get(case.fault),
        "found_h_at_most": case.found_h,
        "false_h": result.false_h,
        "false_h_at_most": case.false_h,
        "unknown_h": result.unknown_h,
        "missed": list_missed(name, result),
    }


def main() -> None:
    short = quick("readings")
    sound, faulty = run_all(SOUND, short=short), run_all(FAULTY, short=short)
    alarms = {name: one.texts for name, one in sound.items() if one.texts}
    for name, texts in alarms.items():
        print(f"  {name}: {'; '.join(texts.values())}")
    print(f"  {'faulty site':<50} {'found':>8} {'limit':>8} {'false for':>10} {'limit':>8}")
    for name, one in faulty.items():
        row = describe(name, one)
        found = "never" if row["found_h"] is None else f"{row['found_h']:.2f} h"
        print(
            f"  {name:<50} {found:>8} {row['found_h_at_most']:>6.2f} h {row['false_h']:>8.2f} h "
            f"{row['false_h_at_most']:>6.2f} h {', '.join(row['missed'])}"
        )
    balances, calm = run_balances(short=short)
    print_rows(balances)
    missed = [name for name, one in faulty.items() if list_missed(name, one)]
    missed += [name for name, row in balances.items() if row["missed"]]
    alarms |= {name: {"battery-balance": texts[0]} for name, texts in calm.items() if texts}
    false_h = max(one.false_h for one in faulty.values())
    figures = [
        Figure("sound sites", len(sound) + len(calm), "", None if short else 25, at_least=True),
        Figure("sound sites with a fault", len(alarms), "", 0),
        Figure("faulty sites", len(faulty) + len(balances), ""),
        Figure("faulty sites beyond their limits", len(missed), "", 0),
        Figure("false values used, longest", false_h, "h"),
    ]
    publish(
        "readings",
        figures,
        short,
        {"false_alarms": alarms, "missed": missed},
        faulty={name: describe(name, one) for name, one in faulty.items()},
        balance=dict(balances),
        sound={name: {"polls": one.polls, "false_h": one.false_h} for name, one in sound.items()},
    )


if __name__ == "__main__":
    main()
