"""A unit whose push service is a real process, before the fleet's own broker and a mirror with a
release for it. PID 1 is a script that starts real check-ins, and keeps what it was asked.

with FleetBroker(directory, engine) as broker:
    unit = PushedUnit(directory / "unit", broker, "field-7")
    with unit.running():
        broker.push(unit.topic)
        unit.wait_for_start(1)
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_updates import UpdateState, UpdateStep
from appliance.settings import Settings
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from ota.disk import Disk
from ota.push.heard import HintFiles, open_files
from ota.push.hint import find_group_topic, find_unit_topic
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.signing import Engineer
from tests.conftest import ROOT
from tests.stand_ins.fleet_broker import HOST, FleetBroker
from tests.waiting import wait_until

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {directory}/orders
case "$*" in
*"start appliance-checkin.service")
    cd {root}
    PYTHONPATH={root} {python} -m ota.checkin --settings {file} >> {directory}/said 2>&1 &
esac
"""
SETTINGS = """[unit]
name = "{name}"
id = "box-{name}"
data_dir = "{directory}/data"
run_dir = "{directory}/run"
[update]
dir = "{directory}/units/{name}"
group = "{group}"
mirrors = ["file://{mirror}"]
[fleet]
push = "{broker}"
[host]
systemctl = "{directory}/systemctl"
"""


@dataclass(slots=True)
class PushedUnit:
    directory: Path
    broker: FleetBroker
    name: str
    group: str = "all"
    engineer: Engineer = field(init=False)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.broker.enter(self.name, self.group)
        self.directory = self.broker.directory
        self.engineer = Engineer(self.directory / "fleet", DemoClock(datetime.now(UTC)))
        self.engineer.begin(2)
        self.engineer.release("2026.12", 12)
        trust = self.update_directory / "trust"
        trust.mkdir()
        for root in (self.engineer.directory / "trust").glob("*-root.json"):
            (trust / root.name).write_bytes(root.read_bytes())
        words = {"name": self.name, "group": self.group, "directory": self.directory}
        words |= {"mirror": self.engineer.tree, "broker": f"{HOST}:{self.broker.port}"}
        self.file.write_text(SETTINGS.format(**words))
        script = {"root": ROOT, "python": sys.executable, "file": self.file}
        systemctl = self.directory / "systemctl"
        systemctl.write_text(SYSTEMCTL.format(directory=self.directory, **script))
        systemctl.chmod(0o755)
        prepare_database(self.settings.database)
        self.set_level(EnergyLevel.ECO)

    @property
    def file(self) -> Path:
        return self.directory / "unit.toml"

    @property
    def update_directory(self) -> Path:
        return self.directory / "units" / self.name

    @property
    def settings(self) -> Settings:
        return load_settings(self.file)

    @property
    def topic(self) -> str:
        return find_unit_topic(f"box-{self.name}")

    @property
    def group_topic(self) -> str:
        return find_group_topic(self.group)

    @property
    def hints(self) -> HintFiles:
        return open_files(Disk(), self.settings)

    def set_level(self, level: EnergyLevel) -> None:
        with closing(self.open_store("power")) as store:
            now = store.clock.stamp()
            store.add(EnergyBudget(now, level, 25.0, now.utc, 100.0, "for a test"))

    def open_store(self, name: str = "web") -> Store:
        return Store(self.settings.database, self.settings.make_clock(), name)

    def check_in(self) -> None:
        """An ordinary one: the unit has asked, and asks next in hours."""
        command = [sys.executable, "-m", "ota.checkin", "--settings", str(self.file)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    def assign(self) -> None:
        """A release for this unit, which it does not know of yet."""
        self.engineer.type("assign", self.name, "2026.12", "--fleet", self.engineer.directory)

    @contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self.end(signal.SIGTERM)

    def start(self) -> None:
        command = [sys.executable, "-m", "ota.push", "--settings", str(self.file)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.directory / "said").open("ab") as said:
            self.process = subprocess.Popen(command, cwd=ROOT, stderr=said, env=environment)

    def end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def wait_for_link(self) -> None:
        """Until the service says that it is connected."""
        wait_until(lambda: "connected to" in self.read_said(), "the connection")

    def read_said(self) -> str:
        """What its services have logged."""
        return (self.directory / "said").read_text()

    def list_orders(self) -> list[str]:
        path = self.directory / "orders"
        return path.read_text().splitlines() if path.exists() else []

    def wait_for_start(self, count: int) -> float:
        """Until PID 1 was asked so often for a check-in; returns the seconds."""
        return wait_until(lambda: len(self.list_orders()) >= count, "the start of a check-in")

    def has_offer(self) -> bool:
        """Whether a check-in has found the release."""
        with closing(self.open_store()) as store:
            rows = store.rows(UpdateState, limit=50, newest_first=True)
        return any(row.step is UpdateStep.OFFERED for row in rows)
