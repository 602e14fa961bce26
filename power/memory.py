"""What the power service remembers over a restart: the last charge, age, reading and budget, as
stored.

Reads: BatteryState, BatteryAge, PowerReading, SourceState, EnergyBudget, the real-time clock, in
the recorder's thread.
Writes: nothing.
Never: lets the loop wait for longer than a moment. What cannot be read the store passes over.

The database may come late, or never: the loop goes on without. What comes late is merged: of two
estimates the more certain counts, of two readings the newer, and a level that the loads had until
just now is no rise.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from appliance.clock import Clock
from appliance.model import BatteryAge, BatteryState, EnergyBudget, PowerReading, Stamp
from appliance.model_sources import SourceState
from appliance.process.recorder import Recorder
from appliance.process.rtc import Rtc
from appliance.store.store import Store
from power.act.arbiter import VALID_S, ArbiterState
from power.act.source_memory import LONGEST_AWAY_S
from power.battery import estimator
from power.battery.estimate import Estimate
from power.sleep.bounded import BoundedCalls

WAIT_S = 3.0  # real seconds: a restart of the service must not look like a loss of the charge
T = TypeVar("T")


class Memory:
    """The stored values, each None until it is read, or where it is unknown."""

    def __init__(self, recorder: Recorder, clock: Clock, rtc: Rtc) -> None:
        """`rtc`: the clock that goes on without power, if it does."""
        self._clock, self._rtc, self._rtc_calls = clock, rtc, BoundedCalls()
        self._wait_s = WAIT_S
        self.has_clock_gone_on = False  # known with the sources
        self._estimate = recorder.follow("the last battery_state", self._read_estimate)
        self._reading = recorder.follow("the last power_reading", self._read_reading)
        self._age = recorder.follow("the last battery_age", self._read_age)
        self._sources = recorder.follow("the source_states", self._read_sources)
        self._budget = recorder.follow("the last energy_budget", self._read_budget)

    def is_here(self) -> bool:
        """Whether the database has answered; the first call waits for it, the others do not."""
        limit_s, self._wait_s = self._wait_s, 0.0
        return self._budget.wait(limit_s)

    @property
    def estimate(self) -> Estimate | None:
        return self._estimate.value

    @property
    def reading(self) -> PowerReading | None:
        return self._reading.value

    @property
    def age(self) -> BatteryAge | None:
        return self._age.value

    @property
    def sources(self) -> tuple[SourceState, ...]:
        return self._sources.value or ()

    @property
    def budget(self) -> EnergyBudget | None:
        return self._budget.value

    def _read_estimate(self, store: Store) -> Estimate | None:
        stored = store.last(BatteryState)
        if stored is None:
            return None
        now = self._clock.stamp()
        return estimator.restore(stored, now, clock_went_on=self._has_clock_gone_on(now))

    def _read_age(self, store: Store) -> BatteryAge | None:
        """With the time that has passed since it was stored, where that is known."""
        stored = store.last(BatteryAge)
        if stored is None:
            return None
        now = self._clock.stamp()
        passed_s = self._clock.age_s(stored.stamp)
        if passed_s is None and self._has_clock_gone_on(now):
            passed_s = (now.utc - stored.stamp.utc).total_seconds()
            passed_s = passed_s if passed_s <= LONGEST_AWAY_S else 0.0
        return replace(stored, since_full_s=stored.since_full_s + max(0.0, passed_s or 0.0))

    def _has_clock_gone_on(self, now: Stamp) -> bool:
        """Whether the wall clock has gone on without power: a time server confirms it, or it is
        that of the real-time clock. One that was saved at the power-off has stood still.
        """
        if self._clock.is_synchronized():
            return True
        with suppress(TimeoutError):
            return self._rtc_calls.run(lambda: self._rtc.shows(now.utc))
        return False

    def _read_reading(self, store: Store) -> PowerReading | None:
        return self._of_this_boot(store.last(PowerReading))

    def _read_sources(self, store: Store) -> tuple[SourceState, ...]:
        rows = tuple(store.rows(SourceState))
        self.has_clock_gone_on = bool(rows) and self._has_clock_gone_on(self._clock.stamp())
        return rows

    def _read_budget(self, store: Store) -> EnergyBudget | None:
        return self._of_this_boot(store.last(EnergyBudget))

    def _of_this_boot(self, row: T | None) -> T | None:
        stored: Any = row
        return row if row is not None and self._clock.age_s(stored.stamp) is not None else None


def merge_estimates(running: Estimate | None, recalled: Estimate | None) -> Estimate | None:
    """Of the loop's own estimate and the recalled one, both up to now, the more certain."""
    if running is None or recalled is None:
        return running or recalled
    return recalled if recalled.sigma_pct < running.sigma_pct else running


def merge_readings(
    running: PowerReading | None, recalled: PowerReading | None
) -> PowerReading | None:
    """The newer one."""
    if running is None or recalled is None:
        return running or recalled
    return recalled if recalled.stamp.uptime_s > running.stamp.uptime_s else running


def merge_level(running: ArbiterState, recalled: EnergyBudget | None, now: Stamp) -> ArbiterState:
    """The level to go on from. A lower one that is recalled late changes nothing: the loads have
    been started meanwhile. A higher one that still holds is what the loads run at.
    """
    if recalled is None:
        return running
    if running.level is None:
        return ArbiterState(recalled.level)
    holds = now.uptime_s - recalled.stamp.uptime_s <= VALID_S
    higher = holds and recalled.level > running.level
    return replace(running, level=recalled.level) if higher else running
