"""Names of this machine and its power mode: a measured figure belongs to both.

Reads: NVML, nvpmodel, the kernel's names. Writes: nothing.
Never: guesses; what is not known is "".
"""

import platform
from pathlib import Path
from typing import Any

from appliance.actuators.errors import PowerModeError
from appliance.actuators.jetson_mode import Board, read_current_mode
from inference.model_store.meters import GPU_PROVIDERS


def describe_machine(nvml: Any | None, root: Path = Path("/")) -> str:
    """The name of the computer, with its GPUs."""
    names = [read_board(root) or read_processor(root) or platform.machine(), *list_gpus(nvml)]
    return ", ".join(dict.fromkeys(names))


def read_board(root: Path) -> str:
    """A board's own name, such as "NVIDIA Jetson Orin NX"; "" on a PC."""
    return read_or_empty(root / "proc/device-tree/model").strip("\x00 \n")


def read_processor(root: Path) -> str:
    for line in read_or_empty(root / "proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return ""


def list_gpus(nvml: Any | None) -> list[str]:
    if nvml is None:
        return []
    try:
        count = nvml.nvmlDeviceGetCount()
        handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
        return [str(nvml.nvmlDeviceGetName(handle)) for handle in handles]
    except nvml.NVMLError:
        return []


def read_power_mode(provider: str, nvml: Any | None, nvpmodel: Board | None = None) -> str:
    """A Jetson's mode ("MODE_15W"), a GPU's limit ("200 W"), "" where there is neither."""
    nvpmodel = nvpmodel or Board()
    if nvpmodel.conf.exists():
        try:
            return read_current_mode(nvpmodel)
        except PowerModeError:
            return ""
    if nvml is None or provider not in GPU_PROVIDERS:
        return ""
    try:
        limit_mw = nvml.nvmlDeviceGetPowerManagementLimit(nvml.nvmlDeviceGetHandleByIndex(0))
    except nvml.NVMLError:
        return ""
    return f"{limit_mw / 1000:g} W"


def read_or_empty(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
