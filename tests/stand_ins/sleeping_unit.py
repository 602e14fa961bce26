"""A laptop's unit that can be put to sleep, and what tells that it sleeps.

Suspend is SIGSTOP to every process of the unit, power-off ends them and a new boot starts others;
the simulated plant goes on all the while.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.settings import SleepMode
from appliance.store.store import Store
from provisioning.command import claim_port
from provisioning.laptop import Laptop, RunRequest

EVENING = datetime(2026, 4, 15, 18, 30, tzinfo=UTC)  # after sunset
CLOUDY_MORNING = datetime(2026, 4, 16, 7, 0, tzinfo=UTC)
CLOUDS = 0.95  # of the sun


@contextmanager
def unit(
    directory: Path,
    day_s: float,
    start: datetime,
    charge_pct: float,
    sleep: SleepMode,
    cloudiness: float = 0.0,
) -> Iterator[Laptop]:
    wish = RunRequest(
        *(day_s, claim_port(0), directory / "run"),
        start=start,
        charge_pct=charge_pct,
        cloudiness=cloudiness,
        sleep=sleep,
    )
    with Laptop(wish) as laptop:
        yield laptop


def record(laptop: Laptop) -> dict[str, Any]:
    """What boots.json says."""
    reported: dict[str, Any] = json.loads(laptop.settings.boot_record_file.read_text())
    return reported


def running(laptop: Laptop) -> set[str]:
    return {name for name in laptop.runner.pids() if name.startswith("appliance-")}


def stopped(pid: int) -> bool:
    """Whether the kernel keeps that process from running."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def count(store: Store, kind: type) -> int:
    return len(store.rows(kind))
