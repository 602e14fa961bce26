"""The alarm service of a unit in this process, with channels that do as they are told.

    unit = AlarmUnit(settings, clock, open_store)
    unit.see("e1")                       # the inference service stores an event
    unit.run()                           # cycles until nothing moves
    unit.mail.got                        # what the recipient's mail server took

Reads and writes: the test's database and directories.
Never: waits: a channel answers when it is asked, or when the test says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event as ThreadEvent
from typing import Any

from appliance.alarms.answer_files import AnswerFiles
from appliance.alarms.channels.requests import SendAnswer, SendRequest
from appliance.alarms.cycle import AlarmCycle
from appliance.alarms.doorbell import Doorbell
from appliance.alarms.message_queue import MessageQueue
from appliance.alarms.requesting import Requester
from appliance.alarms.workers import Workers
from appliance.log import SentenceLog
from appliance.model import EnergyLevel
from appliance.model_alarms import (
    Alarm,
    AlarmDelivery,
    AlarmKind,
    AlarmOrder,
    AlarmOrderKind,
)
from appliance.process.service import Service
from appliance.sections.alarms import (
    AlarmSettings,
    AlarmsSettings,
    ChannelKind,
    ChannelSettings,
    RecipientSettings,
)
from appliance.settings import Settings
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

PATIENCE_S = 10.0


@dataclass
class FakeChannel:
    """`says` is what it answers next. While `holds` is set it takes a message and is silent."""

    got: list[SendRequest] = field(default_factory=list)
    says: str = "sent"
    asked: int = 0
    holds: ThreadEvent = field(default_factory=ThreadEvent)
    released: ThreadEvent = field(default_factory=ThreadEvent)

    def send(self, request: SendRequest) -> SendAnswer:
        self.asked += 1
        if self.holds.is_set():
            self.released.wait(PATIENCE_S)
        sent = self.says == "sent"
        if sent:
            self.got.append(request)
        refused, unsure = self.says.startswith("refused"), self.says.startswith("unsure")
        size_bytes = 1000 if sent else 0
        return SendAnswer(request.delivery_id, sent, refused, self.says, size_bytes, unsure)

    def cancel(self) -> None:
        self.released.set()


def settings_of(settings: Settings, **sections: Any) -> Settings:
    """An owner by mail and a guard by text message, told of all people at the camera."""
    usual: dict[str, Any] = {
        "alarms": AlarmsSettings(page="https://unit.example"),
        "alarm": {"people": AlarmSettings(to=("owner",), labels=("person",))},
        "recipient": {
            "owner": RecipientSettings(channels=("mail",), next="guard"),
            "guard": RecipientSettings(channels=("sms",)),
        },
        "channel": {
            "mail": ChannelSettings(),
            "sms": ChannelSettings(kind=ChannelKind.SMS, number="+40711222333"),
        },
    }
    return replace(settings, **(usual | sections))


class AlarmUnit:
    """The service, begun anew by `restart()` as after a kill."""

    def __init__(
        self, settings: Settings, clock: FakeClock, open_store: OpenStore, **sections: Any
    ) -> None:
        self.settings = settings_of(settings, **sections)
        self.clock, self._open_store = clock, open_store
        self.mail, self.sms = FakeChannel(), FakeChannel()
        self.channels = {"mail": self.mail, "sms": self.sms}
        self.settings.unit.run_dir.mkdir(parents=True, exist_ok=True)
        self.reopen()

    def reopen(self) -> None:
        """All services are started."""
        self.inference = self._open_store("inference")
        self.power = self._open_store("power")
        self.restart()

    def restart(self) -> None:
        """A process that was killed is started again: what it knew is in the database alone."""
        self.store: Store = self._open_store("alarm")
        log = SentenceLog("alarm")
        self.service = Service("alarm", self.settings, self.clock, self.store, log)
        self.bell = Doorbell(self.settings.unit.run_dir / "alarm.sock")
        self.workers = Workers(self._open_sender, self.bell.ring)
        requester = Requester(self.store, self.settings)
        self.files = AnswerFiles(self.settings.alarm_answers_dir)
        self.queue = MessageQueue(self.store, self.settings, self.workers, requester, self.files)
        self.cycle = AlarmCycle(self.service, self.bell, self.queue)

    @contextmanager
    def _open_sender(self, name: str) -> Iterator[FakeChannel]:
        yield self.channels[name]

    def run(self) -> None:
        """Cycles until no message is under way and nothing is due."""
        while True:
            self.queue.settle()
            is_whole = self.cycle.take_in()
            self.queue.send(self.cycle.find_level())
            if self.workers.under_way - set(self._held()):
                assert self.bell.wait(PATIENCE_S), "no channel answers"
            elif is_whole:
                return

    def _held(self) -> Iterator[str]:
        for one in self.queue.waiting:
            channel = self.channels.get(one.channel)
            if channel and channel.holds.is_set() and not channel.released.is_set():
                yield one.delivery_id

    def see(
        self, event_id: str, label: str = "person", at: datetime | None = None, **other: Any
    ) -> None:
        """An event of the camera."""
        event = filled.event(self.clock.stamp(), event_id)
        stamp = replace(event.stamp, utc=at or event.stamp.utc)
        self.inference.add(replace(event, stamp=stamp, label=label, **other))

    def set_level(self, level: EnergyLevel) -> None:
        self.power.add(filled.budget(self.clock.stamp(), level))

    def order(self, kind: AlarmOrderKind, alarm_id: str = "", recipient: str = "") -> None:
        """What anna types."""
        self.store.add(AlarmOrder(self.clock.stamp(), kind, alarm_id, recipient, "anna", "unitctl"))

    def alarms(self) -> list[Alarm]:
        return self.store.rows(Alarm)

    def deliveries(self) -> list[AlarmDelivery]:
        return self.store.rows(AlarmDelivery)

    def bodies(self, kind: AlarmKind = AlarmKind.EVENT) -> list[str]:
        """What the owner's mail server got."""
        return [one.body for one in self.mail.got if one.alarm == kind.value]
