"""What has changed since a position, as programs get it: events, faults, the energy level.

    describe_changes(read_changes(store, position))

Reads and writes: nothing; pure.
Never: gives text with a password in it.
"""

from typing import cast

from appliance.log import redact_all
from appliance.model import EnergyBudget, Fault
from appliance.model_cameras import Event
from appliance.status.events import describe_event
from appliance.status.freshness import Document
from appliance.status.status_document import describe_fault
from appliance.store.change_positions import Position
from appliance.store.changes import Changes, StoredRow
from appliance.store.event_pages import EventPlace, PlacedEvent
from appliance.store.rows import encode_time


def describe_changes(found: Changes) -> Document:
    """All of them, by the unit's wall clock; those of one moment in the order of storing."""
    changes = [
        *(describe_new_event(one) for one in found.events),
        *(describe_begin(one) for one in found.begun),
        *(describe_end(one) for one in found.ended),
        *(describe_level(one) for one in found.levels),
    ]
    changes.sort(key=lambda one: str(one["at"]))
    return describe_answer(redact_all(changes), found.position, has_more=found.has_more)


def describe_answer(changes: list[Document], position: Position, *, has_more: bool) -> Document:
    """One answer; `position` is what is given as `after` the next time."""
    return {"position": str(position), "has_more": has_more, "changes": changes}


def describe_new_event(stored: StoredRow) -> Document:
    """An event is stored when it is over: `at` is when."""
    event = cast("Event", stored.row)
    place = EventPlace(encode_time(event.stamp.utc), stored.row_id)
    told = describe_event(PlacedEvent(place, event))
    return {"kind": "event", "at": encode_time(event.last_seen), "event": told}


def describe_begin(stored: StoredRow) -> Document:
    fault = cast("Fault", stored.row)
    return {"kind": "fault", "at": encode_time(fault.stamp.utc), "fault": describe_fault(fault)}


def describe_end(stored: StoredRow) -> Document:
    fault = cast("Fault", stored.row)
    at = encode_time(fault.cleared or fault.stamp.utc)
    return {"kind": "fault-over", "at": at, "fault": describe_fault(fault)}


def describe_level(stored: StoredRow) -> Document:
    """Another energy level, and why."""
    budget = cast("EnergyBudget", stored.row)
    return {
        "kind": "level",
        "at": encode_time(budget.stamp.utc),
        "level": budget.level.name,
        "before": stored.before.name if stored.before is not None else None,
        "reason": budget.reason,
    }
