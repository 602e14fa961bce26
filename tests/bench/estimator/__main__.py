"""`make bench-estimator`: how honest the state of charge is, on batteries with their own tables.

Reads: nothing. Writes: build/bench/estimator.json.
Never: judges the estimator by a table that it uses itself. `--quick`: 4 days, not 18.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from typing import Any

from tests.bench.estimator.cases import CASES
from tests.bench.estimator.run import Case, Result, run_case
from tests.bench.report import Figure, publish, quick

DAYS, QUICK_DAYS, WORKERS = 18, 4, 2
LEAST_WITHIN_PCT = 90.0


def describe(result: Result) -> dict[str, Any]:
    """The figures of one case."""
    readings = max(1, result.readings)
    return {
        "within_2_sigma_pct": round(100 * result.within / readings, 1),
        "worst_high_pct": round(result.worst_high_pct, 1),
        "worst_low_pct": round(result.worst_low_pct, 1),
        "mean_sigma_pct": round(result.sigma_sum_pct / readings, 1),
        **{
            name: value if value is None else round(value, 4)
            for name, value in asdict(result).items()
            if name in ("cuts", "anchors", "source_found_h", "full_level_h", "resistance_ohm")
        },
    }


def run_all(cases: dict[str, Case], days: int) -> dict[str, dict[str, Any]]:
    with ProcessPoolExecutor(WORKERS) as workers:
        runs = {name: workers.submit(run_case, case, days) for name, case in cases.items()}
        return {name: describe(run.result()) for name, run in runs.items()}


def main() -> None:
    short = quick("estimator")
    found = run_all(CASES, QUICK_DAYS if short else DAYS)
    print(f"  {'case':<48} {'in 2 s':>7} {'high':>6} {'low':>6} {'sigma':>6} {'cuts':>5} {'R':>7}")
    for name, row in found.items():
        print(
            f"  {name:<48} {row['within_2_sigma_pct']:>6.1f}% {row['worst_high_pct']:>6.1f} "
            f"{row['worst_low_pct']:>6.1f} {row['mean_sigma_pct']:>6.1f} {row['cuts']:>5} "
            f"{row['resistance_ohm'] or '':>7}"
        )
    least = min(row["within_2_sigma_pct"] for row in found.values())
    figures = [
        Figure("cases", len(found), ""),
        Figure("within 2 sigma, least", least, "%", LEAST_WITHIN_PCT, at_least=True),
        Figure("too high at most", max(row["worst_high_pct"] for row in found.values()), "%"),
        Figure("disconnects", sum(row["cuts"] for row in found.values()), "", 0),
    ]
    publish("estimator", figures, short, {"cases": found})


if __name__ == "__main__":
    main()
