"""Services behind sockets, as PID 1 has them: started by the first connection, and again after
their end by the next.

    with SocketUnit(["python", "-m", "appliance.web"], [listening]) as unit: ...
"""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conftest import ROOT
from tests.waiting import wait_until

HIGH = 100  # descriptors from here are in nobody's way
LAUNCH = """
import os, sys
moved, words = sys.argv[1].split(), sys.argv[2:]
for number, one in enumerate(moved):
    os.dup2(int(one), 3 + number)
    os.close(int(one))
os.environ |= {"LISTEN_FDS": str(len(moved)), "LISTEN_PID": str(os.getpid())}
os.execv(words[0], words)
"""


class SocketUnit:
    """One service; `starts` counts how often it was started."""

    def __init__(self, module: str, settings: Path, sockets: Sequence[socket.socket]) -> None:
        self._words = [sys.executable, "-m", module, "--settings", str(settings)]
        self._sockets = list(sockets)
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._watch)
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.port = next(one.getsockname()[1] for one in sockets if one.family != socket.AF_UNIX)
        self.said = settings.with_name(f"{module}.log")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        os.close(self._stop_write)
        self._thread.join()
        os.close(self._stop_read)

    @property
    def pid(self) -> int:
        """Of the process that runs; there must be one."""
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it, with its children: they have a group of their own."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)
        wait_until(lambda: not self.is_running(), "the end of the process", 30)

    def _watch(self) -> None:
        while self._wait(self._sockets):
            self._start()
            assert self._process is not None
            ended = os.pidfd_open(self._process.pid)
            goes_on = self._wait([ended])
            os.close(ended)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            if not goes_on:
                return

    def _wait(self, what: Sequence[socket.socket | int]) -> bool:
        """Until one can be read; False: the test is over."""
        readable, _, _ = select.select([*what, self._stop_read], [], [])
        return self._stop_read not in readable

    def _start(self) -> None:
        moved = [fcntl.fcntl(one, fcntl.F_DUPFD, HIGH) for one in self._sockets]
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, " ".join(map(str, moved)), *self._words],
                cwd=ROOT,
                pass_fds=moved,
                stdout=said,
                stderr=said,
                process_group=0,
            )
        self.starts += 1
        for one in moved:
            os.close(one)
