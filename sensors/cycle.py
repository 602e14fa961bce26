"""The sensors service's cycle: reads environment and GPUs once a minute and stores them together.

The mobile link, where the unit has one, is looked at after that (sensors/link/).

Reads: what sensors/environment.py, jetson.py and gpu.py read, and the newest `InferenceRun`.
Writes: `EnvironmentReading` and `GpuReading` rows in one transaction.
Never: drops a reading because another one failed or is a warning.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.model import EnvironmentReading, GpuReading
from appliance.model_cameras import InferenceRun
from appliance.process.service import Service
from sensors.environment import (
    estimate_computer_power,
    find_warnings,
    format_sentence,
    read_environment,
)
from sensors.errors import GpuError
from sensors.gpu import read_gpus
from sensors.image_marks import find_marked_faults
from sensors.jetson import Rail, find_board_input_w, read_jetson_gpu, read_rails

if TYPE_CHECKING:
    from sensors.link.cycle import LinkCycle


@dataclass(frozen=True, slots=True)
class SensorsCycle:
    """One computer: `root` is where /sys and /proc hang, `nvml` the started NVML or None,
    `link` its mobile link or None.
    """

    service: Service
    nvml: Any | None = None
    root: Path = Path("/")
    link: "LinkCycle | None" = None

    def cycle(self) -> str:
        """Read, store, warn; returns the reading in one sentence."""
        rails = read_rails(self.root)
        reading = self._read_environment(rails)
        self.service.store.add(reading, *self._read_gpus(rails))
        for warning in (*find_marked_faults(self.root), *find_warnings(reading)):
            self.service.report_fault(warning)
        if self.link is not None:
            self.link.cycle()
        return format_sentence(reading)

    def _read_environment(self, rails: list[Rail]) -> EnvironmentReading:
        settings = self.service.settings
        run = self.service.store.latest(InferenceRun)
        power = estimate_computer_power(
            board_input_w=find_board_input_w(rails),
            inference_w=run.power_w if run else None,
            idle_w=settings.computer.idle_w,
        )
        return read_environment(self.root, settings.unit.data_dir, power, self.service.clock)

    def _read_gpus(self, rails: list[Rail]) -> list[GpuReading]:
        own = read_jetson_gpu(self.root, rails, self.service.clock)
        if own:  # a Jetson's NVML, where it exists, would report the same GPU once more
            return [own]
        try:
            return read_gpus(self.nvml, self.service.clock)
        except GpuError as error:
            self.service.report_fault(error)
            return []
