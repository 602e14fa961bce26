"""Alarms that may go on to somebody else now, and when the next one may.

    for alarm, rule in AwaitedReplies(store, settings).list_over(now): ...
    replies.find_next(now)             # None: nobody's time runs

Reads: alarms and their messages, the settings. Writes: nothing.
Never: decides who is told; appliance/alarms/escalation.py does.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from appliance.alarms.deliveries import LONGEST_PAUSE
from appliance.alarms.escalation import find_longest_s
from appliance.model_alarms import Alarm
from appliance.sections.alarms import AlarmSettings
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.store.unacknowledged import find_next_begin, list_going_on
from appliance.store.unit_time import read_time


class AwaitedReplies:
    """By the rules that ask for an acknowledgement, and the recipients that have a `next`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._recipients = store, len(settings.recipient)
        self._rules = {name: one for name, one in settings.alarm.items() if one.acknowledge_s}
        people = settings.recipient.items()
        self._following = [(name, one.next) for name, one in people if one.next]

    def list_over(self, now: datetime) -> Iterator[tuple[Alarm, AlarmSettings]]:
        """Those for which somebody's time is over, each once; by the unit's own time only those
        that may still go on, as clocks are set. Raises `StoreError`.
        """
        if not self._rules:
            return
        longest_s = find_longest_s(self._rules.values(), self._recipients)
        time = read_time(self._store)
        seen: set[str] = set()
        for name, rule, asked in self._list_asked(now):
            for alarm in list_going_on(self._store, name, **asked):
                age_s = time.measure_age_s(alarm.stamp.boot_id, alarm.stamp.uptime_s)
                is_young = age_s is not None and age_s <= longest_s
                if is_young and alarm.alarm_id not in seen:
                    seen.add(alarm.alarm_id)
                    yield alarm, rule

    def find_next(self, now: datetime) -> datetime | None:
        """When somebody's time is over next. Raises `StoreError`."""
        found = [
            begin + timedelta(seconds=rule.acknowledge_s)
            for name, rule, asked in self._list_asked(now)
            if (begin := find_next_begin(self._store, name, **asked)) is not None
        ]
        return min(found, default=None)

    def _list_asked(self, now: datetime) -> Iterator[tuple[str, AlarmSettings, dict[str, Any]]]:
        """Each rule with each pair of recipients: what the database is asked."""
        for (name, rule), (before, after) in product(self._rules.items(), self._following):
            until = now - timedelta(seconds=rule.acknowledge_s)
            pair = {"before": before, "after": after}
            yield name, rule, {**pair, "until": until, "latest": now + LONGEST_PAUSE}
