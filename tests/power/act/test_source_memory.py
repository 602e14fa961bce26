"""What is taken over of a generator's state from before a start of the power service."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.model import Stamp
from appliance.model_sources import SourceCause, SourcePhase, SourceState
from appliance.sections.sources import SourceSettings
from power.act.source_memory import LONGEST_AWAY_S, resume, take_counts

GENERATOR = SourceSettings(switch="generator", power_w=500, rest_s=900, most_tries=3)
NOW = Stamp(datetime(2026, 4, 15, 2, 0, tzinfo=UTC), "2", 30.0)
DAY = timedelta(days=1)


def store(boot: str = "1", away: timedelta = DAY, **changed: Any) -> SourceState:
    """A row as it was stored `away` ago."""
    stamp = Stamp(NOW.utc - away, boot, 500.0)
    row = SourceState(stamp, "main", changed_s=400.0, starts=4, idle_s=100.0)
    return replace(row, **changed)


def take(row: SourceState, *, went_on: bool = True, now: Stamp = NOW) -> SourceState:
    return take_counts(row, None, GENERATOR, now, clock_went_on=went_on)


def test_after_a_boot_a_source_has_rested() -> None:
    """A unit that wakes for a minute with an empty battery must not wait for a quarter of an hour
    before its generator may start.
    """
    taken = take(store())
    assert NOW.uptime_s - taken.changed_s >= GENERATOR.rest_s


def test_the_time_without_power_counts_as_idle_where_the_clock_went_on() -> None:
    assert take(store()).idle_s == pytest.approx(100 + DAY.total_seconds())
    assert take(store(), went_on=False).idle_s == 100


def test_a_clock_that_jumped_makes_no_test_run_due() -> None:
    """A year back, a century ahead, or a row from a boot whose clock began in 1970."""
    a_century = timedelta(days=36_525)
    for away in (-365 * DAY, a_century, NOW.utc - datetime(1970, 1, 2, tzinfo=UTC)):
        assert take(store(away=away)).idle_s == 100
    assert take(store(away=timedelta(seconds=LONGEST_AWAY_S - 1))).idle_s > 100


def test_of_this_boot_the_time_is_counted_by_uptime() -> None:
    now = replace(NOW, uptime_s=560.0, utc=NOW.utc + 365 * DAY)
    assert take(store("2"), now=now).idle_s == pytest.approx(160)


def test_a_start_that_took_the_computers_power_with_it_is_a_failure_and_the_third_locks_it() -> (
    None
):
    started: dict[str, Any] = {
        "phase": SourcePhase.STARTING,
        "cause": SourceCause.GUARD,
        "power_w": 0.0,
    }
    first = take(store(**started))
    assert (first.phase, first.failures, first.locked) == (SourcePhase.OFF, 1, False)
    assert "lost its power" in first.failure
    assert take(store(**started, failures=2)).locked


def test_a_run_that_was_seen_to_give_or_that_nothing_measures_is_no_failure() -> None:
    giving = store(phase=SourcePhase.GIVING, power_w=400.0, gave_s=480.0)
    assert take(giving).failures == 0
    assert take(store(phase=SourcePhase.STARTING, power_w=None)).failures == 0


def test_times_that_this_boot_has_not_reached_count_as_now() -> None:
    """A row that is damaged must not run a generator for ever, nor hide that it gives nothing."""
    ahead = store("2", phase=SourcePhase.GIVING, changed_s=1e8, gave_s=1e9)
    resumed = resume(replace(ahead, stamp=replace(ahead.stamp, uptime_s=1e9)), GENERATOR, NOW)
    assert resumed is not None
    assert (resumed.changed_s, resumed.gave_s, resumed.stamp.uptime_s) == (30.0, 30.0, 30.0)
    assert take(store(failures=-3)).failures == 0


def test_no_run_of_another_boot_is_taken_up() -> None:
    assert resume(store(phase=SourcePhase.GIVING), GENERATOR, NOW) is None


def test_a_run_that_nobody_watched_for_minutes_has_used_its_fuel() -> None:
    """The service was away: its switch stayed on."""
    row = store("2", phase=SourcePhase.GIVING, power_w=400.0, fuel_left_kwh=5.0, changed_s=400.0)
    resumed = resume(row, GENERATOR, replace(NOW, uptime_s=2300.0))
    assert resumed is not None
    assert resumed.run_s == pytest.approx(1800)
    assert resumed.fuel_left_kwh == pytest.approx(4.8)
