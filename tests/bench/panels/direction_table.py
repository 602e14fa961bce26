"""The table of learned directions, as docs/energy.md has it.

Reads: tests/bench/panels/directions.py. Writes: nothing.
Never: leaves out a case that failed.
"""

from collections.abc import Iterator

from tests.bench.panels.directions import CASES, Outcome, run_case

SEEDS = range(1, 6)


def run_seeds(name: str, seeds: range) -> list[Outcome]:
    """The case under several skies."""
    return [run_case(*CASES[name], seed=seed) for seed in seeds]


def is_wrong(name: str) -> bool:
    """Whether the settings of that case are wrong."""
    return ", set " in name


def format_row(name: str, outcomes: list[Outcome]) -> str:
    """The row of a case: of the first sky what was learned, of all how often it was told."""
    first, told = outcomes[0], sum(one.fault is not None for one in outcomes)
    fit = first.learned.fit if first.learned else None
    learned = "too little is seen"
    if fit:
        learned = (
            f"{fit.tilt_deg:.0f} +- {fit.tilt_sigma_deg:.0f}, "
            f"{fit.azimuth_deg:.0f} +- {fit.azimuth_sigma_deg:.0f}"
        )
    errors = "-"
    if first.settings_error is not None and first.plan_error is not None:
        errors = f"{100 * first.settings_error:.0f} % -> {100 * first.plan_error:.0f} %"
    return f"| {name} | {learned} | {told} of {len(outcomes)} | {errors} |"


def list_rows(found: dict[str, list[Outcome]]) -> Iterator[str]:
    """All rows."""
    for name, outcomes in found.items():
        yield format_row(name, outcomes)


def count_within(found: dict[str, list[Outcome]]) -> tuple[int, int]:
    """How many fits hold the true tilt and azimuth within two sigma, and how many there are."""
    within = total = 0
    for name, outcomes in found.items():
        array, _ = CASES[name]
        for fit in (one.learned.fit for one in outcomes if one.learned):
            off_deg = abs((fit.azimuth_deg - array.azimuth_deg + 180) % 360 - 180)
            total += 1
            is_tilt = abs(fit.tilt_deg - array.tilt_deg) <= 2 * fit.tilt_sigma_deg
            within += is_tilt and off_deg <= 2 * fit.azimuth_sigma_deg
    return within, total
