"""The real alarm service beside a real database, and services that store what alarms come from.

    with AlarmProcess(directory, address="mailto://...") as unit:
        unit.see("e1")                # an event, stored and rung for as by the inference service
        unit.kill()                   # kill -9
        unit.start()

Reads and writes: a directory of its own.
Never: shares a clock with the test: the process runs on the kernel's.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.model_alarms import AlarmDelivery, DeliveryState
from appliance.process.alarm_wake import make_wake
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.conftest import ROOT
from tests.scenes import filled
from tests.waiting import wait_until

SETTINGS = """
[unit]
name = "gate"
data_dir = "{directory}/data"
run_dir = "{directory}/run"
[camera.demo]
source = "/dev/null"
[alarm.people]
to = ["owner"]
bundle_s = 0
priority = "urgent"
[recipient.owner]
channels = ["mail"]
[channel.mail]
address_file = "{directory}/address"
allow_local = true
"""


class AlarmProcess:
    """Started by `with`; `extra` is added to the settings."""

    def __init__(self, directory: Path, address: str, extra: str = "") -> None:
        self.path = directory / "unit.toml"
        (directory / "run").mkdir(parents=True, exist_ok=True)
        (directory / "address").write_text(f"{address}\n")
        self.path.write_text(SETTINGS.format(directory=directory) + extra)
        self.settings = settings_file.load_settings(self.path)
        self.settings.unit.data_dir.mkdir(exist_ok=True)
        prepare_database(self.settings.database)
        self._clock = SystemClock()
        self.process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def open(self, writer: str | None = None) -> Iterator[Store]:
        """One at a time: opening a second one takes this process's locks off the file."""
        with closing(Store(self.settings.database, self._clock, writer)) as store:
            store.wake_alarms = make_wake(self.settings.alarm_socket)
            yield store

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self, door: socket.socket | None = None) -> None:
        """Start the service; with `door` as PID 1 does, which holds that socket."""
        command = [sys.executable, "-m", "appliance.alarms", "--settings", str(self.path)]
        passed: tuple[int, ...] = ()
        if door is not None:
            passed = (door.fileno(),)
            shell = 'exec 3<&"$1"; shift; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
            command = ["/bin/bash", "-c", shell, "-", str(door.fileno()), *command]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            pass_fds=passed,
            stderr=subprocess.DEVNULL,
        )
        if door is None:
            wait_until(self.settings.alarm_socket.exists, "the service's socket", 30)
        wait_until(self._has_begun, "the service's first look", 30)

    def _has_begun(self) -> bool:
        """What is stored before its first start of all is no alarm."""
        with self.open() as store:
            return store.query("SELECT 1 FROM alarm_position") != []

    def kill(self) -> None:
        """By kill -9: the service alone, as for want of memory."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.settings.alarm_socket.unlink(missing_ok=True)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.process = None
        return code

    def see(self, event_id: str, snapshot: str | None = None) -> None:
        event = filled.event(self._clock.stamp(), event_id)
        with self.open("inference") as store:
            store.add(replace(event, snapshot=snapshot))

    def read_deliveries(self) -> list[AlarmDelivery]:
        with self.open() as store:
            return store.rows(AlarmDelivery)

    def wait_for_sent(self, count: int, timeout_s: float = 30) -> None:
        """Until so many messages are stored as sent."""

        def is_sent() -> bool:
            states = [one.state for one in self.read_deliveries()]
            return states.count(DeliveryState.SENT) >= count

        wait_until(is_sent, f"{count} messages", timeout_s)
