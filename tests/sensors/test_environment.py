"""The computer's own state, from a tree of files laid out as the kernel does."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.log import SentenceLog
from appliance.model import EnvironmentReading, GpuReading
from appliance.model_cameras import InferenceRun
from appliance.process.service import Service
from appliance.settings import Settings
from sensors.cycle import SensorsCycle
from sensors.environment import (
    estimate_computer_power,
    find_warnings,
    format_sentence,
    measure_disk,
    read_environment,
)
from sensors.errors import DiskError
from sensors.image_marks import DATA_IN_MEMORY
from sensors.thermal import find_hottest_zone
from tests.conftest import OpenStore
from tests.sensors.test_gpu import WHOLE, FakeNvml, write
from tests.stand_ins.fakes import FakeClock


def zone(root: Path, number: int, name: str, millidegrees: int | str) -> None:
    write(root / f"sys/class/thermal/thermal_zone{number}/type", name)
    write(root / f"sys/class/thermal/thermal_zone{number}/temp", millidegrees)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A computer with two thermometers and 4 GB free."""
    root = tmp_path / "root"
    zone(root, 0, "cpu-thermal", 47_300)
    zone(root, 1, "x86_pkg_temp", 46_000)
    write(root / "proc/meminfo", "MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 4000000 kB")
    return root


def test_the_hottest_zone_is_named_and_one_that_is_off_is_not_cold(root: Path) -> None:
    zone(root, 2, "gpu-thermal", -256_000)
    zone(root, 3, "cv-thermal", "")
    assert find_hottest_zone(root) == ("cpu", 47.3)


def test_a_computer_without_thermometers_has_no_temperature(
    tmp_path: Path, clock: FakeClock
) -> None:
    reading = read_environment(tmp_path, tmp_path, (5.0, False), clock)
    assert reading.hottest_zone is None
    assert reading.hottest_temperature_c is None
    assert reading.memory_available_bytes is None
    assert format_sentence(reading).startswith("no thermometer, disk ")


def test_the_disk_is_counted_as_df_counts(tmp_path: Path) -> None:
    free_bytes, used_pct = measure_disk(tmp_path)
    usage = shutil.disk_usage(tmp_path)
    expected_pct = 100 * usage.used / (usage.used + usage.free)
    assert used_pct == pytest.approx(expected_pct, abs=0.5)
    assert free_bytes == pytest.approx(usage.free, rel=0.02)


def test_a_disk_that_is_gone_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="check its mount"):
        measure_disk(tmp_path / "gone")


@pytest.mark.parametrize(
    ("board_input_w", "inference_w", "expected"),
    [
        (None, 3.0, (5.0, False)),
        (7.5, None, (7.5, True)),
        (7.5, 3.0, (4.5, True)),
        (2.0, 3.0, (0.0, True)),
    ],
    ids=["no-meter", "no-inference", "inference-taken-off", "never-negative"],
)
def test_only_an_input_rail_measures_the_computer(
    board_input_w: float | None, inference_w: float | None, expected: tuple[float, bool]
) -> None:
    assert (
        estimate_computer_power(board_input_w=board_input_w, inference_w=inference_w, idle_w=5.0)
        == expected
    )


@pytest.fixture
def reading(root: Path, clock: FakeClock) -> EnvironmentReading:
    return replace(read_environment(root, root, (5.0, False), clock), disk_used_pct=62.0)


def test_the_reading_is_one_sentence(reading: EnvironmentReading) -> None:
    assert format_sentence(reading) == "cpu 47 C, disk 62 % used, 5.0 W (modelled)"
    assert reading.memory_available_bytes == 4_096_000_000


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"disk_used_pct": 95.0, "hottest_temperature_c": 95.0}, []),
        ({"disk_used_pct": 95.1}, ["disk"]),
        ({"hottest_temperature_c": 95.1}, ["temperature"]),
        ({"disk_used_pct": 99.0, "hottest_temperature_c": 99.0}, ["disk", "temperature"]),
    ],
)
def test_a_full_disk_and_heat_are_warned_of(
    reading: EnvironmentReading, change: dict[str, Any], codes: list[str]
) -> None:
    changed = replace(reading, **change)
    assert [warning.code for warning in find_warnings(changed)] == codes


class Bench:
    """The sensors service over a computer made of files."""

    def __init__(self, settings: Settings, clock: FakeClock, open_store: OpenStore) -> None:
        self.clock = clock
        self.store = open_store("sensors")
        self.inference = open_store("inference")
        log = SentenceLog("sensors")
        self.service = Service("sensors", settings, clock, self.store, log)

    def look(self, root: Path, nvml: FakeNvml | None = None) -> EnvironmentReading:
        """One cycle; returns the stored reading."""
        self.clock.advance(60)
        self.service.run_once(SensorsCycle(self.service, nvml, root).cycle)
        reading = self.store.latest(EnvironmentReading, 1)
        assert reading is not None
        return reading

    def faults(self) -> list[str]:
        return [fault.code for fault in self.store.list_open_faults()]


@pytest.fixture
def bench(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Bench:
    return Bench(settings, clock, open_store)


def test_a_computer_without_a_meter_reports_its_idle_draw_as_modelled(
    bench: Bench, root: Path
) -> None:
    reading = bench.look(root)
    assert (reading.computer_power_w, reading.computer_power_measured) == (5.0, False)
    assert (reading.hottest_zone, reading.hottest_temperature_c) == ("cpu", 47.3)
    assert bench.store.last(GpuReading) is None


def test_a_jetson_reports_its_input_rail_without_what_inference_reports(
    bench: Bench, root: Path
) -> None:
    rails = root / "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
    write(rails / "in1_label", "VDD_IN")
    write(rails / "in1_input", 5000)
    write(rails / "curr1_input", 1600)
    write(root / "sys/devices/gpu.0/load", 500)
    assert bench.look(root).computer_power_w == 8.0
    run = InferenceRun(
        bench.clock.stamp(),
        60.0,
        60,
        0,
        0.05,
        energy_measured=False,
        power_w=3.0,
        provider="CPU",
        model_digest="abc",
    )
    bench.inference.add(run)
    reading = bench.look(root)
    assert (reading.computer_power_w, reading.computer_power_measured) == (5.0, True)
    bench.clock.advance(600)
    assert bench.look(root).computer_power_w == 8.0
    gpu = bench.store.last(GpuReading)
    assert gpu is not None
    assert (gpu.gpu, gpu.utilisation_pct) == ("Jetson", 50.0)


def test_a_lost_gpu_is_a_fault_and_costs_no_reading(bench: Bench, root: Path) -> None:
    nvml = FakeNvml([WHOLE], running=True)
    bench.look(root, nvml)
    nvml.fallen = True
    bench.look(root, nvml)
    assert bench.faults() == ["gpu"]
    nvml.fallen = False
    bench.look(root, nvml)
    assert bench.faults() == []
    assert len(bench.store.rows(EnvironmentReading)) == 3
    assert len(bench.store.rows(GpuReading)) == 2


def test_heat_is_a_fault_while_it_lasts(bench: Bench, root: Path) -> None:
    zone(root, 0, "cpu-thermal", 96_000)
    bench.look(root)
    assert bench.faults() == ["temperature"]
    zone(root, 0, "cpu-thermal", 80_000)
    bench.look(root)
    assert bench.faults() == []


def test_a_mark_of_the_image_is_a_fault_of_the_unit(bench: Bench, root: Path) -> None:
    write(root / DATA_IN_MEMORY, "the data partition cannot be mounted")
    bench.look(root)
    assert bench.faults() == ["disk"]
