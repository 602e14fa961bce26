"""What a frame costs: clocks and meters that a test moves, and those of a made-up computer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.actuators.jetson_mode import Board
from appliance.model_cameras import Detection, Tier
from inference.detection.heads.candidates import Bytes
from inference.model_store import machine
from inference.model_store.bench import REST_S, Instruments, measure
from inference.model_store.meters import EnergyMeter, RaplMeter, open_meters, select_meters
from tests.stand_ins.fake_nvml import Card, FakeNvmlError, LimitNvml

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@dataclass
class Computer:
    """Draws 10 W at rest and 40 W at work; a load takes 2 s, a frame 0.1 s, half of it computing.

    Is clock, processor time, meter and detector at once.
    """

    provider: str = CPU
    processor: bool = True
    gpu: bool = False
    name: str = "a meter"
    at_s: float = 0.0
    used_s: float = 0.0
    drawn_j: float = 0.0
    loaded: bool = False
    wanted: str = CPU
    digest: str = "00"
    tier: Tier = Tier.INT8
    frames: int = field(default=0)

    def read_energy_j(self) -> float:
        return self.drawn_j

    def close(self) -> None:
        """Nothing runs."""

    def rest(self, seconds: float) -> None:
        self.at_s += seconds
        self.drawn_j += 10 * seconds

    def work(self, seconds: float) -> None:
        self.at_s += seconds
        self.used_s += seconds / 2
        self.drawn_j += 40 * seconds

    def detect(self, bgr: Bytes) -> list[Detection]:
        if not self.loaded:
            self.loaded = True
            self.work(2.0)
        self.frames += 1
        self.work(0.1)
        return []

    def free(self) -> None:
        self.loaded = False

    def tools(self, meters: Sequence[EnergyMeter]) -> Instruments:
        return Instruments(meters, 3.0, lambda: self.at_s, lambda: self.used_s, self.rest)


def test_a_metered_frame_costs_what_it_draws_beyond_rest() -> None:
    computer = Computer()
    run = measure(computer, 10.0, computer.tools([computer]))
    assert run.meter == "a meter"
    assert run.per_frame_j == pytest.approx(0.1 * 30)
    assert run.load.energy_j == pytest.approx(2.1 * 30)
    assert run.load.took_s == pytest.approx(2.1)
    assert run.frames in (100, 101)
    assert run.cpu_ms == pytest.approx(50)
    assert [run.median_ms, run.p95_ms] == pytest.approx([100, 100])
    assert computer.at_s >= REST_S + 12


def test_without_a_meter_processor_time_is_the_cost() -> None:
    computer = Computer()
    run = measure(computer, 1.0, computer.tools([]))
    assert run.meter == ""
    assert run.per_frame_j == pytest.approx(0.05 * 3)
    assert run.load.energy_j == pytest.approx(1.05 * 3)


def test_a_gpus_meter_leaves_the_processor_to_its_time() -> None:
    computer = Computer(CUDA, processor=False, gpu=True)
    run = measure(computer, 1.0, computer.tools([computer]))
    assert run.per_frame_j == pytest.approx(0.1 * 30 + 0.05 * 3)


def test_a_gpus_meter_does_not_measure_a_model_on_the_processor() -> None:
    computer = Computer(CPU, processor=False, gpu=True)
    run = measure(computer, 1.0, computer.tools([computer]))
    assert run.meter == ""
    assert run.per_frame_j == pytest.approx(0.05 * 3)


def test_a_slow_model_is_measured_over_some_frames() -> None:
    computer = Computer()
    assert measure(computer, 0.01, computer.tools([])).frames == 5


def test_a_gpu_without_a_meter_is_not_measured_by_the_processors() -> None:
    processor = Computer(processor=True, gpu=False)
    assert select_meters([processor], CUDA) == []
    assert select_meters([processor], CPU) == [processor]


def rapl(root: Path, name: str, energy_uj: int, largest_uj: int = 1000) -> Path:
    zone = root / "sys/class/powercap" / name
    zone.mkdir(parents=True, exist_ok=True)
    (zone / "name").write_text({"intel-rapl:0": "package-0"}.get(name, "psys"))
    (zone / "energy_uj").write_text(str(energy_uj))
    (zone / "max_energy_range_uj").write_text(str(largest_uj))
    return zone


def test_rapl_counts_the_packages_and_starts_again_at_its_end(tmp_path: Path) -> None:
    rapl(tmp_path, "intel-rapl:1", 5, 10**9)
    zone = rapl(tmp_path, "intel-rapl:0", 900)
    (meter,) = open_meters(None, tmp_path)
    assert isinstance(meter, RaplMeter)
    first = meter.read_energy_j()
    (zone / "energy_uj").write_text("100")
    assert (meter.read_energy_j() - first) * 1e6 == pytest.approx(200)
    assert (meter.processor, meter.gpu) == (True, False)
    (zone / "energy_uj").write_text("")
    assert open_meters(None, tmp_path) == [], "only an administrator may read it"


class EnergyNvml(LimitNvml):
    """GPUs with a counter of energy, or the older ones that only tell their power."""

    mj = 5000
    counts = True

    def nvmlDeviceGetTotalEnergyConsumption(self, card: Card) -> int:  # noqa: N802
        if not self.counts:
            raise FakeNvmlError(self.NVML_ERROR_NOT_SUPPORTED)
        return self.mj

    def nvmlDeviceGetPowerUsage(self, card: Card) -> int:  # noqa: N802
        return 30_000

    def nvmlDeviceGetName(self, card: Card) -> str:  # noqa: N802
        return "NVIDIA T4"


def test_the_counters_of_all_gpus_are_one_meter(tmp_path: Path) -> None:
    (meter,) = open_meters(EnergyNvml([Card(), Card()]), tmp_path)
    assert (meter.name, meter.read_energy_j()) == ("NVML", 10.0)
    assert (meter.processor, meter.gpu) == (False, True)


def test_a_gpu_without_a_counter_is_measured_by_its_power(tmp_path: Path) -> None:
    nvml = EnergyNvml([Card()])
    nvml.counts = False
    (meter,) = open_meters(nvml, tmp_path)
    before = meter.read_energy_j()
    assert meter.read_energy_j() > before
    meter.close()


def test_a_computer_without_meters_has_none(tmp_path: Path) -> None:
    assert open_meters(None, tmp_path) == []
    assert open_meters(EnergyNvml([]), tmp_path) == []
    assert open_meters(EnergyNvml([Card(lost=True)]), tmp_path) == []


def test_a_jetsons_input_rail_counts_everything(tmp_path: Path) -> None:
    hwmon = tmp_path / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3"
    hwmon.mkdir(parents=True)
    for name, text in {"in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "2000"}.items():
        (hwmon / name).write_text(text)
    rapl(tmp_path, "intel-rapl:0", 5)
    (meter,) = open_meters(EnergyNvml([Card()]), tmp_path)
    before = meter.read_energy_j()
    assert meter.read_energy_j() > before
    assert (meter.name, meter.processor, meter.gpu) == ("INA3221", True, True)
    assert select_meters([meter], CPU) == select_meters([meter], CUDA) == [meter]
    meter.close()


def test_the_machine_is_named(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor: 0\nmodel name\t: AMD EPYC\n")
    assert machine.describe_machine(None, tmp_path) == "AMD EPYC"
    assert machine.describe_machine(EnergyNvml([Card(), Card()]), tmp_path) == "AMD EPYC, NVIDIA T4"
    (tmp_path / "proc/device-tree").mkdir()
    (tmp_path / "proc/device-tree/model").write_text("NVIDIA Jetson Orin NX\0")
    assert machine.describe_machine(None, tmp_path) == "NVIDIA Jetson Orin NX"


def test_the_power_mode_is_that_of_the_board_or_the_gpus_limit(tmp_path: Path) -> None:
    none = Board(conf=tmp_path / "nothing")
    nvml = EnergyNvml([Card(limit_w=150)])
    assert machine.read_power_mode(CUDA, nvml, none) == "150 W"
    assert machine.read_power_mode(CPU, nvml, none) == ""
    assert machine.read_power_mode(CUDA, None, none) == ""
    assert machine.read_power_mode(CUDA, EnergyNvml([Card(lost=True)]), none) == ""
    nvpmodel, conf = tmp_path / "nvpmodel", tmp_path / "nvpmodel.conf"
    nvpmodel.write_text("#!/bin/sh\necho 'NV Power Mode: MODE_15W'\n")
    nvpmodel.chmod(0o755)
    conf.touch()
    assert machine.read_power_mode(CUDA, None, Board(nvpmodel, conf)) == "MODE_15W"
    nvpmodel.unlink()
    assert machine.read_power_mode(CUDA, None, Board(nvpmodel, conf)) == ""
