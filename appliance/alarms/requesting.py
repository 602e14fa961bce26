"""From a message that waits to a request for its channel: text, picture, links, battery.

    request = requester.build(delivery, alarm, level)
    requester.discard(delivery_id)

Reads: the status document, the snapshot, the key of the links. Writes: a picture in the run
directory.
Never: opens a channel's address, or sends a picture below the channel's level.
"""

from dataclasses import replace

from appliance.alarms import pictures, reply_links
from appliance.alarms.channels.requests import SendRequest, make_request
from appliance.alarms.texts import Facts, build_message
from appliance.errors import StoreError
from appliance.model import EnergyLevel
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind
from appliance.model_updates import LinkState
from appliance.sections.alarms import ChannelKind
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.store import Store
from appliance.wording.sentence import say

DAY_S = 86_400.0
LASTS_S = 60.0  # a sentence about the battery stays true for so long
WITHOUT_REPLY = (AlarmKind.HEARTBEAT, AlarmKind.TEST)


class Requester:
    """Builds one after the other."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._lasts, self._lasts_s = "", -LASTS_S

    def build(
        self, delivery: AlarmDelivery, alarm: Alarm, level: EnergyLevel | None
    ) -> SendRequest:
        """Raises `StoreError`."""
        channel = self._settings.channel[delivery.channel]
        message = build_message(alarm, delivery, self._find_facts(delivery, alarm))
        has_picture = channel.kind is ChannelKind.APPRISE and (
            level is not None and level >= channel.pictures_from and not self._must_save()
        )
        path = None
        if has_picture:
            path = pictures.prepare(self._settings, alarm.snapshot, delivery.delivery_id)
        return make_request(
            delivery.channel,
            channel,
            delivery_id=delivery.delivery_id,
            alarm=alarm.kind,
            sequence=delivery.sequence,
            title=message.title,
            body=message.body,
            picture=None if path is None else str(path),
        )

    def _must_save(self) -> bool:
        """Whether the mobile link's month is used up: the text goes without its picture."""
        link = self._store.latest(LinkState, DAY_S)
        return link is not None and link.waits

    def discard(self, delivery_id: str) -> None:
        """The message is settled."""
        pictures.discard(self._settings, delivery_id)

    def _find_facts(self, delivery: AlarmDelivery, alarm: Alarm) -> Facts:
        facts = Facts(
            unit=self._settings.unit.name,
            timezone=self._settings.site.timezone,
            now=self._store.clock.stamp().utc,
            lasts=self._describe_battery(),
            why=find_why(delivery, alarm, self._settings),
        )
        page = self._settings.alarms.page.rstrip("/")
        if not page:
            return facts
        return replace(facts, page=page, reply=self._make_reply(page, delivery, alarm))

    def _make_reply(self, page: str, delivery: AlarmDelivery, alarm: Alarm) -> str:
        """The link by which it is acknowledged; "" where it asks for none, or the key cannot be
        kept: an alarm does not wait for that.
        """
        if alarm.kind in WITHOUT_REPLY:
            return ""
        try:
            key = reply_links.read_or_make_key(self._settings.alarm_key_file)
        except StoreError:
            return ""
        return reply_links.format_link(page, alarm.alarm_id, recipient=delivery.recipient, key=key)

    def _describe_battery(self) -> str:
        """How long the unit can go on, in words."""
        now_s = self._store.clock.stamp().uptime_s
        if not 0 <= now_s - self._lasts_s < LASTS_S:
            summary = status_document.build(self._store, self._settings)["summary"]
            self._lasts, self._lasts_s = str(summary["lasts"]), now_s
        return self._lasts


def find_why(delivery: AlarmDelivery, alarm: Alarm, settings: Settings) -> str:
    """Who has not acknowledged it, in a message that went on from there; "" in all others."""
    rule = settings.alarm.get(alarm.rule)
    if rule is None or delivery.recipient in rule.to or alarm.kind in WITHOUT_REPLY:
        return ""
    before = [name for name, one in settings.recipient.items() if one.next == delivery.recipient]
    return say("{names} has not acknowledged it", names=" or ".join(before)) if before else ""
