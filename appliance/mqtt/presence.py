"""Who is before each camera now, and how often somebody was in the last 24 hours.

    presence.follow()                  # once a cycle
    presence.describe("gate")          # {"labels": {"person": {"present": True, "events_24_h": 3}}}

Reads: EventBegun and Event rows, and whether inference reports. Writes: nothing.
Never: leaves somebody there for ever: what inference forgot at a crash ends after the longest time
that an event may last before a part of it is stored.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from appliance.model_cameras import Event, EventBegun, InferencePlan
from appliance.settings import Settings
from appliance.store.alarm_rows import find_newest_id, read_new
from appliance.store.event_pages import find_event
from appliance.store.pages import read_back
from appliance.store.store import Store
from appliance.wording.rule_zone import find_zone_name

LONGEST_S = 3700.0  # an event of an hour is stored in parts (inference/events/draft.py), and a poll
DAY = timedelta(hours=24)
COUNT_EVERY_S = 300.0


class Presence:
    """Of all cameras of one unit."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._begun_id = self._event_id = 0
        self._begun: dict[str, EventBegun] = {}
        self._counted_s: float | None = None
        self._by_label: Counter[tuple[str, str]] = Counter()
        self._by_zone: Counter[tuple[str, str]] = Counter()
        self._is_seen = False

    def follow(self) -> None:
        """Take what has begun and ended since the last call. Raises `StoreError`."""
        while new := read_new(self._store, EventBegun, self._begun_id):
            self._begun_id = new[-1][0]
            self._begun |= {row.event_id: row for _, row in new if self._is_going_on(row)}
        self._begun = {
            name: row
            for name, row in self._begun.items()
            if self._is_going_on(row) and find_event(self._store, name) is None
        }
        self._is_seen = self._store.latest(InferencePlan) is not None
        self._count()

    def describe(self, camera: str) -> dict[str, Any]:
        """Presence and counts of one camera's labels and zones."""
        there = {row.label for row in self._begun.values() if row.camera == camera}
        return {
            "labels": {
                label: {
                    "present": label in there if self._is_seen else None,
                    "events_24_h": self._by_label[camera, label],
                }
                for label in list_labels(self._settings, camera)
            },
            "zones": {
                zone: {"events_24_h": self._by_zone[camera, zone]}
                for zone in list_zones(self._settings, camera)
            },
        }

    def _is_going_on(self, row: EventBegun) -> bool:
        age_s = self._store.clock.age_s(row.stamp)
        return age_s is not None and age_s <= LONGEST_S

    def _count(self) -> None:
        """Anew where an event was stored, and each few minutes, since old ones leave the day."""
        now = self._store.clock.stamp()
        newest = find_newest_id(self._store, Event) or 0
        is_recent = self._counted_s is not None and now.uptime_s - self._counted_s < COUNT_EVERY_S
        if is_recent and newest == self._event_id:
            return
        self._event_id, self._counted_s = newest, now.uptime_s
        columns = ("camera", "label", "rule")
        found = list(read_back(self._store, Event, columns, now.utc - DAY, now.utc))
        self._by_label = Counter((one["camera"], one["label"]) for one in found)
        self._by_zone = Counter((one["camera"], find_zone_name(one["rule"] or "")) for one in found)


def list_labels(settings: Settings, camera: str) -> list[str]:
    """The labels that can make an event at that camera, sorted."""
    own = settings.camera[camera]
    shapes = [zone.labels for zone in own.zone.values()]
    shapes += [line.labels for line in own.line.values()]
    given = {label for labels in shapes for label in labels or settings.inference.labels}
    return sorted(given or settings.inference.labels)


def list_zones(settings: Settings, camera: str) -> list[str]:
    """The names of its zones and lines, sorted."""
    own = settings.camera[camera]
    return sorted({*own.zone, *own.line})
