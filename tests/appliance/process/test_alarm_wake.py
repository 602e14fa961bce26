"""The datagram that wakes the alarm service: sent for what can make an alarm, never waited for."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from appliance.errors import BusError
from appliance.model import Fault, ServiceState
from appliance.model_alarms import AlarmKind
from appliance.process.alarm_wake import list_tables, make_wake
from appliance.process.service import start_service
from appliance.sections.alarms import AlarmSettings, RecipientSettings
from appliance.settings import Settings
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled


@pytest.fixture
def door(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as found:
        found.bind(str(tmp_path / "alarm.sock"))
        found.setblocking(False)  # noqa: FBT003  (the only form)
        yield found


def wake_at(store: Store, door: socket.socket) -> Store:
    store.wake_alarms = make_wake(Path(door.getsockname()))
    return store


def count(door: socket.socket) -> int:
    found = 0
    while True:
        try:
            assert door.recv(16) == b""
        except BlockingIOError:
            return found
        found += 1


def test_a_fault_and_its_end_wake_and_a_sentence_does_not(
    open_store: OpenStore, door: socket.socket
) -> None:
    power = wake_at(open_store("power"), door)
    power.add(ServiceState(power.clock.stamp(), "power", "well"))
    power.add(filled.battery_state(power.clock.stamp()))
    assert count(door) == 0
    power.raise_fault("power", BusError("no answer"))
    assert count(door) == 1
    power.raise_fault("power", BusError("no answer"))
    assert count(door) == 0
    power.clear_faults("power")
    assert count(door) == 1
    power.clear_faults("power")
    assert count(door) == 0


def test_nobody_and_a_full_queue_are_borne(tmp_path: Path, door: socket.socket) -> None:
    make_wake(tmp_path / "nobody.sock")("event")
    wake = make_wake(Path(door.getsockname()))
    for _ in range(2000):
        wake("event")
    assert 0 < count(door) < 2000


def test_who_has_no_descriptor_left_stores_all_the_same(
    open_store: OpenStore, door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    power = wake_at(open_store("power"), door)

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(socket, "socket", refuse)
    power.raise_fault("power", BusError("no answer"))
    assert [one.code for one in power.rows(Fault)] == ["bus"]


def test_a_service_wakes_nobody_where_there_is_nobody_to_tell(settings: Settings) -> None:
    settings.unit.run_dir.mkdir(parents=True, exist_ok=True)
    told = {"owner": RecipientSettings(channels=("mail",))}
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as door:
        door.bind(str(settings.alarm_socket))
        door.setblocking(False)  # noqa: FBT003  (the only form)
        for recipients, expected in (({}, 0), (told, 1)):
            service = start_service("alarm", replace(settings, recipient=recipients), Event())
            service.store.wake_alarms("alarm_order")
            service.lock.release()
            service.store.close()
            assert count(door) == expected


def test_nobody_is_woken_by_what_no_rule_asks_for(
    open_store: OpenStore, door: socket.socket
) -> None:
    rules = [AlarmSettings(on=AlarmKind.TAMPER), AlarmSettings(on=AlarmKind.BATTERY)]
    inference, power = open_store("inference"), open_store("power")
    for store in (inference, power):
        store.wake_alarms = make_wake(Path(door.getsockname()), list_tables(rules))
    inference.add(filled.event(inference.clock.stamp()))
    assert count(door) == 0
    power.raise_fault("power", BusError("no answer"))
    assert count(door) == 1
