"""Orders to PID 1: the only command channel of the unit.

Reads and writes: runs `systemctl` (settings `[host]`), which polkit rules limit per service user.
Never: waits for `systemctl` or for a service, and never writes a command into the database.

    order = host.stop("appliance-inference", "appliance-camera@gate")
    ...                                 # in a later cycle
    if order.is_over() and order.error: # refused, or it hung and was ended
"""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from typing import IO

from appliance.errors import HostError
from appliance.wording.sentence import say
from appliance.wording.shorten import shorten

TIMEOUT_S = 10.0  # real seconds in which `systemctl` must have answered; it takes some 20 ms
KILLED_S = 0.1  # until a killed process is gone, unless a disk holds it
MOST_BYTES = 65_536  # of output; a pipe holds no more
LONGEST_ANSWER = 300  # characters of a refusal
DESCRIPTORS = 8  # what a process with three pipes takes for a moment
STDERR = 2


class Job:
    """A oneshot service that was started; its end is polled, not waited for."""

    def __init__(self, unit: str, process: subprocess.Popen[bytes]) -> None:
        self.unit = unit
        self._process = process

    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._process.poll() is not None

    def has_failed(self) -> bool:
        """Whether it is over, and PID 1 says that it failed or was not allowed."""
        return bool(self._process.poll())

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
            self._process = spawn(command)
        except OSError as error:
            self.error = HostError(
                say("PID 1 did not take the order `{words}`: {error}", words=words, error=error)
            )

    @property
    def is_heard(self) -> bool:
        """Whether what it prints can be read."""
        return self._process is None or self._process.stdout is not None

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
                say(
                    "PID 1 did not take the order `{words}`: systemctl did not answer within "
                    "{limit_s:g} s; it is given again",
                    words=self.words,
                    limit_s=self._limit_s,
                )
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
            answer = shorten(read_pipe(process.stderr).strip(), LONGEST_ANSWER) or str(code)
            self.error = HostError(
                say(
                    "PID 1 refused the order `{words}`: {answer}; check the polkit rules of the "
                    "appliance",
                    words=self.words,
                    answer=answer,
                )
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

    def try_restart(self, *units: str) -> Order:
        """Order PID 1 to run those of the units once more that run now."""
        return self._order("try-restart", *units)

    def reload(self, *units: str) -> Order:
        """Order PID 1 to have those of the units that run now read their files anew."""
        return self._order("try-reload-or-restart", *units)

    def stop(self, *units: str) -> Order:
        """Order PID 1 to stop the units, in this order, all in one."""
        return self._order("stop", *units)

    def power_off(self) -> Order:
        """Order a clean shutdown."""
        return self._order("poweroff")

    def reboot(self) -> Order:
        """Order a clean restart of the computer."""
        return self._order("reboot")

    def suspend(self) -> Order:
        """Order sleep with the memory kept."""
        return self._order("suspend")

    def show(self, properties: str, *units: str) -> Order:
        """Ask for properties of units; the answer is the order's `output`, once it is over."""
        words = ["show", "--property", properties, *units]
        order = Order([self._systemctl, *words], f"show {' '.join(units)}", self._limit_s)
        if not order.is_heard:
            order.cancel()
            order.error = HostError(
                say("PID 1 was not asked: this process has no free file descriptor")
            )
        return order

    def run(self, unit: str) -> Job:
        """Ask PID 1 to run the oneshot `unit`; returns at once; the job reports its end."""
        command = [self._systemctl, "--no-ask-password", "start", unit]
        quiet = subprocess.DEVNULL
        try:
            process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        except OSError as error:
            raise HostError(
                say("PID 1 did not take the order `start {unit}`: {error}", unit=unit, error=error)
            ) from error
        return Job(unit, process)

    def _order(self, *words: str) -> Order:
        return Order([self._systemctl, "--no-block", *words], " ".join(words), self._limit_s)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill it; one that not even that ends (a disk that hangs) is left behind."""
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(KILLED_S)


def spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """Run a command with pipes for what it prints. Without file descriptors for them (this process
    has used up all it may have) it runs all the same: posix_spawn takes none, and loads must stop.
    """
    if has_descriptors(DESCRIPTORS):
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        return subprocess.Popen(command, stdin=quiet, stdout=pipe, stderr=pipe)
    path = shutil.which(command[0]) or command[0]
    return subprocess.Popen([path, *command[1:]], close_fds=False)


def has_descriptors(count: int) -> bool:
    """Whether this process may open so many more files."""
    opened: list[int] = []
    try:
        while len(opened) < count:
            opened.append(os.dup(STDERR))
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True


def read_pipe(pipe: IO[bytes] | None) -> str:
    """What is in the pipe now, `MOST_BYTES` at most: a child of the process that ended may hold it
    open, and go on writing.
    """
    if pipe is None:
        return ""
    os.set_blocking(pipe.fileno(), False)
    found = b""
    with suppress(BlockingIOError):
        while len(found) < MOST_BYTES and (part := os.read(pipe.fileno(), MOST_BYTES)):
            found += part
    return found.decode(errors="replace")
