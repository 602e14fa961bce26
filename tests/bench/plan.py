"""What one run of the plan costs: the whole process, beside a year of stored rows.

The process as its unit file starts it, on the reference trailer, with the bytecode that an
installed unit has. CPU time and peak memory are those that the kernel counts for the process.
"""

import math
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from appliance.clock import SystemClock
from appliance.model import SolarDay, Stamp
from appliance.store.prepare import prepare_database
from appliance.store.rows import encode_time
from appliance.store.store import Store
from tests.bench.report import OUT, ROOT, Figure, median, publish, quick
from tests.scenes import filled

DAY = timedelta(days=1)
FINE_DAYS, RAW_DAYS, DAYS = 31, 2, 365
POLL_S = 20
CLEAR_DAY_WH = 3000.0


class Year:
    """A year of made-up weather: how clear each day was, and what the panels gave."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        random = Random(1)
        self._clear_sky_index = [random.choice((0.15, 0.3, 0.6, 0.9, 1.0)) for _ in range(DAYS + 2)]

    def find_clear_sky_index(self, at: datetime) -> float:
        return self._clear_sky_index[(self.now.date() - at.date()).days]

    def compute_pv_w(self, at: datetime) -> float:
        hour = at.hour + at.minute / 60
        return 600 * max(0.0, math.sin((hour - 6) / 12 * math.pi)) * self.find_clear_sky_index(at)


def fill(database: Path, now: Stamp) -> None:
    """Write a year of means, two days of readings and the days of sun that are learned from."""
    year = Year(now.utc)
    prepare_database(database)
    hour = now.utc.replace(minute=0, second=0, microsecond=0) - RAW_DAYS * DAY
    with sqlite3.connect(database) as connection:
        for step_s, days in ((3600, DAYS - RAW_DAYS), (300, FINE_DAYS - RAW_DAYS)):
            step = timedelta(seconds=step_s)
            for number in range(1, int(days * DAY / step)):
                add_means(connection, hour - number * step, step_s, year)
    store = Store(database, SystemClock(), writer="power")
    reading, state, budget = filled.reading(now), filled.battery_state(now), filled.budget(now)
    for number in range(int(RAW_DAYS * DAY.total_seconds() / POLL_S), -1, -1):
        ago_s = number * POLL_S
        then = replace(now, utc=now.utc - timedelta(seconds=ago_s), uptime_s=now.uptime_s - ago_s)
        solar = replace(reading, stamp=then, pv_power_w=year.compute_pv_w(then.utc))
        store.add(solar, replace(state, stamp=then))
    store.add(budget)
    store.close()
    plan = Store(database, SystemClock(), writer="plan")
    plan.add(*(make_day(now, year, number) for number in range(1, DAYS)))
    plan.close()


def add_means(connection: sqlite3.Connection, at: datetime, step_s: int, year: Year) -> None:
    rows = step_s // POLL_S
    reading = (year.compute_pv_w(at), 30.0, 13.2, 1.0, 12.0, 15.0)
    state = (60.0, 3.0, 1500.0)
    for table, values in (("power_reading_mean", reading), ("battery_state_mean", state)):
        row = (step_s, encode_time(at), rows, *values)
        places = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO {table} VALUES ({places})", row)


def make_day(now: Stamp, year: Year, days_ago: int) -> SolarDay:
    at = datetime.combine((now.utc - days_ago * DAY).date(), datetime.min.time(), UTC)
    share = year.find_clear_sky_index(at)
    hours = {str(hour): share for hour in range(7, 18)}
    return SolarDay(now, at, share * CLEAR_DAY_WH, CLEAR_DAY_WH, hours, 2.0, 15.0)


def run_once(filled_directory: Path, directory: Path, **also: str) -> tuple[float, float]:
    """One run over a copy of the filled directory; its CPU time (s) and peak memory (MB)."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(filled_directory, directory)
    settings = directory / "unit.toml"
    text = (ROOT / "docs/examples/trailer.toml").read_text()
    named = f'[unit]\ndata_dir = "{directory}"\nrun_dir = "{directory}"\n'
    settings.write_text(text.replace("[unit]\n", named))
    command = [sys.executable, "-m", "power.plan", "--settings", str(settings)]
    keeps = {
        **os.environ,
        "PYTHONPYCACHEPREFIX": str(OUT / "bytecode"),
        **read_environment(),
        **also,
    }
    keeps.pop("PYTHONDONTWRITEBYTECODE", None)
    with (directory / "log").open("wb") as report:
        process = subprocess.Popen(command, cwd=ROOT, env=keeps, stdout=report, stderr=report)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the plan ended with {process.returncode}: see {directory / 'log'}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def read_environment() -> dict[str, str]:
    """What PID 1 sets for every service."""
    text = (ROOT / "systemd/appliance-.service.d/05-every-service.conf").read_text()
    lines = [line for line in text.splitlines() if line.startswith("Environment=")]
    return dict(one.split("=", 1) for line in lines for one in line.partition("=")[2].split())


def main() -> None:
    short = quick("plan")
    base, copy = OUT / "plan-filled", OUT / "plan-run"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    fill(base / "unit.db", SystemClock().stamp())
    run_once(base, copy, PYTHONDONTWRITEBYTECODE="")  # an installation leaves bytecode
    runs = [run_once(base, copy) for _ in range(3 if short else 15)]
    figures = [
        Figure("CPU time of a run", median([cpu_s for cpu_s, _ in runs]), "s", 0.5),
        Figure("peak memory", median([memory_mb for _, memory_mb in runs]), "MB", 60),
    ]
    publish("plan", figures, short, runs=runs)


if __name__ == "__main__":
    main()
