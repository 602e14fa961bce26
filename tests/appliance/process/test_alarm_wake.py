"""The datagram that wakes the alarm service: sent for what can make an alarm, never waited for."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import BusError
from appliance.model import ServiceState
from appliance.process.alarm_wake import make_wake
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
    make_wake(tmp_path / "nobody.sock")()
    wake = make_wake(Path(door.getsockname()))
    for _ in range(2000):
        wake()
    assert 0 < count(door) < 2000
