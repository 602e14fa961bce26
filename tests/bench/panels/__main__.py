"""False alarms of sound panels over years of real weather, and how soon their faults are found.

Each of 26 site years (NSRDB, DWD, TMY) is lived through twice by four units, from one whose yield
is never curtailed to one whose battery is full by nine. Faults begin in April, September and
November of the second year, at every fourth site. `--quick`: one typical year of pvlib's.
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from statistics import median

import numpy as np

from tests.bench.energy.weather import TYPICAL, list_sites
from tests.bench.panels.direction_table import (
    SEEDS,
    count_within,
    is_wrong,
    list_rows,
    run_seeds,
)
from tests.bench.panels.directions import CASES
from tests.bench.panels.site_year import (
    UNITS,
    Health,
    follow,
    load,
    make_settings,
    make_year,
    remember_sound_shares,
    repeat_before,
)
from tests.bench.panels.snow_table import SITES as SNOW_SITES
from tests.bench.panels.snow_table import judge_year, list_snow_rows
from tests.bench.report import Figure, publish, quick

WORKERS = 2
BEGINS = (100, 250, 310)  # days of the year
FAULTS = {
    "stolen": (1.0, 0.0, 0.0),
    "one string of two": (0.5, 0.0, 0.0),
    "one string of three": (1 / 3, 0.0, 0.0),
    "one string of four": (0.25, 0.0, 0.0),
    "dirt, 0.3 % a day": (0.0, 0.003, 0.4),
    "dirt, 0.15 % a day": (0.0, 0.0015, 0.3),
}
"""What is lost at once, what each day, and how much at most."""


def make_health(fault: str, begins: int) -> Health:
    """The share of the light that counts, by the day of the year."""
    at_once, a_day, most = FAULTS[fault]
    return lambda day: np.where(
        day < begins, 1.0, 1 - at_once - np.clip(a_day * (day - begins), 0, most)
    )


def run_sound(name: str, unit_name: str) -> Counter[str]:
    """The days with a fault, by its code, of two sound years."""
    remember_sound_shares()
    site, unit = load(name), UNITS[unit_name]
    days = make_year(site, unit)
    found = follow([*repeat_before(days), *days], make_settings(site, unit))
    return Counter(code for _, code in found)


def run_faulty(name: str, unit_name: str, fault: str) -> list[tuple[int, str] | None]:
    """For each beginning: after how many days it was found, and as what; None: never."""
    remember_sound_shares()
    site, unit = load(name), UNITS[unit_name]
    sound = make_year(site, unit)
    before = repeat_before(sound)
    found: list[tuple[int, str] | None] = []
    for begins in BEGINS:
        first = begins - 1  # of the panels' days, which begin with another hour than those of UTC
        ill = make_year(site, unit, make_health(fault, begins), since=first)
        days = [*before, *(day for day in sound if day.day < ill[0].day), *ill]
        seen = follow(days, make_settings(site, unit), len(before) + begins + 1, to_first=True)
        found.append((seen[0][0] - len(before) - begins, seen[0][1]) if seen else None)
    return found


def main() -> None:
    short = quick("panels")
    sites = list(TYPICAL)[:1] if short else list_sites()
    with ProcessPoolExecutor(WORKERS) as workers:
        sound = {
            (site, unit): workers.submit(run_sound, site, unit) for site in sites for unit in UNITS
        }
        faulty = {
            (fault, unit): [workers.submit(run_faulty, site, unit, fault) for site in sites[::4]]
            for fault in FAULTS
            for unit in ("never curtailed", "usual")
        }
        skies = SEEDS[:1] if short else SEEDS
        directions = {name: workers.submit(run_seeds, name, skies) for name in CASES}
        snow = {
            (site, snows): workers.submit(judge_year, site, snows=snows)
            for site in (SNOW_SITES[-1:] if short else SNOW_SITES)
            for snows in (True, False)
        }
        alarms = {one: dict(run.result()) for one, run in sound.items() if run.result()}
        for key, codes in alarms.items():
            print(f"  sound, but: {' '.join(key)}: {codes}")
        missed = 0
        for (fault, unit), runs in faulty.items():
            results = [one for run in runs for one in run.result()]
            delays = sorted(one[0] for one in results if one)
            missed += len(results) - len(delays)
            codes = Counter(one[1] for one in results if one)
            late = f"{median(delays):.0f} d, at most {delays[-1]} d" if delays else "never"
            print(f"  {fault:<20} {unit:<16} {len(delays)}/{len(results)} {late} {dict(codes)}")
        winters = {key: run.result() for key, run in snow.items()}
        learned = {name: run.result() for name, run in directions.items()}
    print("\n".join([*list_rows(learned), *list_snow_rows(winters)]))
    within, fits = count_within(learned)
    told = {name: sum(one.fault is not None for one in of) for name, of in learned.items()}
    years = 2 * len(sound)
    figures = [
        Figure("sound years", years, ""),
        Figure("of them with a false alarm", len(alarms), "", 0),
        Figure("days with a false alarm", sum(sum(one.values()) for one in alarms.values()), ""),
        Figure("faults not found within their year", missed, ""),
        Figure("fits of direction and tilt", fits, ""),
        Figure("of them within two sigma in both", within, ""),
        Figure(
            "right settings told as wrong",
            sum(told[one] for one in told if not is_wrong(one)),
            "",
            0,
        ),
        Figure("days under snow", sum(one.covered for one in winters.values()), ""),
        Figure("of them recognised", sum(one.found for one in winters.values()), ""),
        Figure("days wrongly taken for snow", sum(one.false for one in winters.values()), ""),
        Figure("wrong settings told", sum(told[one] for one in told if is_wrong(one)), ""),
    ]
    publish("panels", figures, short, {"alarms": {" ".join(k): v for k, v in alarms.items()}})


if __name__ == "__main__":
    main()
