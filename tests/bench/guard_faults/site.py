"""A unit for one fault: settings, database, a charge controller on a pseudo-terminal, a recording
`systemctl`, and the power process itself.

Reads and writes: one directory of its own.
Never: hides a wait: everything runs in real time.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.model import BatteryState
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.rows import encode_time
from appliance.store.store import Store
from power.act.loads import list_loads
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.byte_device import ByteDevice, RtuDevices
from provisioning.simulated.lines.serial_line import SerialLine
from tests.bench.reaction import WeakPlant
from tests.bench.report import ROOT
from tests.scenes import filled
from tests.scenes.damaged_rows import plan_rows

Disturb = Callable[[bytes | None], bytes | None]
FULL, FALLEN = (13.4, -0.5, 0.0), (11.6, -2.0, 0.0)  # battery V, A into it, W of sun
SETTINGS = """\
[unit]
data_dir = "{here}/data"
run_dir = "{here}/run"
[host]
systemctl = "{here}/systemctl"
rtc = "{here}/rtc"
[charger.main]
port = "{port}"
"""
CAMERA = '[camera.c{number}]\nsource = ""\n'
RECORD = """\
#!/bin/sh
case "$1" in show) ;; *) echo "$(date +%s.%N) $*" >> {here}/orders ;; esac
{then}
"""


@dataclass
class Site:
    """What a fault may change before the power process starts (`cameras`, `then`, `add`), and what
    must be ended afterwards (`helpers`, `mounts`, `closers`).
    """

    here: Path
    phase_s: float = 0.0  # from the start of the loads to the fall: anywhere between two polls
    cameras: int = 2
    then: str = ""
    add: str = ""
    systemctl_missing: bool = False
    wrapper: tuple[str, ...] = ()  # a command in front of the process's own
    environment: dict[str, str] = field(default_factory=dict)
    stderr: int | None = None  # in place of the file `log`
    # in front of the charge controller: its reply to a request, or None
    disturb: Disturb = lambda reply: reply
    helpers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    mounts: list[Path] = field(default_factory=list)
    closers: list[Callable[[], object]] = field(default_factory=list)
    when_fallen: list[Callable[[], None]] = field(default_factory=list)

    @property
    def journal(self) -> bool:
        """Whether standard error is said to be the journal."""
        return (self.here / "journal").exists()

    @property
    def data(self) -> Path:
        return self.here / "data"

    @property
    def database(self) -> Path:
        return self.data / "unit.db"

    def fill(self) -> None:
        """A unit at work for a minute: rows, boot record, no damage."""
        (self.here / "rtc").mkdir()
        (self.here / "rtc/wakealarm").touch()
        (self.here / "run").mkdir()
        (self.here / "orders").touch()
        prepare_database(self.database)
        clock = SystemClock()
        now = clock.stamp()
        state = BatteryState(
            now, 90.0, 1.0, 2300, 2560, None, charge_blocked=False, method="counted"
        )
        with closing(Store(self.database, clock, "power")) as power:
            power.add(filled.reading(now), state, filled.budget(now))
        with closing(Store(self.database, clock, "plan")) as plan:
            plan.add(*plan_rows(now))
        began = encode_time(datetime.now(UTC) - timedelta(hours=1))
        boot = {"boot_id": now.boot_id, "began": began, "cause": "the first start", "failed": 0}
        flags = {"counted": False, "checked": True, "well": True, "end": "RUNNING", "nap": None}
        (self.data / "boots.json").write_text(json.dumps({**boot, **flags}))

    def help_with(self, code: str, *words: str) -> None:
        """Run a helper program that prints a line when it has done its part."""
        command = [sys.executable, "-c", code, *words]
        helper = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert helper.stdout
        helper.stdout.readline()
        self.helpers.append(helper)

    def mount(self, *words: str) -> None:
        """Mount something at the data directory. Raises `CalledProcessError` where that is not
        allowed.
        """
        subprocess.run(["mount", *words, str(self.data)], check=True, capture_output=True)
        if self.data not in self.mounts:
            self.mounts.append(self.data)

    def write_systemctl(self) -> None:
        program = self.here / "systemctl"
        program.write_text(RECORD.format(here=self.here, then=self.then))
        program.chmod(0o755)

    def tidy(self) -> None:
        for close in self.closers:
            close()
        for helper in self.helpers:
            helper.send_signal(signal.SIGCONT)
            helper.kill()
            helper.wait()
            if helper.stdout:
                helper.stdout.close()
        for place in self.mounts:
            subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


Fault = Callable[[Site], Any]


def read_orders(site: Site) -> list[tuple[float, str, str]]:
    """(when, verb, unit) of each order, in their sequence."""
    found = []
    for line in (site.here / "orders").read_text().splitlines():
        at, _, verb, *units = line.split()
        found += [(float(at), verb, unit) for unit in units or [""]]
    return found


def find_stop_s(site: Site, units: list[str]) -> float | None:
    """When the last of these loads got its stop order for good; None while one has not."""
    stops: dict[str, float] = {}
    for at_s, verb, unit in read_orders(site):
        if verb == "stop":
            stops.setdefault(unit, at_s)
        elif verb == "start":
            stops.pop(unit, None)
    return max(stops.values()) if set(units) <= set(stops) else None


def make_plant() -> WeakPlant:
    """A full battery at midnight."""
    plant = WeakPlant(Settings(), datetime(2026, 4, 15, 0, 0, tzinfo=UTC))
    plant.values = FULL
    return plant


def serve_charger(
    plant: WeakPlant, disturb: Disturb = lambda reply: reply
) -> AbstractContextManager[Path]:
    """The charge controller on a pseudo-terminal."""
    return serve_line(DisturbedDevices(SimulatedEpever(plant), disturb))


class DisturbedDevices(RtuDevices):
    """A device whose replies a fault may take away."""

    def __init__(self, device: SimulatedEpever, disturb: Disturb) -> None:
        super().__init__([device])
        self._disturb = disturb

    def respond(self, request: bytes) -> bytes | None:
        return self._disturb(super().respond(request))


@contextmanager
def serve_line(device: ByteDevice) -> Iterator[Path]:
    """What is at the other end of a pseudo-terminal."""
    line = SerialLine(device, SystemClock())
    stop = Event()
    worker = Thread(target=line.serve, args=(stop,), daemon=True)
    worker.start()
    try:
        yield line.path
    finally:
        stop.set()
        worker.join(5)
        line.close()


@contextmanager
def run_power(site: Site, settings: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "power", "--settings", str(settings)]
    with (site.here / "log").open("w") as log:
        status = os.fstat(log.fileno())
        journal = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"} if site.journal else {}
        process = subprocess.Popen(
            [*site.wrapper, *command],
            cwd=ROOT,
            stderr=log if site.stderr is None else site.stderr,
            env={**os.environ, **site.environment, **journal},
            start_new_session=True,
        )
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it, and the `systemctl` that it has left
            process.wait()


def measure(site: Site, spoil: Callable[[Site], Any], limit_s: float) -> float | None:
    """Seconds from the fall of the battery to the last stop order; None: it never came."""
    plant = make_plant()
    try:
        site.fill()
        spoil(site)
        if not site.systemctl_missing:
            site.write_systemctl()
        with serve_charger(plant, site.disturb) as port:
            path = write_settings(site, port)
            units = [load.unit for load in list_loads(settings_file.load_settings(path))]
            with run_power(site, path):
                return let_fall(site, plant, units, limit_s)
    finally:
        site.tidy()


def write_settings(site: Site, port: Path) -> Path:
    cameras = "".join(CAMERA.format(number=number) for number in range(site.cameras))
    path = site.here / "unit.toml"
    path.write_text(SETTINGS.format(here=site.here, port=port) + cameras + site.add)
    return path


def let_fall(site: Site, plant: WeakPlant, units: list[str], limit_s: float) -> float | None:
    """Wait until the loads run (where the fault lets them), then drop the voltage."""
    wait_for(lambda: any(verb == "start" for _, verb, _ in read_orders(site)), 12.0)
    time.sleep(site.phase_s)
    plant.values = FALLEN
    fell_s = time.time()
    for act in site.when_fallen:
        act()
    wait_for(lambda: find_stop_s(site, units) is not None, limit_s)
    stopped_s = find_stop_s(site, units)
    return None if stopped_s is None else max(0.0, stopped_s - fell_s)


def wait_for(true: Callable[[], bool], limit_s: float) -> None:
    until_s = time.monotonic() + limit_s
    while not true() and time.monotonic() < until_s:
        time.sleep(0.05)
