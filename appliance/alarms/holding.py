"""Why a message that is due is not sent now: its channel, energy, quiet hours, limits. Pure.

    wait = find_hold(delivery, alarm, conditions)      # None: it goes

Reads and writes: nothing.
Never: holds back a test, or what is urgent by hours and limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.alarms.limits import SentMessage, Wait, find_quiet, find_wait
from appliance.model import EnergyLevel
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmKind, AlarmPriority
from appliance.sections.alarms import RecipientSettings
from appliance.wording.sentence import say

LOOK_AGAIN = timedelta(minutes=15)
# What is worth the energy of a link while the battery is low: what says that it is.
AT_ALL_LEVELS = (AlarmKind.ASLEEP, AlarmKind.BATTERY, AlarmKind.TEST)
NEW_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Those of this moment. `level`: None where it is not known. `sent`: what the recipient has got
    in the last 24 hours.
    """

    now: datetime
    local_now: datetime
    level: EnergyLevel | None
    recipient: RecipientSettings
    sent: Sequence[SentMessage]


def find_hold(delivery: AlarmDelivery, alarm: Alarm, conditions: Conditions) -> Wait | None:
    """Why it waits, and until when at least. A limit holds back no heartbeat: who misses it raises
    the alarm.
    """
    if alarm.kind is AlarmKind.HEARTBEAT:
        return find_energy_wait(delivery, alarm, conditions) or find_quiet(
            conditions.recipient, conditions.local_now, conditions.now
        )
    return find_energy_wait(delivery, alarm, conditions) or find_wait(
        conditions.recipient,
        delivery.priority,
        conditions.sent,
        conditions.now,
        conditions.local_now,
    )


def find_energy_wait(delivery: AlarmDelivery, alarm: Alarm, conditions: Conditions) -> Wait | None:
    """Below SENTINEL only what is urgent, and what tells of the battery and the sleep."""
    level = conditions.level
    if level is None or level >= EnergyLevel.SENTINEL:
        return None
    if delivery.priority is AlarmPriority.URGENT or alarm.kind in AT_ALL_LEVELS:
        return None
    return Wait(say("the energy level {level}", level=level), conditions.now + LOOK_AGAIN)


@dataclass(frozen=True, slots=True)
class ChannelPause:
    """A channel that has failed: how often one after the other, when last, until when it rests, and
    what it answered.
    """

    failures: int
    failed: datetime
    until: datetime
    reason: str = ""

    def find_end(self, delivery: AlarmDelivery) -> datetime:
        """Until when a message waits for it. One that came after the last failure is tried a minute
        after that: the link may be back.
        """
        is_new = delivery.attempts == 0 and delivery.stamp.utc > self.failed
        return min(self.until, self.failed + NEW_AFTER) if is_new else self.until

    def holds(
        self, delivery: AlarmDelivery, now: datetime, kind: AlarmKind = AlarmKind.EVENT
    ) -> bool:
        """Whether a message waits. A failure that is yet to come was before the clock was set.
        Whoever has mended a channel tests it: a new test does not wait.
        """
        if kind is AlarmKind.TEST and delivery.attempts == 0:
            return False
        return self.failed <= now < self.find_end(delivery)
