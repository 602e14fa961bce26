"""From power to the page, and to the first detection, in a virtual machine.

Reads: the image. Writes: a directory, which is removed at the end.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from provisioning.emulator.programs import EMULATED, choose_accelerator
from tests.real_boot.unit import EmulatedUnit

DETECTION_S = 900.0


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds since the power was switched on. `emulated`: the processor was, not only the rest."""

    ready_s: float
    detection_s: float
    emulated: bool


def measure_start(image: Path) -> Start:
    """A first boot, with settings on the ESP."""
    with tempfile.TemporaryDirectory(prefix="bench-image-") as directory:
        unit = EmulatedUnit(image, Path(directory) / "m")
        unit.disk.put(unit.site.settings, "provision/unit.toml")
        with unit.site.simulated():
            try:
                return watch(unit)
            finally:
                unit.machine.cut_power()


def watch(unit: EmulatedUnit) -> Start:
    began = time.monotonic()
    unit.boot()
    unit.wait_for(lambda: unit.look("/api/status")[0] == 200, DETECTION_S, "its status")
    ready_s = time.monotonic() - began
    unit.wait_for(unit.find_newest_event, DETECTION_S, "the first event")
    return Start(ready_s, time.monotonic() - began, choose_accelerator() == EMULATED)
