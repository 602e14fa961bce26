"""Rows as occurrences: an event, a fault and its end, a sleep, a return, a heartbeat. Pure.

    occurrence = from_event(event, level)

Reads and writes: nothing.
Never: says in a text what a rule or a recipient is told beside it (time, link, battery).
"""

from datetime import datetime

from appliance.alarms.occurrences import Occurrence
from appliance.model import EnergyLevel, Fault, Sleep, Wake
from appliance.model_alarms import TAMPER_CODES, AlarmKind
from appliance.model_cameras import Event
from appliance.wording.rule_zone import find_zone_name
from appliance.wording.sentence import say
from appliance.wording.shorten import shorten
from appliance.wording.site_time import format_site_time

MOST_TEXT = 300  # characters
UNIT = "unit"  # the place of what is of no camera and no service


def from_event(event: Event, level: EnergyLevel) -> Occurrence:
    """What a camera has seen."""
    zone = find_zone_name(event.rule)
    what = event.sub_label or event.label
    where = f"{event.camera}, {event.rule}" if event.rule else event.camera
    return Occurrence(
        AlarmKind.EVENT,
        at=event.stamp.utc,
        place=event.camera,
        text=shorten(say("{what} at {where}", what=what, where=where), MOST_TEXT),
        level=level,
        label=event.label,
        zone=zone,
        event_id=event.event_id,
        snapshot=event.snapshot,
    )


def from_fault(fault: Fault, level: EnergyLevel) -> Occurrence:
    """A fault that has begun; one of a camera's view is a tampering."""
    is_tamper = fault.code in TAMPER_CODES
    return Occurrence(
        AlarmKind.TAMPER if is_tamper else AlarmKind.FAULT,
        at=fault.stamp.utc,
        place=fault.source.removeprefix("camera@") if is_tamper else fault.source,
        text=shorten(fault.text, MOST_TEXT),
        level=level,
        code=fault.code,
    )


def from_fault_end(fault: Fault, level: EnergyLevel) -> Occurrence:
    """A fault that is over."""
    return Occurrence(
        AlarmKind.FAULT_OVER,
        at=fault.cleared or fault.stamp.utc,
        place=fault.source,
        text=shorten(say("over: {text}", text=fault.text), MOST_TEXT),
        level=level,
        code=fault.code,
    )


def from_sleep(sleep: Sleep, level: EnergyLevel, timezone: str) -> Occurrence:
    """The unit goes to sleep, and when it should be back."""
    back = say("nothing is set to wake it")
    if sleep.expected is not None:
        at = format_site_time(sleep.expected, timezone, "%a %d %b %H:%M")
        back = say("it is expected back at {at}", at=at)
    text = say(
        "the unit goes to sleep ({level}), {back}: {reason}",
        level=sleep.level,
        back=back,
        reason=sleep.reason,
    )
    return make_own(AlarmKind.ASLEEP, sleep.stamp.utc, text, level)


def from_wake(wake: Wake, level: EnergyLevel) -> Occurrence:
    """The unit is back."""
    text = say("the unit is back ({cause}): {reason}", cause=wake.cause, reason=wake.reason)
    return make_own(AlarmKind.AWAKE, wake.stamp.utc, text, level)


def make_own(kind: AlarmKind, at: datetime, text: str, level: EnergyLevel) -> Occurrence:
    """What is of the unit as a whole."""
    return Occurrence(kind, at=at, place=UNIT, text=shorten(text, MOST_TEXT), level=level)
