"""Messages that are not sent any more, and why: too old, acknowledged, without a channel. Pure.

    ended = find_end(delivery, alarm, age_s=age_s, settings=settings)    # None: it may be sent

Reads and writes: nothing.
Never: goes by the wall clock, which may have been set: an age is that of the unit's own time.
"""

from appliance.alarms.deliveries import drop, expire, withdraw
from appliance.model_alarms import Alarm, AlarmDelivery, DeliveryState
from appliance.sections.alarms import ChannelKind
from appliance.settings import Settings
from appliance.wording.sentence import say

DAY_S = 86_400.0
LATEST_S = 120.0  # of a switch, after the alarm


def find_end(
    delivery: AlarmDelivery, alarm: Alarm | None, *, age_s: float | None, settings: Settings
) -> AlarmDelivery | None:
    """The message as it ends; None for one that may be sent. `age_s`: None where that is not
    known.
    """
    days = settings.alarms.queue_days
    if age_s is not None and age_s > days * DAY_S:
        return expire(delivery, days)
    if delivery.channel not in settings.channel:
        return drop(
            delivery,
            say("dropped: there is no [channel.{channel}] any more", channel=delivery.channel),
        )
    if delivery.recipient not in settings.recipient:
        return drop(
            delivery,
            say(
                "dropped: there is no [recipient.{recipient}] any more",
                recipient=delivery.recipient,
            ),
        )
    if is_switch(delivery.channel, settings) and is_too_late(delivery, age_s):
        return drop(
            delivery, say("dropped: too late for a switch: {reason}", reason=delivery.reason)
        )
    if alarm is not None and alarm.acknowledged_by:
        return withdraw(delivery, alarm.acknowledged_by)
    return None


def is_switch(channel: str, settings: Settings) -> bool:
    """Whether a channel is a siren or a lamp."""
    found = settings.channel.get(channel)
    return found is not None and found.kind is ChannelKind.SWITCH


def is_too_late(delivery: AlarmDelivery, age_s: float | None) -> bool:
    """For a siren: it waited for a limit, quiet hours, or the unit was off."""
    is_new = delivery.state is DeliveryState.WAITING
    return is_new and (age_s is None or age_s > LATEST_S)
