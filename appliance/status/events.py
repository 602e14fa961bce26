"""The events as people and programs get them: the newest, pages of a list, one with its neighbours.

    list_events(store, EventQuery(camera="gate"), limit=12)
    list_events(store, query, before=parse_place(found[-1]["cursor"]), limit=12)    # the next page

Reads: the event table. Writes: nothing.
Never: has an order of its own: page, API and `unitctl` all go by that of store/event_pages.py.
"""

from datetime import timedelta

from appliance.log import redact_all
from appliance.model_cameras import Event
from appliance.status.freshness import Document
from appliance.store.event_pages import (
    EventPlace,
    EventQuery,
    PlacedEvent,
    find_event,
    read_last_written,
    read_newer,
    read_older,
)
from appliance.store.event_rows import read_newest_id
from appliance.store.rows import encode_time
from appliance.store.store import Store


def describe_recent_events(store: Store) -> Document:
    """How many events began in the last 24 hours, and the one that was stored last: one of an
    hour that was wrong is not the newest for years.
    """
    now, newest = store.clock.stamp().utc, read_last_written(store)
    return {
        "last_24_h": store.count(Event, now - timedelta(hours=24), now),
        "newest": redact_all(describe_event(newest)) if newest else None,
        "last_row": read_newest_id(store),
    }


def list_events(
    store: Store,
    query: EventQuery,
    *,
    limit: int,
    before: EventPlace | None = None,
    after: EventPlace | None = None,
) -> list[Document]:
    """At most `limit` events, newest first: the next before a place, or the next after one."""
    if after is None:
        found = read_older(store, query, before, limit)
    else:
        found = read_newer(store, query, after, limit)[::-1]
    return redact_all([describe_event(one) for one in found])


def describe_one_event(store: Store, query: EventQuery, event_id: str) -> Document | None:
    """An event, with the ids of the next newer and older one of the query; None: there is none."""
    found = find_event(store, event_id)
    if found is None:
        return None
    newer, older = (
        read_newer(store, query, found.place, 1),
        read_older(store, query, found.place, 1),
    )
    document: Document = {
        "event": describe_event(found),
        "newer": newer[0].event.event_id if newer else None,
        "older": older[0].event.event_id if older else None,
    }
    return redact_all(document)


def list_filters(store: Store) -> Document:
    """By which cameras, labels and zones events can be filtered: those of stored events."""
    found = {name: store.list_values(Event, name) for name in ("camera", "label", "zone")}
    return found | {"zone": [name for name in found["zone"] if name]}


def describe_event(placed: PlacedEvent) -> Document:
    """One event; `cursor` is its place, from which the list goes on."""
    event, box = placed.event, placed.event.box
    return {
        "event_id": event.event_id,
        "cursor": str(placed.place),
        "at": encode_time(event.stamp.utc),
        "last_seen": encode_time(event.last_seen),
        "camera": event.camera,
        "label": event.label,
        "confidence": event.confidence,
        "frames": event.frames,
        "box": [box.left, box.top, box.right, box.bottom],
        "snapshot": event.snapshot,
        "clip": event.clip,
        "energy_level": event.energy_level.name,
        "energy_j": event.energy_j,
        "energy_measured": event.energy_measured,
        "model_digest": event.model_digest,
        "tier": event.tier.value,
        "provider": event.provider,
        "threshold": event.threshold,
        "reason": event.reason,
        "rule": event.rule,
        "zone": event.zone,
        "woken_by": event.woken_by,
        "drops": event.drops,
        "scores": dict(event.scores),
        "stream": event.stream,
        "sub_label": event.sub_label,
        "sub_confidence": event.sub_confidence,
    }
