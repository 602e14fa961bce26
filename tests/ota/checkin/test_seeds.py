"""What a difference of an operating system is applied to."""

from pathlib import Path

from ota.checkin.parts import list_seeds
from ota.errors import SlotError
from ota.payload.store import Seed
from ota.slots.none import NoSlots
from ota.slots.rauc import read_slot
from ota.slots.slots import SlotsReport, SlotStatus


class Slots(NoSlots):
    """Two slots, of which `a` runs."""

    def __init__(self, running: SlotStatus | None) -> None:
        self.running = running

    def examine(self) -> SlotsReport:
        if self.running is None:
            raise SlotError("RAUC does not answer", "rauc-silent")
        return SlotsReport("a", "a", {"a": self.running})


def test_it_is_the_image_that_rauc_installed_into_the_running_slot() -> None:
    facts = {
        "bundle.version": ("s", "2026.11"),
        "boot-status": ("s", "good"),
        "sha256": ("s", "ab" * 32),
        "size": ("t", 500_000_000),
        "device": ("s", "/dev/disk/by-partlabel/root-a"),
    }
    found = list_seeds(Slots(read_slot(facts)))
    assert found == (Seed("ab" * 32, 500_000_000, Path("/dev/disk/by-partlabel/root-a")),)


def test_there_is_none_where_the_slot_was_not_installed_by_an_update_or_is_not_known() -> None:
    assert list_seeds(Slots(read_slot({"boot-status": ("s", "good")}))) == ()
    assert list_seeds(Slots(None)) == ()
    assert list_seeds(NoSlots()) == ()
