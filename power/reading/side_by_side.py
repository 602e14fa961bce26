"""Polls the lines of a unit side by side: devices on one line in turn, each line in its own thread.

Reads: the devices. Writes: nothing.
Never: lets a slow line, or one that hangs, hold up the others.

A poll waits for all devices of each line. A line that has taken longer than `QUICK_S` twice in a
row is not waited for any more: its devices are asked one after the other without a pause, and each
poll takes what each has reported last, with its own time. Once is no sign: a lost answer, the check
of a device's identity or a busy computer takes as long, and a poll that did not wait for the line
would miss what it measures. A driver that does not come back from one exchange is a fault; a poll
in which many exchanges are lost (a damaged line) takes long, and is none.

A device with an `urgent_from_s` is asked out of its turn, once, when that time has come.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from threading import Thread
from typing import Any, Protocol

from appliance.errors import BusError
from appliance.wording.sentence import say

LIMIT_S = 10.0  # real seconds for one device, and for a line of which nothing is known
PATIENCE_S = 2.0  # real seconds for a line that was quick until now
QUICK_S = 1.0  # real seconds
SLOW_AFTER = 2  # sweeps in a row that took longer
KNOWN_S = 60.0  # so long a reading stands in while the device's turn has not come again


class LineDevice(Protocol):
    """What is needed of power.reading.meters.Device."""

    line: str
    failure: BusError | None
    urgent_from_s: float | None

    def read(self, now_s: float) -> Any:
        """Its reading, None where it has none."""


Now = Callable[[], float]
Listen = Callable[[str, Callable[[], None]], None]  # call that after each exchange on the line


def poll_in_turn(devices: Sequence[LineDevice], now_s: Now) -> list[Any]:
    """The readings of all devices, one after the other, in this thread."""
    return [device.read(now_s()) for device in devices]


@dataclass
class Report:
    """What a device has reported last, asked at that uptime; `is_new`: no poll has taken it yet."""

    asked_at_s: float
    reading: Any
    is_new: bool = True


class LinePoll:
    """The devices of one line, asked by a thread that ends after a sweep over them all, but goes on
    while the line is slow and polls come.
    """

    def __init__(
        self,
        devices: Sequence[LineDevice],
        now_s: Now,
        real_s: Now,
        *,
        limit_s: float,
        patience_s: float,
    ) -> None:
        self.devices = devices
        self._now_s, self._real_s = now_s, real_s
        self._limit_s, self._patience_s = limit_s, patience_s
        self._reports: dict[int, Report] = {}
        self._waits_since_s: float | None = None
        self._goes_on = False
        self._slow_sweeps = 0
        self._surprise: Exception | None = None
        self._thread: Thread | None = None

    def ask(self) -> float:
        """Have all devices asked; the real seconds that are worth waiting for them."""
        if self._thread is not None and self._thread.is_alive():
            self._goes_on = True
            return 0.0
        self._goes_on, waits_s = False, self._choose_wait_s()
        name = f"poll {self.devices[0].line}"
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        return waits_s

    def _choose_wait_s(self) -> float:
        if not any(self._is_known(one) for one in self._reports.values()):
            return self._limit_s
        return 0.0 if self._slow_sweeps >= SLOW_AFTER else self._patience_s

    def wait(self, limit_s: float) -> None:
        """Wait real seconds for the end of the sweep. What nobody expected is raised."""
        if self._thread is not None:
            self._thread.join(max(0.0, limit_s))
        if self._surprise is not None:
            raise self._surprise

    def note_exchange(self) -> None:
        """An exchange has ended, answered or lost: the driver works."""
        if self._waits_since_s is not None and not self.hangs:
            self._waits_since_s = self._real_s()

    @property
    def hangs(self) -> bool:
        """Whether the driver has not come back for `limit_s`."""
        since_s = self._waits_since_s
        return since_s is not None and self._real_s() - since_s >= self._limit_s

    def take_reading(self, device: LineDevice) -> Any:
        """What the device has reported last: new, or of late; None while its line hangs."""
        report = self._reports.get(id(device))
        if report is None or self.hangs or not (report.is_new or self._is_known(report)):
            return None
        report.is_new = False
        return report.reading

    def _is_known(self, report: Report) -> bool:
        return 0 <= self._now_s() - report.asked_at_s <= KNOWN_S

    def _run(self) -> None:
        try:
            while self._sweep() and self._goes_on:
                self._goes_on = False
        except Exception as error:  # noqa: BLE001  (raised in the loop's thread)
            self._surprise = error
        finally:
            self._waits_since_s = None

    def _sweep(self) -> bool:
        """Ask each device once; whether that was slow."""
        began_s = self._real_s()
        for device in self.devices:
            self._ask_device(device)
            for urgent in filter(self._is_urgent, self.devices):
                self._ask_device(urgent)
        is_slow = self._real_s() - began_s > QUICK_S
        self._slow_sweeps = self._slow_sweeps + 1 if is_slow else 0
        return is_slow

    def _ask_device(self, device: LineDevice) -> None:
        at_s, self._waits_since_s = self._now_s(), self._real_s()
        reading = device.read(at_s)
        self._reports[id(device)] = Report(at_s, None if self.hangs else reading)

    def _is_urgent(self, device: LineDevice) -> bool:
        """Whether it is to be asked now, and was not asked since that time."""
        from_s, report = device.urgent_from_s, self._reports.get(id(device))
        asked_at_s = -inf if report is None else report.asked_at_s
        return from_s is not None and asked_at_s < from_s <= self._now_s()


class SideBySide:
    """`poll(devices, now_s)` gives the readings in the order of the devices."""

    def __init__(
        self,
        real_s: Now,
        *,
        limit_s: float = LIMIT_S,
        patience_s: float = PATIENCE_S,
        listen: Listen = lambda *_: None,
    ) -> None:
        self._listen = listen
        self._real_s, self._limit_s, self._patience_s = real_s, limit_s, patience_s
        self._lines: dict[str, LinePoll] = {}

    def poll(self, devices: Sequence[LineDevice], now_s: Now) -> list[Any]:
        for name in {device.line for device in devices} - set(self._lines):
            members = [device for device in devices if device.line == name]
            self._lines[name] = LinePoll(
                members,
                now_s,
                self._real_s,
                limit_s=self._limit_s,
                patience_s=self._patience_s,
            )
            self._listen(name, self._lines[name].note_exchange)
        began_s = self._real_s()
        waits_s = {name: line.ask() for name, line in self._lines.items()}
        for name, line in self._lines.items():
            line.wait(waits_s[name] - (self._real_s() - began_s))
            if line.hangs:
                report_hang(line.devices, self._limit_s)
        return [self._lines[device.line].take_reading(device) for device in devices]


def report_hang(devices: Sequence[LineDevice], limit_s: float) -> None:
    """Each device of a line that hangs has that as its fault, until it reads something again."""
    for device in devices:
        device.failure = BusError(
            say(
                "{line} hangs: its driver has not come back for {limit_s:g} s and more; unplug "
                "the adapter and plug it in again, or restart the computer",
                line=device.line,
                limit_s=limit_s,
            )
        )
