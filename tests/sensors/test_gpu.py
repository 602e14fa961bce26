"""GPUs: a driver that behaves like NVIDIA's, and a Jetson's files in a tree of their own."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.process.nvml import open_nvml, start_nvml
from sensors.errors import GpuError
from sensors.gpu import read_gpus
from sensors.jetson import Rail, find_board_input_w, read_jetson_gpu, read_rails
from tests.stand_ins.fakes import FakeClock


class FakeNvmlError(Exception):
    """What the library raises; `value` is NVML's error number."""

    def __init__(self, value: int) -> None:
        super().__init__(f"NVML error {value}")
        self.value = value


@dataclass
class FakeNvml:
    """NVIDIA's library: GPUs that know some values, fall off the bus, or have no driver at all."""

    gpus: list[dict[str, Any]] = field(default_factory=list)
    driver: bool = True
    fallen: bool = False
    running: bool = False

    NVMLError = FakeNvmlError
    NVML_ERROR_NOT_SUPPORTED = 3
    NVML_ERROR_UNINITIALIZED = 1
    NVML_ERROR_DRIVER_NOT_LOADED = 9
    NVML_ERROR_GPU_IS_LOST = 15
    NVML_TEMPERATURE_GPU = 0

    def nvmlInit(self) -> None:  # noqa: N802  (the library's name)
        if not self.driver:
            raise FakeNvmlError(self.NVML_ERROR_DRIVER_NOT_LOADED)
        self.running = True

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if not self.running:
            raise FakeNvmlError(self.NVML_ERROR_UNINITIALIZED)
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> dict[str, Any]:  # noqa: N802
        return self.gpus[index]

    def _value(self, handle: dict[str, Any], name: str) -> Any:
        if self.fallen:
            raise FakeNvmlError(self.NVML_ERROR_GPU_IS_LOST)
        if name not in handle:
            raise FakeNvmlError(self.NVML_ERROR_NOT_SUPPORTED)
        return handle[name]

    def nvmlDeviceGetName(self, handle: dict[str, Any]) -> Any:  # noqa: N802
        return self._value(handle, "name")

    def nvmlDeviceGetPowerUsage(self, handle: dict[str, Any]) -> Any:  # noqa: N802
        return self._value(handle, "power_mw")

    def nvmlDeviceGetTemperature(self, handle: dict[str, Any], sensor: int) -> Any:  # noqa: N802
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self._value(handle, "temperature_c")

    def nvmlDeviceGetUtilizationRates(self, handle: dict[str, Any]) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=self._value(handle, "load"), memory=1)

    def nvmlDeviceGetMemoryInfo(self, handle: dict[str, Any]) -> Any:  # noqa: N802
        return SimpleNamespace(used=self._value(handle, "used"), free=1, total=2)


WHOLE = {"name": "RTX", "power_mw": 23_456, "temperature_c": 51, "load": 37, "used": 2_000_000}


def test_a_gpu_is_read_in_si_units(clock: FakeClock) -> None:
    [reading] = read_gpus(start_nvml(FakeNvml([WHOLE])), clock)
    assert (reading.gpu, reading.power_w, reading.temperature_c) == ("RTX", 23.456, 51)
    assert (reading.utilisation_pct, reading.memory_used_bytes) == (37.0, 2_000_000)


def test_each_gpu_has_its_reading(clock: FakeClock) -> None:
    nvml = start_nvml(FakeNvml([WHOLE, WHOLE | {"name": "T400"}]))
    assert [reading.gpu for reading in read_gpus(nvml, clock)] == ["RTX", "T400"]


@pytest.mark.parametrize(
    ("missing", "value"),
    [
        ("power_mw", "power_w"),
        ("temperature_c", "temperature_c"),
        ("load", "utilisation_pct"),
        ("used", "memory_used_bytes"),
    ],
)
def test_what_a_gpu_does_not_measure_is_none_and_the_rest_is_there(
    clock: FakeClock, missing: str, value: str
) -> None:
    present = {name: known for name, known in WHOLE.items() if name != missing}
    [reading] = read_gpus(start_nvml(FakeNvml([present])), clock)
    values = ("power_w", "temperature_c", "utilisation_pct", "memory_used_bytes")
    assert [name for name in values if getattr(reading, name) is None] == [value]


def test_no_driver_is_no_gpu_and_no_fault(clock: FakeClock, tmp_path: Path) -> None:
    assert read_gpus(start_nvml(FakeNvml(driver=False)), clock) == []
    assert read_gpus(open_nvml(tmp_path), clock) == []


def test_a_gpu_that_fell_off_the_bus_is_reported(clock: FakeClock) -> None:
    nvml = FakeNvml([WHOLE])
    start_nvml(nvml)
    nvml.fallen = True
    with pytest.raises(GpuError, match=r"does not answer its driver .*kernel's log"):
        read_gpus(nvml, clock)


def write(path: Path, text: str | int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


@pytest.fixture
def orin(tmp_path: Path) -> Path:
    """The files of an Orin Nano: three rails on one INA3221, an unused channel, the chip's sum."""
    rails = tmp_path / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
    channels = {
        1: ("VDD_IN", 5032, 904),
        2: ("VDD_CPU_GPU_CV", 5032, 120),
        3: ("NC", 5040, 8),
        7: ("sum of shunt voltages", 1, 1),
    }
    for number, (label, voltage_mv, current_ma) in channels.items():
        write(rails / f"in{number}_label", label)
        write(rails / f"in{number}_input", voltage_mv)
        write(rails / f"curr{number}_input", current_ma)
    write(tmp_path / "sys/devices/platform/bus@0/17000000.gpu/load", 423)
    for number, (zone, millidegrees) in enumerate(
        [("cpu-thermal", 48_500), ("gpu-thermal", 47_250), ("cv0-thermal", -256_000)]
    ):
        write(tmp_path / f"sys/class/thermal/thermal_zone{number}/type", zone)
        write(tmp_path / f"sys/class/thermal/thermal_zone{number}/temp", millidegrees)
    return tmp_path


def test_a_jetson_reports_what_the_whole_board_draws(orin: Path) -> None:
    rails = read_rails(orin)
    assert [rail.name for rail in rails] == ["VDD_IN", "VDD_CPU_GPU_CV"]
    assert find_board_input_w(rails) == pytest.approx(5.032 * 0.904)


def test_a_sum_of_rails_is_never_taken_for_the_board(orin: Path) -> None:
    """AGX boards have no input rail; jetson-stats adds the rails up there, and is wrong."""
    rails = [Rail("VDD_GPU_SOC", 3.0), Rail("VDD_CPU_CV", 1.0)]
    assert find_board_input_w(rails) is None


def test_a_rail_without_a_current_is_left_out(orin: Path) -> None:
    rails = orin / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
    (rails / "curr1_input").unlink()
    assert [rail.name for rail in read_rails(orin)] == ["VDD_CPU_GPU_CV"]


def test_the_gpu_of_a_jetson_is_read_and_shared_rails_are_not_its_power(
    orin: Path, clock: FakeClock
) -> None:
    reading = read_jetson_gpu(orin, read_rails(orin), clock)
    assert reading is not None
    assert (reading.utilisation_pct, reading.temperature_c) == (42.3, 47.25)
    assert reading.power_w is None
    with_rail = read_jetson_gpu(orin, [Rail("VDD_GPU", 1.5)], clock)
    assert with_rail is not None
    assert with_rail.power_w == 1.5


def test_another_computer_is_no_jetson(tmp_path: Path, clock: FakeClock) -> None:
    assert read_rails(tmp_path) == []
    assert read_jetson_gpu(tmp_path, [], clock) is None
