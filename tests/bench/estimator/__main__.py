"""`make bench-estimator`: how honest the state of charge is, on batteries with their own tables.

Reads: nothing. Writes: build/bench/estimator.json.
Never: judges the estimator by a table that it uses itself. `--quick`: 4 days, not 18.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from typing import Any

from tests.bench.estimator.cases import CASES, SOUND_GROUPS
from tests.bench.estimator.run import Case, Result, run_case
from tests.bench.report import Figure, publish, quick

DAYS, QUICK_DAYS, WORKERS = 18, 4, 2
LEAST_WITHIN_PCT = 95.0
MOST_TOO_WIDE = 1.3
WITHIN = 0.95
WIDTH_TEXT = (
    "too wide: 1 over the factor by which all sigmas of a row might shrink until the truth is "
    "within two of them in 95 % of its readings. Batteries that the unit cannot tell apart are one "
    "group: what an honest estimator needs is what covers all of them"
)


def compute_too_wide(shares: Sequence[float]) -> float:
    """By which factor sigma is wider than the truth needs; below 1 it is too narrow."""
    ordered = sorted(shares)
    return 1 / max(1e-9, ordered[min(len(ordered) - 1, int(WITHIN * len(ordered)))])


def describe(result: Result) -> dict[str, Any]:
    """The figures of one case."""
    readings = max(1, result.readings)
    return {
        "within_2_sigma_pct": round(100 * result.within / readings, 1),
        "worst_high_pct": round(result.worst_high_pct, 1),
        "worst_low_pct": round(result.worst_low_pct, 1),
        "too_wide": round(compute_too_wide(result.shares), 2),
        "mean_sigma_pct": round(result.sigma_sum_pct / readings, 1),
        **{
            name: value if value is None else round(value, 4)
            for name, value in asdict(result).items()
            if name in ("cuts", "anchors", "source_found_h", "full_level_h", "resistance_ohm")
        },
    }


def run_all(cases: dict[str, Case], days: int) -> dict[str, Result]:
    with ProcessPoolExecutor(WORKERS) as workers:
        runs = {name: workers.submit(run_case, case, days) for name, case in cases.items()}
        return {name: run.result() for name, run in runs.items()}


def compute_group_widths(results: dict[str, Result]) -> dict[str, float]:
    """How much too wide the sigma is over each group of batteries that look alike."""
    return {
        group: round(
            compute_too_wide([share for name in names for share in results[name].shares]), 2
        )
        for group, names in SOUND_GROUPS.items()
    }


def main() -> None:
    short = quick("estimator")
    results = run_all(CASES, QUICK_DAYS if short else DAYS)
    found = {name: describe(result) for name, result in results.items()}
    widths = compute_group_widths(results)
    print(
        f"  {'case':<48} {'in 2 s':>7} {'high':>6} {'low':>6} {'sigma':>6} "
        f"{'wide':>5} {'cuts':>5} {'R':>7}"
    )
    for name, row in found.items():
        print(
            f"  {name:<48} {row['within_2_sigma_pct']:>6.1f}% {row['worst_high_pct']:>6.1f} "
            f"{row['worst_low_pct']:>6.1f} {row['mean_sigma_pct']:>6.1f} "
            f"{row['too_wide']:>5.2f} {row['cuts']:>5} "
            f"{row['resistance_ohm'] or '':>7}"
        )
    print(f"  {WIDTH_TEXT}:")
    for group, width in widths.items():
        print(f"    {group:<46} {width:>5.2f}   ({', '.join(SOUND_GROUPS[group])})")
    least = min(row["within_2_sigma_pct"] for row in found.values())
    figures = [
        Figure("cases", len(found), ""),
        Figure("within 2 sigma, least", least, "%", LEAST_WITHIN_PCT, at_least=True),
        Figure(
            "rows below that",
            sum(row["within_2_sigma_pct"] < LEAST_WITHIN_PCT for row in found.values()),
            "",
            0,
        ),
        *(
            Figure(f"too wide, {group}", width, "", MOST_TOO_WIDE)
            for group, width in widths.items()
        ),
        Figure("too high at most", max(row["worst_high_pct"] for row in found.values()), "%"),
        Figure("disconnects", sum(row["cuts"] for row in found.values()), "", 0),
    ]
    publish(
        "estimator",
        figures,
        short,
        {"cases": found, "too_wide": widths, "too_wide_means": WIDTH_TEXT},
    )


if __name__ == "__main__":
    main()
