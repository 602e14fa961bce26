"""How every service runs: ready when it works, one sentence, faults that come and go."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.errors import BusError, StoreError
from appliance.log import SentenceLog
from appliance.model import Fault, ServiceState
from appliance.process.notify import Notifier, take_passed_sockets
from appliance.process.service import Leave, Service
from appliance.settings import Settings
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock


@dataclass
class RecordingNotifier(Notifier):
    """Notes what PID 1 would receive."""

    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def _send(self, state: str) -> bool:
        self.sent.append(state)
        return True


@pytest.fixture
def service(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Service:
    store, log = open_store("power"), SentenceLog("power")
    return Service("power", settings, clock, store, log, notifier=RecordingNotifier())


def list_sent(service: Service) -> list[str]:
    assert isinstance(service.notifier, RecordingNotifier)
    return service.notifier.sent


def silent() -> str:
    raise BusError("the charger does not answer")


def refuse_rows() -> str:
    raise StoreError("the disk is full")


def test_ready_and_alive_are_reported_only_at_the_end_of_a_good_cycle(service: Service) -> None:
    service.run_once(silent)
    assert list_sent(service) == ["STATUS=the charger does not answer"]
    service.run_once(lambda: "all is well")
    assert list_sent(service)[1:] == ["STATUS=all is well", "READY=1", "WATCHDOG=1"]


def test_a_cycle_that_failed_in_the_database_alone_is_no_reason_for_a_restart(
    service: Service,
) -> None:
    service.run_once(refuse_rows)
    assert list_sent(service) == ["STATUS=the disk is full", "READY=1", "WATCHDOG=1"]


def test_a_fault_is_stored_once_and_cleared_by_the_first_cycle_without_it(
    service: Service, clock: FakeClock
) -> None:
    for _ in range(3):
        service.run_once(silent)
        clock.advance(10)
    (fault,) = service.store.list_open_faults()
    assert (fault.code, fault.source) == ("bus", "power")
    service.run_once(lambda: "all is well")
    assert service.store.list_open_faults() == []
    assert service.store.rows(Fault)[0].cleared == clock.utc


def test_a_fault_of_the_process_before_is_cleared_by_the_first_good_cycle(
    service: Service,
) -> None:
    service.store.raise_fault("power", BusError("before the crash"))
    service.store.raise_fault("camera@demo", BusError("somebody else's"))
    service.run_once(lambda: "all is well")
    assert [fault.source for fault in service.store.list_open_faults()] == ["camera@demo"]


def test_a_fault_that_could_not_be_cleared_is_cleared_when_the_disk_is_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.run_once(silent)

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "clear_faults", full)
        service.run_once(lambda: "all is well")
    service.run_once(lambda: "all is well")
    assert service.store.list_open_faults() == []


def test_the_sentence_is_stored_once_a_minute_and_sent_to_pid_one_at_once(
    service: Service, clock: FakeClock
) -> None:
    sentences = [f"number {number}" for number in range(12)]
    stored = set()
    for sentence in sentences:
        service.run_once(lambda sentence=sentence: sentence)  # type: ignore[misc]
        state = service.store.last(ServiceState)
        assert state is not None
        stored.add(state.status)
        clock.advance(10)
    assert stored == {"number 0", "number 6"}
    assert [word for word in list_sent(service) if word.startswith("STATUS=")] == [
        f"STATUS={sentence}" for sentence in sentences
    ]


def test_what_nobody_expected_ends_the_process(service: Service) -> None:
    with pytest.raises(ZeroDivisionError):
        service.run(lambda: str(1 / 0), every_s=10)
    assert service.store.list_open_faults() == []


def test_a_service_with_nothing_to_do_leaves_and_says_why(service: Service) -> None:
    def nothing_to_do() -> str:
        raise Leave("there is no energy for it")

    service.run(nothing_to_do, every_s=10)
    state = service.store.last(ServiceState)
    assert state is not None
    assert state.status == "there is no energy for it"
    assert list_sent(service)[-1] == "STOPPING=1"


def test_a_loop_keeps_its_pace_and_ends_when_stopped(service: Service, clock: FakeClock) -> None:
    starts: list[float] = []

    def work_for_three_seconds() -> str:
        starts.append(clock.uptime_s)
        clock.advance(3)
        if len(starts) == 4:
            service.stop.set()
        return "at work"

    service.run(work_for_three_seconds, every_s=10)
    assert [start - starts[0] for start in starts] == [0, 10, 20, 30]


def test_pid_one_really_receives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pid_one:
        pid_one.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notifier = Notifier()
        calls: list[Callable[[], None]] = [notifier.notify_ready, notifier.notify_alive]
        for call in calls:
            call()
        notifier.set_status("rtsp://user:secret@10.0.0.7/1 is gone")
        notifier.set_status("rtsp://user:secret@10.0.0.7/1 is gone")
        received = [pid_one.recv(256).decode() for _ in range(3)]
        pid_one.settimeout(0)
        with pytest.raises(BlockingIOError):
            pid_one.recv(256)
    assert received == ["READY=1", "WATCHDOG=1", "STATUS=rtsp://***@10.0.0.7/1 is gone"]


def test_a_pid_one_that_does_not_read_holds_up_no_service_and_is_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pid_one:
        pid_one.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notifier = Notifier()
        for _ in range(5000):
            notifier.notify_alive()
        notifier.set_status("the battery is empty")
        pid_one.settimeout(0)
        while notifier._status == "":
            pid_one.recv(256)
            notifier.set_status("the battery is empty")
        heard = list(read_all(pid_one))
    assert heard[-1] == b"STATUS=the battery is empty"


def read_all(pid_one: socket.socket) -> Iterator[bytes]:
    with suppress(BlockingIOError):
        while True:
            yield pid_one.recv(256)


def test_without_pid_one_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().notify_ready()
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    Notifier().notify_ready()


def test_a_status_of_several_lines_is_one_line_and_no_other_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pid_one:
        pid_one.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        Notifier().set_status("it says:\nWATCHDOG=1 " + "x" * 100_000)
        heard = pid_one.recv(10_000).decode()
    assert heard == "STATUS=it says: WATCHDOG=1 [100001 more characters]"


def test_sockets_for_another_process_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "2")
    monkeypatch.setenv("LISTEN_PID", "1")
    assert take_passed_sockets() == []
