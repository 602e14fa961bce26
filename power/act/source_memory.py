"""What is taken over of a second source from before a start of the power service.

Reads and writes: nothing; pure.
Never: takes up a run of another boot, or counts time by a wall clock that nobody confirms.

A restart of the service goes on with the run, its times with it. A boot begins anew: PID 1 has
switched the source off. Its rest is over then: the unit may have woken for minutes only, and a
source that rests for longer than that would never start. What cannot be a time of this boot, in a
row that is damaged, counts as now.
"""

from dataclasses import replace

from appliance.model import Stamp
from appliance.model_sources import SourcePhase, SourceState
from appliance.sections.sources import SourceSettings
from appliance.wording.sentence import say
from power.act.source_count import count_run
from power.guard.reserve import FIRST_YEAR

LONGEST_AWAY_S = 400 * 86_400.0  # what a clock says beyond that is a jump of it
CUT_SHORT = say("was started, and the computer lost its power before it gave anything")


def resume(row: SourceState, source: SourceSettings, now: Stamp) -> SourceState | None:
    """A run, or a rest, that goes on where the service was started anew; None after a boot. Its
    switch stayed as it was, so the time in between is counted.
    """
    if row.stamp.boot_id != now.boot_id:
        return None
    away_s = min(measure_away_s(row, now, clock_went_on=True), source.most_run_s)
    return replace(
        count_run(row, source, away_s),
        stamp=now,
        changed_s=min(row.changed_s, now.uptime_s),
        gave_s=None if row.gave_s is None else min(row.gave_s, now.uptime_s),
    )


def take_counts(
    row: SourceState,
    known: SourceState | None,
    source: SourceSettings,
    now: Stamp,
    *,
    clock_went_on: bool,
) -> SourceState:
    """The counts of the stored row, with what it does now: nothing, since the boot."""
    is_here = row.stamp.boot_id == now.boot_id
    rested_from_s = now.uptime_s if is_here else now.uptime_s - source.rest_s
    does = known or SourceState(now, row.source, changed_s=rested_from_s)
    was_cut_short = not is_here and is_cut_short(row, source)
    failures = max(0, row.failures) + was_cut_short
    return replace(
        does,
        stamp=now,
        run_s=row.run_s,
        energy_wh=row.energy_wh,
        cost=row.cost,
        starts=row.starts,
        fuel_left_kwh=row.fuel_left_kwh,
        idle_s=row.idle_s + measure_away_s(row, now, clock_went_on=clock_went_on),
        failures=failures,
        failure=CUT_SHORT if was_cut_short else row.failure,
        locked=row.locked or failures >= source.most_tries,
    )


def is_cut_short(row: SourceState, source: SourceSettings) -> bool:
    """Whether the boot ended while it was started and was seen to give nothing yet: a start that
    takes the computer's power with it must not be tried for ever.
    """
    ran_s = row.stamp.uptime_s - row.changed_s
    is_seen = row.power_w is not None  # where nothing measures it, every start looks like this
    is_early = ran_s <= source.warm_up_s + source.gives_within_s
    return row.phase is SourcePhase.STARTING and is_seen and is_early


def measure_away_s(row: SourceState, now: Stamp, *, clock_went_on: bool) -> float:
    """For how long nobody counted; 0 where no clock says it."""
    if row.stamp.boot_id == now.boot_id:
        return max(0.0, now.uptime_s - row.stamp.uptime_s)
    if not clock_went_on or row.stamp.utc.year < FIRST_YEAR:
        return 0.0
    away_s = (now.utc - row.stamp.utc).total_seconds()
    return away_s if 0 <= away_s <= LONGEST_AWAY_S else 0.0
