"""Who gets an alarm next where nobody has acknowledged it. Pure.

    for step in find_steps(alarm, rule, recipients, deliveries):
        if is_due(step, rule, now): ...

Reads and writes: nothing.
Never: goes in a circle: who has a message of the alarm gets none for it again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.alarms.deliveries import LONGEST_PAUSE
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind, DeliveryState
from appliance.sections.alarms import AlarmSettings, RecipientSettings
from appliance.wording.sentence import say

WITHOUT_RULE = (AlarmKind.HEARTBEAT, AlarmKind.TEST)  # also where a rule has their name
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Step:
    """Who gets it, when, and why."""

    recipient: str
    due: datetime
    reason: str


def find_steps(
    alarm: Alarm,
    rule: AlarmSettings,
    recipients: Mapping[str, RecipientSettings],
    deliveries: Sequence[AlarmDelivery],
) -> Iterator[Step]:
    """What follows, due now or later."""
    if not rule.acknowledge_s or alarm.acknowledged_by or alarm.kind in WITHOUT_RULE:
        return
    told = {one.recipient for one in deliveries}
    for name in sorted(told):
        own = recipients.get(name)
        since = find_begin([one for one in deliveries if one.recipient == name])
        if own is None or since is None or not own.next or own.next in told:
            continue
        minutes = rule.acknowledge_s / 60
        reason = say(
            "{name} has not acknowledged it in {minutes:g} min", name=name, minutes=minutes
        )
        yield Step(own.next, since + timedelta(seconds=rule.acknowledge_s), reason)


def find_begin(deliveries: Sequence[AlarmDelivery]) -> datetime | None:
    """From when on a person has had time: since the first message was sent, or since the first that
    could not be was made. One that was not tried yet, since others wait for its channel, counts
    from when it might have been: quiet hours and limits count for nobody.
    """
    sent = [one.sent for one in deliveries if one.sent is not None]
    tried = [
        one.stamp.utc if one.attempts or one.state is DeliveryState.DROPPED else one.not_before
        for one in deliveries
        if one.state is not DeliveryState.ACKNOWLEDGED
    ]
    return min(sent or tried, default=None)


def is_due(step: Step, rule: AlarmSettings, now: datetime) -> bool:
    """Whether it goes on now. A step further ahead than any can be was made by another clock."""
    return step.due <= now or step.due - now > timedelta(seconds=rule.acknowledge_s) + LONGEST_PAUSE


def find_longest_s(rules: Iterable[AlarmSettings], recipients: int) -> float:
    """For how long an alarm may go on from one to the next: each has time, after quiet hours."""
    longest_s = max(rule.acknowledge_s for rule in rules)
    return recipients * (longest_s + LONGEST_PAUSE.total_seconds()) + DAY_S
