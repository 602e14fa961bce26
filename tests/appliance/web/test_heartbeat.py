"""That the page's process lives, as PID 1's watchdog hears it."""

import socket
import subprocess
from pathlib import Path

import pytest

from appliance.web.connections import ConnectionLimits, Phase
from appliance.web.server import ALIVE_EVERY_S, STUCK_S, Heartbeat
from tests.appliance.web.test_web import free_port, start

UNTIL_S = 60.0


class FakeLimits(ConnectionLimits):
    def __init__(self) -> None:
        super().__init__(now_s=lambda: self.clock_s)
        self.clock_s, self.queued_s = 0.0, 0.0

    def find_queued_s(self) -> float:
        return self.queued_s


def test_the_process_tells_pid_1_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pid_1:
        pid_1.bind(str(tmp_path / "notify"))
        pid_1.settimeout(UNTIL_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        process: subprocess.Popen[str] = start([], tmp_path, free_port())
        try:
            heard = [pid_1.recv(4096)]
            while heard[-1] != b"WATCHDOG=1":
                heard.append(pid_1.recv(4096))
        finally:
            process.kill()
            process.wait()
    assert b"READY=1" in heard


def test_it_is_told_seldom_and_not_while_all_threads_hang() -> None:
    limits, told = FakeLimits(), [0.0]
    told.clear()
    heartbeat = Heartbeat(limits, lambda: told.append(limits.clock_s))
    for second in range(60):
        limits.clock_s = float(second)
        assert not heartbeat.readable()
        assert not heartbeat.writable()
    assert told == [0.0, ALIVE_EVERY_S, 2 * ALIVE_EVERY_S]
    limits.clock_s, limits.queued_s = 100.0, STUCK_S
    heartbeat.readable()
    assert len(told) == 3


def test_the_oldest_request_that_waits_for_a_thread_counts() -> None:
    limits = ConnectionLimits(now_s=lambda: 50.0)
    assert limits.find_queued_s() == 0

    class Waiting:
        phase, since_s = Phase.QUEUED, 20.0

    class WaitingSinceLater:
        phase, since_s = Phase.QUEUED, 40.0

    class Sending:
        phase, since_s = Phase.SENDING, 1.0

    limits._open |= {Waiting(), WaitingSinceLater(), Sending()}  # type: ignore[arg-type]
    assert limits.find_queued_s() == 30.0
