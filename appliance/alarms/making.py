"""Occurrences become alarms and messages: which rules they meet, what joins, who gets it by what.

    rows = Maker(store, settings).make(occurrences, now)     # to store in one transaction

Reads: `Alarm` rows. Writes: nothing; the caller stores the rows together with how far it has read,
so that a cut loses nothing and makes nothing twice.
Never: sends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.alarms.bundles import can_join, join, make_key, open_alarm, place_beside
from appliance.alarms.deliveries import make
from appliance.alarms.occurrences import Occurrence
from appliance.alarms.rules import find_rules
from appliance.model import Stamp
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind, AlarmPriority
from appliance.sections.alarms import AlarmSettings, ChannelKind, ChannelSettings
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.store import Store
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

HEARTBEAT, TEST = "heartbeat", "test"  # as a rule's name


@dataclass
class Made:
    """Alarms by their key, and new messages."""

    alarms: dict[str, Alarm] = field(default_factory=dict)
    deliveries: list[AlarmDelivery] = field(default_factory=list)

    @property
    def rows(self) -> list[Any]:
        """As they are stored: an alarm once, with all that joined."""
        return [*{one.alarm_id: one for one in self._all}.values(), *self.deliveries]

    _all: list[Alarm] = field(default_factory=list)

    def put(self, alarm: Alarm) -> None:
        self.alarms[alarm.key] = alarm
        self._all.append(alarm)


class Maker:
    """For one pass: it counts on from the numbers that are stored."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._zone = find_zone(settings.site.timezone)
        self._sequence = alarm_rows.find_last_sequence(store)
        self._message = alarm_rows.find_last_message(store)
        self.made = Made()

    def make(self, occurrences: Iterable[Occurrence], now: Stamp) -> None:
        """Add what they make to `made`. Raises `StoreError`."""
        for occurrence in occurrences:
            local = occurrence.at.astimezone(self._zone).time()
            for name, rule in find_rules(self._settings.alarm, occurrence, local):
                self._apply(name, rule, occurrence, now)

    def make_one(self, occurrence: Occurrence, to: Sequence[str], now: Stamp, *, rule: str) -> None:
        """A heartbeat or a test: an alarm of its own, without a rule of the settings."""
        urgent = AlarmPriority.URGENT if occurrence.kind is AlarmKind.TEST else AlarmPriority.LOW
        own = AlarmSettings(on=occurrence.kind, to=tuple(to), priority=urgent, bundle_s=0.0)
        self._open(rule, own, occurrence, now)

    def make_next(self, alarm: Alarm, recipient: str, now: Stamp, reason: str) -> None:
        """The message to one more recipient."""
        self._tell(alarm, recipient, now, reason)

    def _apply(self, name: str, rule: AlarmSettings, occurrence: Occurrence, now: Stamp) -> None:
        key = make_key(name, occurrence)
        before = self.made.alarms.get(key) or alarm_rows.find_last_alarm(self._store, key)
        same = None if before is None else place_beside(before, occurrence, now)
        if before is not None and same is not None and can_join(before, key, same.at):
            self.made.put(join(before, same, rule))
        elif not alarm_rows.is_told(self._store, name, occurrence.event_id):  # read a second time
            self._open(name, rule, occurrence, now)

    def _open(self, name: str, rule: AlarmSettings, occurrence: Occurrence, now: Stamp) -> None:
        self._sequence += 1
        alarm = open_alarm(name, rule, occurrence, now=now, sequence=self._sequence)
        self.made.put(alarm)
        for recipient in rule.to:
            self._tell(
                alarm,
                recipient,
                now,
                say("[alarm.{name}] names {recipient}", name=name, recipient=recipient),
            )

    def _tell(self, alarm: Alarm, recipient: str, now: Stamp, reason: str) -> None:
        own = self._settings.recipient.get(recipient)
        for channel in own.channels if own else ():
            if not suits(self._settings.channel.get(channel), alarm.kind):
                continue
            self._message += 1
            self.made.deliveries.append(
                make(alarm, recipient, channel, now=now, reason=reason, sequence=self._message)
            )


def suits(channel: ChannelSettings | None, kind: AlarmKind) -> bool:
    """Whether a channel is of use for it: a dead man's switch takes only that the unit lives, and
    no siren sounds because it does.
    """
    if channel is None:
        return True  # the message says so
    if channel.kind is ChannelKind.PING:
        return kind in (AlarmKind.HEARTBEAT, AlarmKind.TEST)
    return not (channel.kind is ChannelKind.SWITCH and kind is AlarmKind.HEARTBEAT)
