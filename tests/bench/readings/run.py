"""One site through the checks, poll by poll: its faults, and how long false values were used.

Reads and writes: nothing.
Never: counts a poll twice: a false current is one that is used while it is 3 A off, or of the
other sign.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from random import Random
from zoneinfo import ZoneInfo

from appliance.model import PowerReading, Stamp
from power.reading.checks import DeviceChecks
from power.reading.combine import combine
from power.reading.day_yield import DayCounters
from tests.bench.readings.devices import (
    Controller,
    Pack,
    ReportingController,
    ReportingPack,
)
from tests.bench.readings.plant import POLL_S, Plant, RunningPlant, Truth

MIDNIGHT = datetime(2026, 6, 10, 22, 0, tzinfo=UTC)  # in Berlin
OFF_A, SIGN_A = 3.0, 0.7
DAY_H = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A site. `fault`: the code that must be raised, within `found_h` hours of its first poll (or
    of the freeze); false currents are used for at most `false_h`.
    """

    plant: Plant = field(default_factory=Plant)
    controllers: tuple[Controller, ...] = (Controller(),)
    packs: tuple[Pack, ...] = (Pack(),)
    days: float = 2.0
    ordered_w: Callable[[float], float] | None = None
    fault: str = ""
    found_h: float = 0.0
    false_h: float = 0.0
    may_also: tuple[str, ...] = ()

    @property
    def begins_h(self) -> float:
        """When its fault begins."""
        begins = [one.frozen_from_h for one in self.controllers]
        begins += [one.frozen_from_h for one in self.packs]
        return min(begins) if min(begins) < float("inf") else 0.0


@dataclass
class Result:
    """What came of a site. `first_h`: fault code -> hours after the fault began."""

    polls: int = 0
    first_h: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    false_polls: int = 0
    unknown_polls: int = 0

    @property
    def false_h(self) -> float:
        return self.false_polls * POLL_S / 3600

    @property
    def unknown_h(self) -> float:
        return self.unknown_polls * POLL_S / 3600


def run_case(case: Case, *, seed: int = 1, hours: float | None = None) -> Result:
    """Simulate the site and check each poll."""
    site, result = Site(case, Random(seed)), Result()
    for _ in range(int((case.days * DAY_H if hours is None else hours) * 3600 / POLL_S)):
        site.poll(result)
    return result


class Site:
    """A plant, its devices and the product's checks."""

    def __init__(self, case: Case, random: Random) -> None:
        self._case = case
        self._plant = RunningPlant(case.plant, random)
        self._checks, self._days = DeviceChecks(), DayCounters(ZoneInfo("Europe/Berlin"))
        self._controllers = {
            f"roof{place}": ReportingController(
                kind, share=1 / len(case.controllers), has_loads=place == 0, random=random
            )
            for place, kind in enumerate(case.controllers)
        }
        self._packs = {
            f"pack{place}": ReportingPack(
                kind,
                name=f"pack{place}",
                capacity_ah=case.plant.capacity_ah * kind.share,
                charge_pct=case.plant.charge_pct,
                cells=case.plant.cells,
                random=random,
            )
            for place, kind in enumerate(case.packs)
        }

    def poll(self, result: Result) -> None:
        """One poll of all devices."""
        truth = self._plant.advance()
        begun_s = self._case.plant.start_h * 3600
        stamp = Stamp(MIDNIGHT + timedelta(seconds=begun_s + truth.at_s), "boot", 1000 + truth.at_s)
        if self._case.ordered_w:
            self._checks.note_load(self._case.ordered_w(truth.hour), stamp.uptime_s)
        chargers = {name: one.report(truth, stamp) for name, one in self._controllers.items()}
        for name, one in chargers.items():
            self._days.take(name, one.reading)
        packs = {name: one.report(truth, stamp) for name, one in self._packs.items()}
        checked = self._checks.check(chargers, packs, stamp.uptime_s)
        days = (self._days.find_fault(name) for name in chargers)
        since_h = truth.at_s / 3600 - self._case.begins_h
        for fault in chain(checked.faults, (one for one in days if one)):
            result.first_h.setdefault(fault.code, since_h)
            result.texts.setdefault(fault.code, str(fault))
        whole = combine(
            list(checked.chargers.values()), list(checked.batteries.values()), lambda _: 0.0
        )
        count(result, truth, whole)


def count(result: Result, truth: Truth, whole: PowerReading | None) -> None:
    """Count one poll: whether the current that is used is known, and whether it is false."""
    result.polls += 1
    amps = whole.battery_current_a if whole else None
    result.unknown_polls += amps is None
    if amps is not None:
        small_a = min(abs(amps), abs(truth.battery_a))
        turned = amps * truth.battery_a < 0 and small_a > SIGN_A
        result.false_polls += turned or abs(amps - truth.battery_a) > OFF_A
