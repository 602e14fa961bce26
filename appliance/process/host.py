"""Orders to PID 1: the only command channel of the unit.

Reads and writes: runs `systemctl` (settings `[host]`), which polkit rules limit per service user.
Never: waits for `systemctl` or for a service, and never writes a command into the database.

    order = host.stop("appliance-inference", "appliance-camera@gate")
    ...                                 # in a later cycle
    if order.is_over() and order.error: # refused, or it hung and was ended
"""

import os
import subprocess
import time
from contextlib import suppress

from appliance.errors import HostError

TIMEOUT_S = 10.0  # real seconds in which `systemctl` must have answered; it takes some 20 ms
KILLED_S = 0.1  # until a killed process is gone, unless a disk holds it


class Job:
    """A oneshot service that was started; its end is polled, not waited for."""

    def __init__(self, unit: str, process: subprocess.Popen[bytes]) -> None:
        self.unit = unit
        self._process = process

    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._process.poll() is not None

    def abandon(self) -> None:
        """Stop polling; what PID 1 has started runs on."""
        if not self.is_over():
            end(self._process)


class Order:
    """One run of `systemctl`, on its way since it was made. `error`: why it was in vain, once it is
    over; `refused`: PID 1 answered with a refusal. `output`: what it printed.
    """

    def __init__(self, command: list[str], words: str, limit_s: float = TIMEOUT_S) -> None:
        self.words = words
        self.error: HostError | None = None
        self.refused = False
        self.output = ""
        self._limit_s, self._began_s = limit_s, time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            self.error = HostError(f"PID 1 did not take the order `{words}`: {error}")

    def is_over(self) -> bool:
        """Whether it has ended; one that takes too long is ended here."""
        if self._process is None:
            return True
        code = self._process.poll()
        if code is not None:
            self._read_end(self._process, code)
        elif time.monotonic() - self._began_s < self._limit_s:
            return False
        else:
            end(self._process)
            self.error = HostError(
                f"PID 1 did not take the order `{self.words}`: systemctl did not answer within "
                f"{self._limit_s:g} s; it is given again"
            )
        self._close(self._process)
        return True

    def cancel(self) -> None:
        """End it where it has not been answered: it must not be carried out any more."""
        if self._process is not None and not self.is_over():
            end(self._process)
            self._close(self._process)

    def wait(self) -> None:
        """Wait until it is over, for callers that have time. Raises `HostError`."""
        with suppress(subprocess.TimeoutExpired):
            if self._process is not None:
                self._process.wait(self._limit_s)
        while not self.is_over():
            time.sleep(KILLED_S)
        if self.error:
            raise self.error

    def _read_end(self, process: subprocess.Popen[bytes], code: int) -> None:
        self.output = read_pipe(process.stdout)
        if code:
            self.refused = True
            answer = read_pipe(process.stderr).strip() or str(code)
            self.error = HostError(
                f"PID 1 refused the order `{self.words}`: {answer}; "
                "check the polkit rules of the appliance"
            )

    def _close(self, process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        self._process = None


class Host:
    """PID 1 as one service may use it."""

    def __init__(self, systemctl: str, limit_s: float = TIMEOUT_S) -> None:
        self._systemctl, self._limit_s = systemctl, limit_s

    def start(self, *units: str) -> Order:
        """Order PID 1 to start the units, in this order."""
        return self._order("start", *units)

    def restart(self, *units: str) -> Order:
        """Order PID 1 to run the units once more: `start` does nothing where one is active."""
        return self._order("restart", *units)

    def stop(self, *units: str) -> Order:
        """Order PID 1 to stop the units, in this order, all in one."""
        return self._order("stop", *units)

    def power_off(self) -> Order:
        """Order a clean shutdown."""
        return self._order("poweroff")

    def suspend(self) -> Order:
        """Order sleep with the memory kept."""
        return self._order("suspend")

    def show(self, properties: str, *units: str) -> Order:
        """Ask for properties of units; the answer is the order's `output`, once it is over."""
        words = ["show", "--property", properties, *units]
        return Order([self._systemctl, *words], f"show {' '.join(units)}", self._limit_s)

    def run(self, unit: str) -> Job:
        """Ask PID 1 to run the oneshot `unit`; returns at once; the job reports its end."""
        command = [self._systemctl, "--no-ask-password", "start", unit]
        quiet = subprocess.DEVNULL
        try:
            process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        except OSError as error:
            raise HostError(f"PID 1 did not take the order `start {unit}`: {error}") from error
        return Job(unit, process)

    def _order(self, *words: str) -> Order:
        return Order([self._systemctl, "--no-block", *words], " ".join(words), self._limit_s)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill it; one that not even that ends (a disk that hangs) is left behind."""
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(KILLED_S)


def read_pipe(pipe: object) -> str:
    """What is in the pipe now: a child of the process that ended may hold it open."""
    descriptor: int = pipe.fileno()  # type: ignore[attr-defined]
    os.set_blocking(descriptor, False)
    parts = []
    with suppress(BlockingIOError):
        while part := os.read(descriptor, 65536):
            parts.append(part)
    return b"".join(parts).decode(errors="replace")
