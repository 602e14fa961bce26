"""A unit's cameras and inference as real processes, without its energy service: the bench is it.

Reads: what the processes write, their processor time. Writes: a run directory with settings and a
database; a fresh `EnergyBudget` as often as one is needed.
Never: leaves a process behind.
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Self

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.model import EnergyBudget, EnergyLevel
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.bench.processes import Usage, read_usage

HEAD = """[unit]
name = "bench"
data_dir = "data"
run_dir = "{run}"

[inference]
full_frames_per_s = {frames_per_s}
energy_per_frame_j = 0.05
event_after_frames = 2
"""
MOST_POWER_W = 1000.0  # the bench is about cost, so the budget is no limit


class Field:
    """Camera and inference processes over `cameras` (name -> lines of its section)."""

    def __init__(
        self, directory: Path, cameras: Mapping[str, str], frames_per_s: float = 10
    ) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        self.directory = directory
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        sections = "".join(f"\n[camera.{name}]\n{lines}\n" for name, lines in cameras.items())
        path = directory / "unit.toml"
        path.write_text(HEAD.format(run=directory / "run", frames_per_s=frames_per_s) + sections)
        self.settings: Settings = settings_file.load_settings(path)
        prepare_database(self.settings.database)
        self._power = Store(self.settings.database, SystemClock(), "power")
        self.store = Store(self.settings.database, SystemClock())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(30)
        self._power.close()
        self.store.close()

    def allow(self, level: EnergyLevel) -> None:
        """A budget for the next minutes; stale after three."""
        stamp = self._power.clock.stamp()
        until = stamp.utc + timedelta(minutes=10)
        self._power.add(EnergyBudget(stamp, level, MOST_POWER_W, until, 0.0, "the bench pays"))

    def start_cameras(self) -> None:
        for name in self.settings.camera:
            self._start(name, "sensors.camera", name)

    def start_inference(self) -> None:
        self._start("inference", "inference")

    def usage(self, *names: str) -> Usage:
        """Processor time and memory of these processes, or of all."""
        return read_usage(self._processes[name].pid for name in names or self._processes)

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def _start(self, name: str, module: str, *words: str) -> None:
        command = [sys.executable, "-m", module, *words, "--settings", str(self.settings.path)]
        log = (self.directory / f"{name}.log").open("wb")
        with log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log)
