"""NVIDIA's management library (NVML), opened only where its driver is.

Reads: the kernel's list of modules. Writes: nothing.
Never: treats a missing GPU as a fault, and never imports the library on a computer without one.
"""

from pathlib import Path
from typing import Any

DRIVER = "sys/module/nvidia"  # the kernel module; without it the 18 MB of pynvml are not imported


def open_nvml(root: Path = Path("/")) -> Any | None:
    """The started NVML module, or None on a computer without NVIDIA's driver."""
    if not (root / DRIVER).exists():
        return None
    import pynvml  # noqa: PLC0415  (only where a driver is)

    return start_nvml(pynvml)


def start_nvml(nvml: Any) -> Any | None:
    """Initialise `nvml` and return it, or None where it finds no driver."""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    return nvml
