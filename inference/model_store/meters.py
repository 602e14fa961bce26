"""Energy meters of a computer: joules used while a model runs.

Reads: NVML's energy counters, RAPL (/sys/class/powercap), a Jetson's input rail, below a root that
tests replace. Writes: nothing.
Never: takes processor time for a measurement, or uses a meter that does not answer.

NVML counts mJ since the driver was loaded (Volta and later). RAPL counts uJ and starts again at
max_energy_range_uj (kernel documentation, power/powercap); only an administrator may read it.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from sensors.jetson import find_board_input_w, read_rails
from sensors.kernel_files import read_number, read_text

RAPL_ZONES = "sys/class/powercap/intel-rapl:*"
READ_EVERY_S = 0.1  # a rail gives power: it is read so often and integrated
GPU_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider")


class EnergyMeter(Protocol):
    """Counts joules; `processor` and `gpu` say of which device."""

    name: str
    processor: bool
    gpu: bool

    def read_energy_j(self) -> float:
        """Joules since any fixed moment."""

    def close(self) -> None:
        """Stop the background thread, if there is one."""


@dataclass
class GpuMeter:
    """All GPUs of this computer."""

    nvml: Any
    handles: Sequence[Any]
    name: str = "NVML"
    processor: bool = False
    gpu: bool = True

    def read_energy_j(self) -> float:
        ask = self.nvml.nvmlDeviceGetTotalEnergyConsumption
        return sum(float(ask(one)) for one in self.handles) / 1000

    def close(self) -> None:
        """Nothing runs."""


class RaplMeter:
    """All processor packages of this computer."""

    name = "RAPL"
    processor = True
    gpu = False

    def __init__(self, zones: Sequence[Path]) -> None:
        self._ranges_uj = {zone: read_number(zone / "max_energy_range_uj") or 0 for zone in zones}
        self._last_uj = {zone: read_number(zone / "energy_uj") or 0 for zone in zones}
        self._sum_uj = 0

    def read_energy_j(self) -> float:
        for zone, before_uj in self._last_uj.items():
            now_uj = read_number(zone / "energy_uj")
            if now_uj is not None:
                step_uj = now_uj - before_uj
                self._sum_uj += step_uj if step_uj >= 0 else step_uj + self._ranges_uj[zone]
                self._last_uj[zone] = now_uj
        return self._sum_uj / 1e6

    def close(self) -> None:
        """Nothing runs."""


class PowerIntegrator:
    """A power sensor, integrated to energy by a thread of its own."""

    gpu = True

    def __init__(self, name: str, *, processor: bool, read_w: Callable[[], float | None]) -> None:
        self.name = name
        self.processor = processor
        self._read_w = read_w
        self._sum_j = 0.0
        self._at_s = monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._integrate, daemon=True)
        self._thread.start()

    def _integrate(self) -> None:
        while not self._stop.wait(READ_EVERY_S):
            self.read_energy_j()

    def read_energy_j(self) -> float:
        with self._lock:
            now_s, power_w = monotonic(), self._read_w()
            self._sum_j += (power_w or 0.0) * (now_s - self._at_s)
            self._at_s = now_s
            return self._sum_j

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def open_meters(nvml: Any | None, root: Path = Path("/")) -> list[EnergyMeter]:
    """The meters of this computer; together they count nothing twice."""
    if find_board_input_w(read_rails(root)) is not None:
        return [
            PowerIntegrator(
                "INA3221", processor=True, read_w=lambda: find_board_input_w(read_rails(root))
            )
        ]
    found = [open_rapl(root), open_gpus(nvml)]
    return [meter for meter in found if meter is not None]


def select_meters(meters: Sequence[EnergyMeter], provider: str) -> list[EnergyMeter]:
    """The meters that cover a model on `provider`; none where its device has no meter."""
    if provider not in GPU_PROVIDERS:
        return [meter for meter in meters if meter.processor]
    return list(meters) if any(meter.gpu for meter in meters) else []


def open_rapl(root: Path) -> RaplMeter | None:
    """The packages' counters, where they may be read; the zones within a package are its parts."""
    zones = [
        zone
        for zone in sorted(root.glob(RAPL_ZONES))
        if read_text(zone / "name").startswith("package") and read_number(zone / "energy_uj")
    ]
    return RaplMeter(zones) if zones else None


def open_gpus(nvml: Any | None) -> EnergyMeter | None:
    """The GPUs' counters, else their power; None where one has neither."""
    if nvml is None:
        return None
    try:
        count = nvml.nvmlDeviceGetCount()
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    except nvml.NVMLError:
        return None
    meter = GpuMeter(nvml, handles)
    if handles and is_supported(nvml, meter.read_energy_j):
        return meter

    def power_w() -> float:
        return sum(float(nvml.nvmlDeviceGetPowerUsage(one)) for one in handles) / 1000

    if handles and is_supported(nvml, power_w):
        return PowerIntegrator("NVML", processor=False, read_w=power_w)
    return None


def is_supported(nvml: Any, ask: Callable[[], float]) -> bool:
    """Whether a GPU supports a request; cards before Volta count no energy."""
    try:
        ask()
    except nvml.NVMLError:
        return False
    return True
