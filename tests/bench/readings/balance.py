"""Batteries with a hidden load, a hidden source or a wrong sign, and sound ones: the balance of the
charge over days, on the plants of bench-estimator.

Reads and writes: nothing.
Never: shows the unit anything but readings.
"""

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from tests.bench.estimator.cases import AGM, CASES, FLOODED, R1, R2, change
from tests.bench.estimator.run import Case, run_case

WORKERS = 2
AGREE_A = 0.1  # two meters of one current that agree
DAYS, SOUND_DAYS = 8, 8
UNITS = {"R1": R1, "R2": R2, "AGM": AGM, "flooded": FLOODED}
UNMEASURED = ("generator", "alternator")  # in CASES: these have a fault of their own


@dataclass(frozen=True, slots=True)
class Row:
    """A site. `found_h`: within how many hours it must be found; None: too small to be found."""

    case: Case
    found_h: float | None


FAULTY: dict[str, Row] = {
    "R1, hidden 10 W": Row(change(R1, hidden_w=10.0), None),
    "R1, hidden 10 W, two meters agree": Row(
        change(R1, hidden_w=10.0, meters_differ_a=AGREE_A), 144
    ),
    "R1, hidden 30 W": Row(change(R1, hidden_w=30.0), 108),
    "R1, hidden 30 W, two meters agree": Row(
        change(R1, hidden_w=30.0, meters_differ_a=AGREE_A), 96
    ),
    "R1, hidden 60 W": Row(change(R1, hidden_w=60.0), 60),
    "R1, wrong sign": Row(change(R1, factor=-1.0), 36),
    "R2, hidden 30 W": Row(change(R2, hidden_w=30.0), None),
    "R2, hidden 60 W, two meters agree": Row(
        change(R2, hidden_w=60.0, meters_differ_a=AGREE_A), None
    ),
    "R2, hidden 300 W": Row(change(R2, hidden_w=300.0), 120),
    "R2, wrong sign": Row(change(R2, factor=-1.0), 36),
    "R2, a shunt that counts threefold": Row(change(R2, factor=3.0), 36),
    "AGM, hidden 30 W": Row(change(AGM, hidden_w=30.0), None),
    "AGM, hidden 30 W, two meters agree": Row(
        change(AGM, hidden_w=30.0, meters_differ_a=AGREE_A), 120
    ),
    "AGM, hidden 60 W": Row(change(AGM, hidden_w=60.0), 72),
    "flooded, hidden 60 W": Row(change(FLOODED, hidden_w=60.0), 72),
}

SOUND: dict[str, Case] = {
    **{name: one for name, one in CASES.items() if not any(word in name for word in UNMEASURED)},
    **{f"{name}, zero point 0.8 A off": change(one, offset_a=0.8) for name, one in UNITS.items()},
    **{f"{name}, zero point -0.8 A off": change(one, offset_a=-0.8) for name, one in UNITS.items()},
    **{
        f"{name}, two meters agree": replace(change(one, seed=3), meters_differ_a=AGREE_A)
        for name, one in UNITS.items()
    },
}


def run_balances(*, short: bool) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the balance says of the faulty sites, and of the sound ones, by name."""
    faulty = dict(list(FAULTY.items())[4:6]) if short else FAULTY
    sound = dict(list(SOUND.items())[:2]) if short else SOUND
    with ProcessPoolExecutor(WORKERS) as workers:
        found = {name: workers.submit(run_case, row.case, DAYS) for name, row in faulty.items()}
        false = {name: workers.submit(run_case, case, SOUND_DAYS) for name, case in sound.items()}
        return (
            {name: describe(name, run.result()) for name, run in found.items()},
            {name: list(run.result().balance_texts) for name, run in false.items()},
        )


def describe(name: str, result: Any) -> dict[str, Any]:
    """One faulty site: when it was found, when it was clear what it is, and the last words."""
    limit_h = FAULTY[name].found_h
    found_h = result.balance_h
    is_late = limit_h is not None and (found_h is None or found_h > limit_h)
    return {
        "found_h": found_h,
        "found_h_at_most": limit_h,
        "clear_h": result.clear_h,
        "words": result.balance_texts[-1] if result.balance_texts else "",
        "missed": ["not found in time"] if is_late else [],
    }


def print_rows(rows: Mapping[str, Any]) -> None:
    """The table of the faulty sites."""
    print(f"  {'balance of the charge':<50} {'found':>8} {'limit':>8} {'clear':>8}")
    for name, row in rows.items():
        hours = [row[one] for one in ("found_h", "found_h_at_most", "clear_h")]
        shown = " ".join("       -" if one is None else f"{one:>6.1f} h" for one in hours)
        print(f"  {name:<50} {shown} {row['words'][:60]}{', '.join(row['missed'])}")
