"""systemd-timedated as python-dbusmock gives it, in a process of its own on a private bus.

with run_time_daemon(tmp_path, NTP=False) as daemon:
...                         # connect_time(daemon.address)
daemon.read_calls()             # ["SetNTP False False", ...]
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stand_ins.modem_manager import SYSTEM_PYTHON, has_owner
from tests.stand_ins.private_bus import run_bus
from tests.waiting import wait_until

NAME = "org.freedesktop.timedate1"


@dataclass(frozen=True, slots=True)
class TimeDaemon:
    """`address`: of its bus. `log`: where dbusmock writes each call."""

    address: str
    log: Path

    def read_calls(self) -> list[str]:
        """Names of the methods that were called, with what they were given."""
        lines = self.log.read_text().splitlines()
        calls = [line.partition(" ")[2] for line in lines]
        return [one for one in calls if one.startswith("Set") and one.partition(" ")[0] != "Set"]


@contextmanager
def run_time_daemon(directory: Path, **properties: bool) -> Iterator[TimeDaemon]:
    """`properties`: NTP (also whether it is synchronized), CanNTP."""
    log = directory / "timedated.log"
    with run_bus(directory) as address:
        words = (SYSTEM_PYTHON, "-m", "dbusmock", "--session", "--template", "timedated")
        command = (*words, "--parameters", json.dumps(properties), "--logfile", str(log))
        environment = {"DBUS_SESSION_BUS_ADDRESS": address}
        with subprocess.Popen(command, env=environment) as process:
            try:
                wait_until(lambda: has_owner(address, NAME), "timedated's name on the bus", 30.0)
                yield TimeDaemon(address, log)
            finally:
                process.terminate()
