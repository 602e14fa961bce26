"""Which way this machine has of keeping two operating systems.

    slots = find_slots(settings.update.dir)

Reads: what is installed. Writes: nothing.
Never: guesses: where none is found, the operating system is left alone.
"""

from collections.abc import Callable
from pathlib import Path

from ota.disk import Disk
from ota.slots.directory import DirectorySlots
from ota.slots.jetson import JetsonBoot
from ota.slots.none import NoSlots
from ota.slots.rauc import RaucSlots
from ota.slots.slots import Slots

RAUC = Path("/etc/rauc/system.conf")
JETSON = Path("/etc/nv_boot_control.conf")
VARIABLES = Path("/sys/firmware/efi/efivars")
DIRECTORY = "slots"  # below the update directory: slots of a laptop


def find_slots(directory: Path, *, rauc: Path = RAUC, jetson: Path = JETSON) -> Slots:
    """The driver for this machine; `directory`: the update directory."""
    if rauc.exists():
        return RaucSlots(preflight=find_preflight(jetson))
    if (directory / DIRECTORY).is_dir():
        return DirectorySlots(directory / DIRECTORY, Disk())
    return NoSlots()


def find_preflight(jetson: Path) -> Callable[[], None] | None:
    """What must hold besides before an installation: on a Jetson, its firmware's redundancy."""
    return JetsonBoot(VARIABLES).preflight if jetson.exists() else None
