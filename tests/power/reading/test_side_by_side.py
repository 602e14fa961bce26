"""Lines are polled side by side; one that hangs costs the others one wait, once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Barrier, Event, Semaphore
from typing import Any

import pytest

from appliance.errors import BusError
from power.protocol.bus import Lines
from power.protocol.line_place import SerialForm
from power.reading.side_by_side import KNOWN_S, LinePoll, SideBySide, poll_in_turn
from tests.stand_ins.fakes import FakeClock
from tests.waiting import wait_until


@dataclass
class FakeDevice:
    """A device that does something before it answers with its name and a number."""

    name: str
    line: str
    before: Callable[[], object] = lambda: None
    failure: BusError | None = None
    asked: int = 0
    urgent_from_s: float | None = None

    def read(self, now_s: float) -> str:
        self.asked += 1
        self.before()
        self.failure = None
        return f"{self.name} {self.asked} at {now_s:g}"


@dataclass
class Line:
    """A line that hangs until it is let go, and says when it began."""

    free: Event = field(default_factory=Event)
    began: Event = field(default_factory=Event)

    def hang(self) -> None:
        self.began.set()
        self.free.wait(60)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.free.set()


@dataclass
class Times:
    """Uptime and real time, which pass when the test says so."""

    uptime_s: float = 7.0
    real_s: float = 0.0

    def pass_time(self, seconds: float) -> None:
        self.uptime_s += seconds
        self.real_s += seconds


@pytest.fixture
def times() -> Times:
    return Times()


def make_poller(
    times: Times, limit_s: float = 60.0, patience_s: float = 60.0
) -> Callable[..., list[Any]]:
    """A poll of the given devices. Limits are waited for in real time, and counted in `times`."""
    poller = SideBySide(lambda: times.real_s, limit_s=limit_s, patience_s=patience_s)
    return lambda *devices: poller.poll(devices, lambda: times.uptime_s)


NO_WAIT_S = 1e-6


def test_readings_come_in_the_order_of_the_devices(times: Times) -> None:
    devices = [FakeDevice("a", "1"), FakeDevice("b", "2"), FakeDevice("c", "1")]
    expected = ["a 1 at 7", "b 1 at 7", "c 1 at 7"]
    assert make_poller(times)(*devices) == expected
    in_turn = poll_in_turn(devices, lambda: times.uptime_s)
    assert [again.replace("2 at", "1 at") for again in in_turn] == expected


def test_lines_are_polled_at_once_and_devices_of_one_line_in_turn(times: Times) -> None:
    """Each line waits for the other: one after the other they would never meet."""
    meeting = Barrier(2, timeout=60)
    order: list[str] = []

    def meet() -> None:
        meeting.wait()
        order.append("a")

    devices = [
        FakeDevice("a", "1", meet),
        FakeDevice("b", "2", meeting.wait),
        FakeDevice("c", "1", lambda: order.append("c")),
    ]
    assert all(make_poller(times)(*devices))
    assert order == ["a", "c"]


def test_a_device_that_does_not_come_back_is_a_fault_and_the_others_are_read(
    line: Line, times: Times
) -> None:
    sound, hung = FakeDevice("a", "1"), FakeDevice("b", "/dev/ttyUSB1", line.hang)
    poll = make_poller(times, NO_WAIT_S)
    poll(hung)
    assert line.began.wait(60)
    assert hung.failure is None  # it may only be slow
    times.pass_time(1.0)
    wait_until(lambda: poll(sound, hung)[0] is not None, "a reading of the other")
    assert poll(sound, hung)[1] is None
    assert "/dev/ttyUSB1 hangs" in str(hung.failure)
    assert hung.asked == 1


def test_a_poll_of_many_lost_replies_is_no_hang_and_its_reading_counts(times: Times) -> None:
    """A damaged line: each exchange ends after 1.6 s, ten take longer than a hang."""
    lines = Lines(FakeClock())
    bus = lines.modbus("/dev/x", SerialForm(9600), timeout_s=0.8, gap_s=0.02)

    def lose_many() -> None:
        for _ in range(10):
            times.pass_time(1.6)
            bus.pause.restart(1, answered=False)

    device = FakeDevice("a", "/dev/x", lose_many)
    poller = SideBySide(lambda: times.real_s, patience_s=60.0, listen=lines.listen)
    assert poller.poll([device], lambda: times.uptime_s) == ["a 1 at 7"]
    assert device.failure is None


def test_a_line_that_comes_back_from_a_hang_is_polled_anew_and_its_old_reading_is_none(
    line: Line, times: Times
) -> None:
    hung = FakeDevice("b", "2", line.hang)
    poll = make_poller(times, NO_WAIT_S)
    assert poll(hung) == [None]
    assert line.began.wait(60)
    times.pass_time(100.0)
    assert poll(hung) == [None]
    line.free.set()
    wait_until(lambda: poll(hung)[0] is not None, "a reading")
    assert poll(hung)[0].endswith("at 107")
    assert hung.asked > 1
    assert hung.failure is None


def test_a_slow_line_is_not_waited_for_and_each_device_counts_with_its_own_time(
    times: Times,
) -> None:
    """Two devices that begin to take 4 s each and are asked by turns, without a pause."""
    first, second = FakeDevice("a", "1"), FakeDevice("b", "1")
    poll = make_poller(times, patience_s=NO_WAIT_S)
    assert poll(first, second) == ["a 1 at 7", "b 1 at 7"]
    answers = Semaphore(0)

    def be_slow() -> None:
        assert answers.acquire(timeout=60)
        times.pass_time(4.0)

    first.before = second.before = be_slow
    times.pass_time(3.0)
    assert poll(first, second) == ["a 1 at 7", "b 1 at 7"]
    for expected in (
        ["a 2 at 10", "b 1 at 7"],
        ["a 2 at 10", "b 2 at 14"],
        ["a 3 at 18", "b 2 at 14"],
        ["a 3 at 18", "b 3 at 22"],
    ):
        answers.release()
        wait_until(lambda new=expected: poll(first, second) == new, str(expected))  # type: ignore[misc]
    first.before = second.before = lambda: None
    answers.release()


def test_a_line_that_was_slow_once_is_waited_for_again(times: Times) -> None:
    """A lost answer, or a busy computer: a poll that did not wait would miss what it measures."""
    device = FakeDevice("a", "1", lambda: times.pass_time(1.4))
    line = LinePoll(
        [device], lambda: times.uptime_s, lambda: times.real_s, limit_s=60.0, patience_s=50.0
    )
    waits_s = []
    for took_s in (1.4, 0.1, 1.4, 1.4, 0.1):
        device.before = lambda took_s=took_s: times.pass_time(took_s)  # type: ignore[misc]
        waits_s.append(line.ask())
        line.wait(60.0)
    waits_s.append(line.ask())
    line.wait(60.0)
    assert waits_s == [60.0, 50.0, 50.0, 50.0, 0.0, 50.0]


def test_what_confirms_a_low_voltage_is_asked_out_of_its_turn_once(times: Times) -> None:
    """A sweep over five devices of 2 s each; what the second measures from 14 s on is wanted."""
    order: list[str] = []

    def answer(name: str) -> Callable[[], None]:
        def note() -> None:
            order.append(f"{name} at {times.uptime_s:g}")
            times.pass_time(2.0)

        return note

    devices = [FakeDevice(name, "1", answer(name)) for name in "abcde"]
    devices[1].urgent_from_s = 14.0
    poll = make_poller(times)
    poll(*devices)
    assert order == ["a at 7", "b at 9", "c at 11", "d at 13", "b at 15", "e at 17"]


def test_what_was_reported_long_ago_does_not_stand_in_for_what_does_not_come(
    line: Line, times: Times
) -> None:
    device = FakeDevice("a", "1")
    poll = make_poller(times, NO_WAIT_S, NO_WAIT_S)
    wait_until(lambda: poll(device)[0] is not None, "its reading")
    device.before = line.hang
    wait_until(lambda: poll(device) is not None and line.began.is_set(), "the next question")
    assert poll(device)[0] is not None
    times.uptime_s += KNOWN_S + 1
    assert poll(device) == [None]


def test_what_nobody_expected_ends_the_poll_in_the_loops_thread(times: Times) -> None:
    def fail() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_poller(times)(FakeDevice("a", "1", fail))
