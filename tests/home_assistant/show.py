"""`make home-assistant`: the unit of `make run` beside a real Home Assistant, to click through.

Reads: the root of environment.py, the options of `python -m provisioning`.
Writes: a directory for the run. Never: reaches out of this computer.
"""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioning.free_ports import find_free_port
from tests.home_assistant.broker import Broker
from tests.home_assistant.dashboard import add_dashboard
from tests.home_assistant.home import OWNER, Home
from tests.home_assistant.house import DEBIAN, list_what_lacks

FRONTEND = """
frontend:
logbook:
"""
CAMERAS = "--cameras=2"  # those that the dashboard shows
STOP_S = 60.0


@dataclass
class Show:
    """What runs, and where people find it."""

    home: Home
    dashboard: str
    unit: subprocess.Popen[bytes]
    page: str


@contextmanager
def open_show(directory: Path, options: Sequence[str]) -> Iterator[Show]:
    """A Home Assistant with its pages, a broker, and `make run` with `options` and that broker."""
    broker, home = Broker(directory), Home(DEBIAN, directory, FRONTEND)
    broker.start()
    try:
        home.start()
        home.finish_onboarding()
        home.add_broker(broker.port)
        dashboard, port = add_dashboard(home), find_free_port()
        own = (CAMERAS, f"--port={port}", f"--dir={directory / 'run'}")
        with run_unit([*options, *own], broker) as unit:
            yield Show(home, dashboard, unit, f"http://localhost:{port}")
    finally:
        home.close()
        broker.kill()


@contextmanager
def run_unit(options: Sequence[str], broker: Broker) -> Iterator[subprocess.Popen[bytes]]:
    """`make run`, as a process of its own; it ends with the block."""
    words = [sys.executable, "-m", "provisioning", *options, f"--mqtt=127.0.0.1:{broker.port}"]
    unit = subprocess.Popen(words, process_group=0)
    try:
        yield unit
    finally:
        unit.send_signal(signal.SIGINT)
        unit.wait(STOP_S)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = list_what_lacks()
    if missing:
        sys.exit(f"this needs {', '.join(missing)}")
    try:
        with (
            tempfile.TemporaryDirectory() as directory,
            open_show(Path(directory), sys.argv[1:]) as show,
        ):
            name, password = OWNER["username"], OWNER["password"]
            print(f"Home Assistant: {show.dashboard} (user: {name}, password: {password})")
            print(f"the unit's own page: {show.page}", flush=True)
            show.unit.wait()
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
