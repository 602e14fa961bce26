"""Which way this machine has of keeping two operating systems.

Reads: what is installed. Writes: nothing.
Never: guesses: where none is found, the operating system is left alone.
"""

from pathlib import Path

from ota.slots.none import NoSlots
from ota.slots.slots import Slots


def find_slots(directory: Path) -> Slots:  # noqa: ARG001
    """The driver for this machine; `directory`: the update directory."""
    return NoSlots()
