"""One alarm for one visit: the first occurrence makes it, later ones join. Pure.

    alarm = open_alarm(name, rule, occurrence, now, sequence)
    alarm = join(alarm, occurrence, rule)          # while can_join(alarm, key, occurrence.at)

Reads and writes: nothing.
Never: lets one alarm last for ever: who stays all day is told again after six hours.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from appliance.alarms.occurrences import Occurrence
from appliance.model import Stamp
from appliance.model_alarms import Alarm
from appliance.sections.alarms import AlarmSettings
from appliance.wording.counts import format_count
from appliance.wording.sentence import say

LONGEST = timedelta(hours=6)
SLEWED = timedelta(seconds=10)  # what a clock gains and loses without being set


def make_key(name: str, occurrence: Occurrence) -> str:
    """What joins: the same rule at the same place, a fault only with its like."""
    return f"{name}/{occurrence.place}/{occurrence.code}"


def open_alarm(
    name: str, rule: AlarmSettings, occurrence: Occurrence, *, now: Stamp, sequence: int
) -> Alarm:
    """The alarm that its first occurrence makes."""
    return Alarm(
        stamp=now,
        alarm_id=f"{now.boot_id}-{now.uptime_s:.0f}-{sequence}",
        sequence=sequence,
        key=make_key(name, occurrence),
        rule=name,
        kind=occurrence.kind,
        priority=rule.priority,
        text=occurrence.text,
        last=occurrence.at,
        ends=occurrence.at + timedelta(seconds=rule.bundle_s),
        occurrences=1,
        reason=say("[alarm.{name}] holds: {text}", name=name, text=occurrence.text),
        camera=occurrence.place,
        label=occurrence.label,
        snapshot=occurrence.snapshot,
        event_id=occurrence.event_id,
    )


def can_join(alarm: Alarm, key: str, at: datetime) -> bool:
    """Whether an occurrence of that key and time belongs to an alarm: it comes before the alarm
    ends, and not before it began by more than it may last (a clock that was set).
    """
    began = alarm.stamp.utc
    return alarm.key == key and began - LONGEST <= at <= alarm.ends and at - began <= LONGEST


def place_beside(alarm: Alarm, occurrence: Occurrence, now: Stamp) -> Occurrence | None:
    """The occurrence as the clock of the alarm had it, where that was set since; None after another
    boot: two that begin in 1970 are not of one visit.
    """
    if alarm.stamp.boot_id != now.boot_id:
        return None
    passed = timedelta(seconds=now.uptime_s - alarm.stamp.uptime_s)
    was_set = now.utc - alarm.stamp.utc - passed
    return occurrence if abs(was_set) < SLEWED else replace(occurrence, at=occurrence.at - was_set)


def join(alarm: Alarm, occurrence: Occurrence, rule: AlarmSettings) -> Alarm:
    """The alarm with one more occurrence. Its text stays that of the first."""
    last = max(alarm.last, occurrence.at)
    return replace(
        alarm,
        last=last,
        ends=last + timedelta(seconds=rule.bundle_s),
        occurrences=alarm.occurrences + 1,
        snapshot=alarm.snapshot or occurrence.snapshot,
        event_id=alarm.event_id or occurrence.event_id,
    )


def describe_more(alarm: Alarm, covered: int) -> str:
    """The sentence of the message that closes a visit, for who has been told of `covered`."""
    return say(
        "{more_occurrences} since: {text}",
        more_occurrences=format_count(alarm.occurrences - covered, "more occurrence"),
        text=alarm.text,
    )
