"""Polls the lines of a unit side by side: devices on one line in turn, each line in its own thread.

Reads: the devices. Writes: nothing.
Never: lets a line that hangs hold up the others, or waits for it a second time.

A poll waits for all lines, as long as `LIMIT_S`. What a slow line brings later counts in the next
poll, with its own time; a line that still hangs then is a fault and not waited for.
"""

from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any, Protocol

from appliance.errors import BusError

LIMIT_S = 10.0  # real seconds; sixteen devices on one slow line take eight


class LineDevice(Protocol):
    """What is needed of power.reading.meters.Device."""

    line: str
    failure: BusError | None

    def read(self, now_s: float) -> Any:
        """Its reading, None where it has none."""


Now = Callable[[], float]


def poll_in_turn(devices: Sequence[LineDevice], now_s: Now) -> list[Any]:
    """The readings of all devices, one after the other, in this thread."""
    return [device.read(now_s()) for device in devices]


class LinePoll:
    """One sweep over the devices of one line. `hangs`: it was still running at the next poll."""

    hangs = False

    def __init__(self, devices: Sequence[LineDevice], now_s: Now) -> None:
        self._devices, self._now_s = devices, now_s
        self._readings: dict[int, Any] = {}
        self._surprise: Exception | None = None
        self._thread = Thread(target=self._run, name=f"poll {devices[0].line}", daemon=True)
        self._thread.start()

    def wait(self, limit_s: float) -> bool:
        """Wait real seconds for its end; whether it has come. What nobody expected is raised."""
        self._thread.join(max(0.0, limit_s))
        if self._surprise is not None:
            raise self._surprise
        return not self._thread.is_alive()

    def take_reading(self, device: LineDevice) -> Any:
        """The device's reading, as far as it has come; only once, and not after a hang."""
        return None if self.hangs else self._readings.pop(id(device), None)

    def _run(self) -> None:
        try:
            for device in self._devices:
                self._readings[id(device)] = device.read(self._now_s())
        except Exception as error:  # noqa: BLE001  (raised in the loop's thread)
            self._surprise = error


class SideBySide:
    """`poll(devices, now_s)` gives the readings in the order of the devices."""

    def __init__(self, real_s: Now, limit_s: float = LIMIT_S) -> None:
        self._real_s, self._limit_s = real_s, limit_s
        self._running: dict[str, LinePoll] = {}

    def poll(self, devices: Sequence[LineDevice], now_s: Now) -> list[Any]:
        lines: dict[str, list[LineDevice]] = {}
        for device in devices:
            lines.setdefault(device.line, []).append(device)
        polls = {line: self._continue(line, members, now_s) for line, members in lines.items()}
        until_s = self._real_s() + self._limit_s
        self._running = {
            line: poll
            for line, poll in polls.items()
            if not poll.wait(0.0 if poll.hangs else until_s - self._real_s())
        }
        for line, poll in polls.items():
            if poll.hangs:
                report_hang(lines[line], self._limit_s)
        return [polls[device.line].take_reading(device) for device in devices]

    def _continue(self, line: str, members: Sequence[LineDevice], now_s: Now) -> LinePoll:
        """The sweep that is still on its way, or has ended since the last poll; else a new one."""
        poll = self._running.get(line)
        if poll is None or (poll.wait(0.0) and poll.hangs):
            return LinePoll(members, now_s)
        poll.hangs = not poll.wait(0.0)
        return poll


def report_hang(devices: Sequence[LineDevice], limit_s: float) -> None:
    """Each device of a line that hangs has that as its fault, until it reads something again."""
    for device in devices:
        device.failure = BusError(
            f"{device.line} hangs: its driver has not come back for {limit_s:g} s and more; unplug "
            "the adapter and plug it in again, or restart the computer"
        )
