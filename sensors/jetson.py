"""Power rails and GPU load of an NVIDIA Jetson, from the kernel's files.

Reads: INA3221 rails (/sys/bus/i2c/drivers/ina3221), the GPU's load file, below a root that tests
replace. Writes: nothing.
Never: adds rails up where there is no input rail: a sum of rails is not the board's input.

hwmon gives mV and mA (kernel documentation, hwmon/ina3221); `load` gives 0 to 1000. Channel 7 is
the chip's own sum and "NC" is a channel that leads nowhere: both are left out.
"""

from dataclasses import dataclass
from pathlib import Path

from appliance.clock import Clock
from appliance.model import GpuReading
from sensors.kernel_files import read_number, read_text
from sensors.thermal import read_thermal_zones

RAILS = "sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*/in[1-6]_label"
LOADS = (
    "sys/devices/gpu.0/load",
    "sys/devices/platform/gpu.0/load",
    "sys/devices/platform/*.gpu/load",
    "sys/devices/platform/*/*.gpu/load",
)
BOARD_INPUTS = ("VDD_IN", "POM_5V_IN")  # Orin and Xavier NX; Nano
GPU_RAILS = ("VDD_GPU", "GPU", "VDD_SYS_GPU")  # rails of the GPU alone, not GPU with SoC


@dataclass(frozen=True, slots=True)
class Rail:
    """One measured supply rail."""

    name: str
    power_w: float


def read_rails(root: Path) -> list[Rail]:
    """The rails that can be read now; empty on any other computer."""
    rails = []
    for label_file in sorted(root.glob(RAILS)):
        label = read_text(label_file)
        number = label_file.name.removeprefix("in").removesuffix("_label")
        voltage_mv = read_number(label_file.with_name(f"in{number}_input"))
        current_ma = read_number(label_file.with_name(f"curr{number}_input"))
        if label and label != "NC" and voltage_mv is not None and current_ma is not None:
            rails.append(Rail(label, voltage_mv * current_ma / 1e6))
    return rails


def find_board_input_w(rails: list[Rail]) -> float | None:
    """The power of the whole board in W, or None where no rail measures it."""
    return next((rail.power_w for rail in rails if rail.name in BOARD_INPUTS), None)


def read_jetson_gpu(root: Path, rails: list[Rail], clock: Clock) -> GpuReading | None:
    """The board's own GPU, or None on any other computer; its memory is the computer's."""
    found = [path for pattern in LOADS for path in root.glob(pattern)]
    if not found:
        return None
    load = read_number(found[0])
    zones = read_thermal_zones(root)
    return GpuReading(
        stamp=clock.stamp(),
        gpu="Jetson",
        power_w=next((rail.power_w for rail in rails if rail.name in GPU_RAILS), None),
        temperature_c=next((c for name, c in zones if name.lower().startswith("gpu")), None),
        utilisation_pct=None if load is None else load / 10,
        memory_used_bytes=None,
    )
