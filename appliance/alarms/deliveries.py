"""One message on its way: what is tried next, when again, and what a channel's answer makes of it.

    for delivery in list_due(deliveries, now): ...     # the most important first, then the oldest
    delivery = begin(delivery)                         # stored before the channel gets it
    delivery = settle(delivery, answer, now)           # what the channel said

Reads and writes: nothing; pure.
Never: gives up on a message before `queue_days`, and never calls one sent that no channel took.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from appliance.model import Stamp
from appliance.model_alarms import Alarm, AlarmDelivery, DeliveryState
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from appliance.wording.shorten import shorten

FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 900.0
LONGEST_PAUSE = timedelta(hours=25)  # quiet hours, a day's limit
AFTER_REFUSAL_S = 3600.0  # a wrong password does not get better by trying
JITTER = 0.2  # of a pause: units that lost one link do not come back in one second
MOST_REASON = 300  # characters
OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a channel said. `refused`: trying again without a change is of no use. `unsure`: the
    recipient may have it all the same.
    """

    sent: bool
    text: str
    refused: bool = False
    size_bytes: int = 0
    unsure: bool = False


def make(
    alarm: Alarm, recipient: str, channel: str, *, now: Stamp, reason: str, sequence: int = 0
) -> AlarmDelivery:
    """A new message about all that the alarm holds now, due at once."""
    return AlarmDelivery(
        stamp=now,
        delivery_id=f"{alarm.alarm_id}.{alarm.occurrences}.{recipient}.{channel}",
        alarm_id=alarm.alarm_id,
        recipient=recipient,
        channel=channel,
        state=DeliveryState.WAITING,
        priority=alarm.priority,
        covers=alarm.occurrences,
        not_before=now.utc,
        attempts=0,
        reason=reason,
        sequence=sequence,
    )


def list_due(deliveries: Iterable[AlarmDelivery], now: datetime) -> list[AlarmDelivery]:
    """What may be tried now: by priority, then by age. One that was `SENDING` when the unit was cut
    is due again.
    """
    due = [one for one in deliveries if one.state in OPEN and is_due(one, now)]
    return sorted(due, key=lambda one: (-one.priority, one.stamp.utc, one.delivery_id))


def is_due(delivery: AlarmDelivery, now: datetime) -> bool:
    """Whether its pause is over. A pause that ends later than any can was made by another clock."""
    return delivery.not_before <= now or delivery.not_before - now > LONGEST_PAUSE


def begin(delivery: AlarmDelivery, *, covers: int) -> AlarmDelivery:
    """As it is stored before the channel gets it. `covers`: what has joined the alarm by now."""
    reason = say("given to the channel")
    return replace(
        delivery,
        state=DeliveryState.SENDING,
        covers=covers,
        reason=reason,
        perhaps_sent=is_repeated(delivery),
    )


def is_repeated(delivery: AlarmDelivery) -> bool:
    """Whether the recipient may have it already: it was given to the channel once, and no answer
    was stored, or none that says whether it was sent.
    """
    return delivery.perhaps_sent or delivery.state is DeliveryState.SENDING


def settle(
    delivery: AlarmDelivery, answer: Answer, now: datetime, random: Random, *, failures: int = 0
) -> AlarmDelivery:
    """The message after the channel's answer. `failures`: of the channel, one after the other: it
    is asked ever more seldom, however many messages wait.
    """
    if answer.sent:
        return replace(
            delivery,
            state=DeliveryState.SENT,
            sent=now,
            size_bytes=answer.size_bytes,
            reason=shorten(answer.text, MOST_REASON),
        )
    pause_s = find_pause_s(max(delivery.attempts, failures), refused=answer.refused, random=random)
    return replace(
        delivery,
        state=DeliveryState.WAITING,
        attempts=delivery.attempts + 1,
        not_before=now + timedelta(seconds=pause_s),
        reason=shorten(answer.text, MOST_REASON),
        perhaps_sent=delivery.perhaps_sent or answer.unsure,
    )


def find_pause_s(attempts: int, *, refused: bool, random: Random) -> float:
    """Twice as long after each failure, from 5 s to 15 min; an hour after a refusal."""
    doubled = FIRST_RETRY_S * 2.0 ** min(attempts, 20)
    pause_s = AFTER_REFUSAL_S if refused else min(doubled, LONGEST_RETRY_S)
    return pause_s * (1 + JITTER * (2 * random.random() - 1))


def postpone(delivery: AlarmDelivery, until: datetime, reason: str) -> AlarmDelivery:
    """Without an attempt: quiet hours, a limit, an energy level."""
    return replace(
        delivery, not_before=until, reason=say("waits for the end of {reason}", reason=reason)
    )


def wait_behind(delivery: AlarmDelivery, reason: str) -> AlarmDelivery:
    """Without an attempt: its channel rests after the failure of another message."""
    return replace(
        delivery, reason=shorten(say("waits for its channel: {reason}", reason=reason), MOST_REASON)
    )


def expire(delivery: AlarmDelivery, days: float) -> AlarmDelivery:
    """One that has waited for too long."""
    waited = format_count(days, "day", "g")
    return drop(
        delivery, say("dropped after {waited}: {reason}", waited=waited, reason=delivery.reason)
    )


def drop(delivery: AlarmDelivery, reason: str) -> AlarmDelivery:
    """One that nobody can get."""
    return replace(delivery, state=DeliveryState.DROPPED, reason=shorten(reason, MOST_REASON))


def withdraw(delivery: AlarmDelivery, who: str) -> AlarmDelivery:
    """One that need not be sent any more: somebody has acknowledged the alarm."""
    reason = say("not sent: acknowledged by {who}", who=who)
    return replace(delivery, state=DeliveryState.ACKNOWLEDGED, reason=reason)
