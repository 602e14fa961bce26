"""Units that take what the director signs for them, and the rollout that is driven by what they
report.

    fleet = SimulatedFleet(desk)
    fleet.add(10)
    fleet.start("r2")
    fleet.pass_time(hours=24)      # the units that are awake take what they are to have

Reads and writes: the desk's fleet.
Never: knows a rule of rollouts.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tuf.api.metadata import TargetFile

from ota.release.fleet import Fleet, opened_fleet
from ota.release.keys.secrets_source import SecretsSource
from ota.release.metadata.bins import read_entries
from ota.release.metadata.reading import DIRECTOR
from ota.release.rollouts.definition import RolloutDefinition, make_waves
from ota.release.rollouts.rollouts import Outcome, advance, pause, resume, start, stop
from ota.release.rollouts.status import UnitStatus
from tests.ota.release.conftest import Desk

NAME = "december"


@dataclass
class SimulatedFleet:
    """`bad`: releases that fail everywhere; `failing`: units on which all fail."""

    desk: Desk
    units: dict[str, UnitStatus] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    touched: dict[str, set[str]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.desk.now

    def open(self) -> AbstractContextManager[Fleet]:
        return opened_fleet(self.desk.fleet, self.now, SecretsSource({}))

    def add(self, count: int, *, group: str = "all", release: str = "r1") -> list[str]:
        names = [f"{group}-{number:04}" for number in range(count)]
        for name in names:
            self.units[name] = UnitStatus(name, group, release, reported_at=self.now)
        return names

    def change(self, *names: str, **what: Any) -> None:
        for name in names:
            self.units[name] = replace(self.units[name], **what)

    def start(self, release: str, *first: str, name: str = NAME, **plan: Any) -> Outcome:
        values: dict[str, Any] = {
            "group": "all",
            "window": "",
            "success_pct": 90,
            "failure_pct": 5,
            "soak_h": 24,
            **plan,
        }
        percents = values.pop("percents", (1, 10, 50, 100))
        waves = make_waves(first, percents)
        definition = RolloutDefinition(name, release, waves=waves, wave_since=self.now, **values)
        with self.open() as fleet:
            return start(fleet, definition, self.units)

    def advance(self, name: str = NAME) -> Outcome:
        with self.open() as fleet:
            return advance(fleet, name, self.units)

    def pause(self, reason: str) -> Outcome:
        with self.open() as fleet:
            return pause(fleet, NAME, reason, self.units)

    def resume(self) -> Outcome:
        with self.open() as fleet:
            return resume(fleet, NAME)

    def stop(self, reason: str) -> Outcome:
        with self.open() as fleet:
            return stop(fleet, NAME, reason, self.units)

    def read_entries(self) -> Mapping[str, TargetFile]:
        with self.open() as fleet:
            return read_entries(fleet.read_state(DIRECTOR))

    def find_assigned(self, release: str) -> set[str]:
        """The units with an entry of their own for a release."""
        return {
            path.removeprefix("units/")
            for path, entry in self.read_entries().items()
            if path.startswith("units/") and entry.custom["release"] == release
        }

    def pass_time(self, *, hours: float) -> None:
        """Units that are awake take what they are to have, then all of them report."""
        self.desk.now += timedelta(hours=hours)
        entries = self.read_entries()
        for name, unit in self.units.items():
            if unit.expected_at is not None and self.now < unit.expected_at:
                continue
            entry = entries.get(f"units/{name}") or entries.get(f"groups/{unit.group}")
            self.units[name] = replace(self.take(unit, entry), reported_at=self.now)

    def take(self, unit: UnitStatus, entry: TargetFile | None) -> UnitStatus:
        """What comes of an entry on a unit that has energy."""
        if entry is None or "paused" in entry.custom:
            return unit
        release = entry.custom["release"]
        if release == unit.running_release:
            return unit
        self.touched.setdefault(release, set()).add(unit.name)
        if release in self.bad or unit.name in self.failing:
            return replace(unit, failed_releases=(release,))
        return replace(unit, running_release=release)
