"""The data model, part five: alarms, and what became of each on its way to people; what a broker
was told.

Reads and writes: nothing. These are rows (appliance/store/tables.py says who writes which).
Never: computes, or holds a password, a token or a channel's address.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from appliance.model import Stamp
from appliance.wording.sentence import Said


class AlarmPriority(IntEnum):
    """How much an alarm may disturb; ordered. `URGENT` breaks quiet hours and daily limits."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3


class AlarmKind(Enum):
    """What kind of thing happened."""

    EVENT = "event"
    FAULT = "fault"
    FAULT_OVER = "fault-over"
    TAMPER = "tamper"
    ASLEEP = "asleep"
    AWAKE = "awake"
    BATTERY = "battery"
    HEARTBEAT = "heartbeat"
    TEST = "test"


# What is wrong with a camera's view (sensors/camera/tamper_checks): each a tampering, until a
# person has looked.
TAMPER_CODES = frozenset(("camera-covered", "camera-moved", "camera-frozen", "camera-out-of-focus"))


class DeliveryState(Enum):
    """Where one message is. `SENDING`: given to the channel, its answer is not known."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DROPPED = "dropped"
    ACKNOWLEDGED = "acknowledged"


class AlarmOrderKind(Enum):
    """What a person orders of alarms."""

    ACKNOWLEDGE = "acknowledge"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: the first occurrence of a visit, and how many have joined it.

    `key` says what joins: the rule and the camera, or the fault. `last` is the newest occurrence.
    `ends` is when nothing joins any more. `event_id`: the first event in it. `sequence` counts all
    alarms of the unit. `acknowledged_by`: who has, "" while nobody has.
    """

    stamp: Stamp
    alarm_id: str
    sequence: int
    key: str
    rule: str
    kind: AlarmKind
    priority: AlarmPriority
    text: Said
    last: datetime
    ends: datetime
    occurrences: int
    reason: Said
    camera: str = ""
    label: str = ""
    snapshot: str | None = None
    event_id: str = ""
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True)
class AlarmDelivery:
    """One alarm for one recipient by one channel. `delivery_id` is also its Message-ID.

    `not_before`: when it is tried next. `attempts` are those that failed. `covers`: how many of the
    alarm's occurrences the message tells of. `size_bytes`: of the message as sent. `sequence`:
    counts all messages of the unit; a station knows a repetition by it. `perhaps_sent`: an attempt
    ended without an answer, and the recipient may have it.
    """

    stamp: Stamp
    delivery_id: str
    alarm_id: str
    recipient: str
    channel: str
    state: DeliveryState
    priority: AlarmPriority
    covers: int
    not_before: datetime
    attempts: int
    reason: Said
    sent: datetime | None = None
    size_bytes: int = 0
    sequence: int = 0
    perhaps_sent: bool = False


@dataclass(frozen=True, slots=True)
class AlarmPosition:
    """Up to which row of a table (`stream`) occurrences were made into alarms.

    `negative`: `row_id` once more, below zero. Where a damage has made one of them smaller, the
    other says up to where it was really read: nobody is told of last year again.
    """

    stamp: Stamp
    stream: str
    row_id: int
    negative: int | None = None

    def __post_init__(self) -> None:
        if self.negative is None:
            object.__setattr__(self, "negative", -self.row_id)

    @property
    def read_id(self) -> int:
        """The row up to which it was read."""
        return max(self.row_id, -(self.negative or 0))


@dataclass(frozen=True, slots=True)
class AlarmOrder:
    """A person acknowledges an alarm, or has a message sent to a recipient to see that it comes.

    `alarm_id`: which one, "" for all that wait for it. `recipient`: of a test. `via`: the page,
    `unitctl`, a topic of MQTT.
    """

    stamp: Stamp
    kind: AlarmOrderKind
    alarm_id: str
    recipient: str
    who: str
    via: str


@dataclass(frozen=True, slots=True)
class AlarmSwitch:
    """An alarm asks the power service to have a switch on for `on_s` seconds; a `SwitchOrder` says
    what became of it. `request_id` is the delivery's.
    """

    stamp: Stamp
    request_id: str
    switch: str
    on_s: float
    reason: Said


@dataclass(frozen=True, slots=True)
class PublishedTopic:
    """A topic of which the broker may keep a message; deleted once the broker has taken it back."""

    stamp: Stamp
    topic: str


@dataclass(frozen=True, slots=True)
class ReportPosition:
    """Up to which row of a table (`stream`) the broker has acknowledged what it was told."""

    stamp: Stamp
    stream: str
    row_id: int
