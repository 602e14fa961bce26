"""Alarms in the status document: what was sent to whom, what waits and why.

Reads: rows `alarm` and `alarm_delivery`, the settings. Writes: nothing.
Never: shows a channel's address: only its name is known here.
"""

from appliance.model_alarms import Alarm, AlarmDelivery, DeliveryState
from appliance.settings import Settings
from appliance.status.freshness import Document
from appliance.store import alarm_rows
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say, say_count

RECENT = 5
NOBODY = say("nobody is told: the settings have no [recipient.NAME]")
ALL_SENT = say("no message waits")


def describe_alarms(store: Store, settings: Settings) -> Document:
    """How many messages wait and why the first does; the newest alarms with their messages."""
    first, count = alarm_rows.list_open(store, 1), alarm_rows.count_open(store)
    return {
        "is_set": bool(settings.recipient),
        "waiting": count,
        "sentence": describe_waiting(first, count, settings),
        "recent": list_alarms(store, RECENT),
    }


def describe_waiting(waiting: list[AlarmDelivery], count: int, settings: Settings) -> str:
    """One sentence, by the first of those that wait."""
    if not waiting:
        return ALL_SENT if settings.recipient else NOBODY
    first = waiting[0]
    return say_count(
        "{count} message waits; to {recipient} by {channel}: {reason}",
        "{count} messages wait; to {recipient} by {channel}: {reason}",
        count,
        recipient=first.recipient,
        channel=first.channel,
        reason=first.reason,
    )


def list_alarms(store: Store, limit: int) -> list[Document]:
    """The newest alarms, the newest first, each with its messages."""
    return [
        describe_alarm(alarm, alarm_rows.list_deliveries(store, alarm.alarm_id))
        for alarm in alarm_rows.list_recent_alarms(store, limit)
    ]


def describe_alarm(alarm: Alarm, deliveries: list[AlarmDelivery]) -> Document:
    """One alarm."""
    return {
        "alarm_id": alarm.alarm_id,
        "sequence": alarm.sequence,
        "at": encode_time(alarm.stamp.utc),
        "last": encode_time(alarm.last),
        "rule": alarm.rule,
        "kind": alarm.kind.value,
        "priority": alarm.priority.name.lower(),
        "text": alarm.text,
        "occurrences": alarm.occurrences,
        "camera": alarm.camera,
        "event_id": alarm.event_id,
        "reason": alarm.reason,
        "acknowledged_by": alarm.acknowledged_by,
        "deliveries": [describe_delivery(one) for one in deliveries],
    }


def describe_delivery(delivery: AlarmDelivery) -> Document:
    """One message."""
    waits = delivery.state is DeliveryState.WAITING
    return {
        "recipient": delivery.recipient,
        "channel": delivery.channel,
        "state": delivery.state.value,
        "made": encode_time(delivery.stamp.utc),
        "sent": delivery.sent and encode_time(delivery.sent),
        "not_before": encode_time(delivery.not_before) if waits else None,
        "attempts": delivery.attempts,
        "covers": delivery.covers,
        "size_bytes": delivery.size_bytes,
        "reason": delivery.reason,
    }
