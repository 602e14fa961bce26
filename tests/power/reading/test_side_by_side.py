"""Lines are polled side by side; one that hangs costs the others one wait, once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Barrier, Event
from typing import Any

import pytest

from appliance.errors import BusError
from power.reading.side_by_side import SideBySide, poll_in_turn


@dataclass
class FakeDevice:
    """A device that does something before it answers with its name and a number."""

    name: str
    line: str
    before: Callable[[], object] = lambda: None
    failure: BusError | None = None
    asked: int = 0

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


def now() -> float:
    return 7.0


def make_poller(limit_s: float) -> SideBySide:
    return SideBySide(lambda: 0.0, limit_s)


def test_readings_come_in_the_order_of_the_devices() -> None:
    devices = [FakeDevice("a", "1"), FakeDevice("b", "2"), FakeDevice("c", "1")]
    expected = ["a 1 at 7", "b 1 at 7", "c 1 at 7"]
    assert make_poller(60).poll(devices, now) == expected
    assert [again.replace("2 at", "1 at") for again in poll_in_turn(devices, now)] == expected


def test_lines_are_polled_at_once_and_devices_of_one_line_in_turn() -> None:
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
    assert all(make_poller(60).poll(devices, now))
    assert order == ["a", "c"]


def test_a_line_that_hangs_is_a_fault_of_its_devices_and_the_others_are_read(line: Line) -> None:
    sound, hung = FakeDevice("a", "1"), FakeDevice("b", "/dev/ttyUSB1", line.hang)
    poller = make_poller(0.0)
    poller.poll([hung], now)
    assert line.began.wait(60)
    assert hung.failure is None  # it may only be slow
    patient = SideBySide(lambda: 0.0, 60)
    patient._running = poller._running
    for number in (1, 2, 3):
        assert patient.poll([sound, hung], now) == [f"a {number} at 7", None]
        assert "/dev/ttyUSB1 hangs" in str(hung.failure)
    assert hung.asked == 1


def test_a_line_that_comes_back_from_a_hang_is_polled_anew_and_its_old_reading_is_none(
    line: Line,
) -> None:
    hung = FakeDevice("b", "2", line.hang)
    poller = make_poller(0.0)
    for _ in range(2):
        assert poller.poll([hung], now) == [None]
    line.free.set()
    assert poller._running["2"].wait(60)
    patient = SideBySide(lambda: 0.0, 60)
    patient._running = poller._running
    assert patient.poll([hung], now) == ["b 2 at 7"]
    assert hung.failure is None


def test_what_a_slow_line_brings_after_the_poll_counts_once_in_the_next(line: Line) -> None:
    slow = FakeDevice("b", "2", line.hang)
    poller = make_poller(0.0)
    assert poller.poll([slow], now) == [None]
    line.free.set()
    assert poller._running["2"].wait(60)
    patient = SideBySide(lambda: 0.0, 60)
    patient._running = poller._running
    assert patient.poll([slow], now) == ["b 1 at 7"]
    assert patient.poll([slow], now) == ["b 2 at 7"]


def test_what_nobody_expected_ends_the_poll_in_the_loops_thread() -> None:
    def fail() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_poller(60).poll([FakeDevice("a", "1", fail)], now)
