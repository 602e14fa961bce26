"""A machine with one operating system: its app, models and settings are updated, its OS is not.

Reads and writes: nothing.
Never: claims that an operating system could be installed here.
"""

from pathlib import Path

from appliance.wording.sentence import say
from ota.errors import SlotError
from ota.slots.slots import OnProgress, SlotsReport

NO_SLOTS = "no-slots"


class NoSlots:
    """`Slots` of a unit that was installed by provisioning/install on a system of its own."""

    def examine(self) -> SlotsReport:
        return SlotsReport("", "", {})

    def check(self) -> None:
        raise SlotError(
            say(
                "this machine has no second operating system slot: releases with an operating "
                "system are not installed here, those without one are; use an image of the "
                "unit, or update the system by its own packages"
            ),
            NO_SLOTS,
        )

    def install(self, image: Path, release: str, on_progress: OnProgress) -> None:  # noqa: ARG002
        self.check()

    def arm(self) -> None:
        self.check()

    def commit(self) -> None:
        """There is nothing to commit."""

    def fall_back(self) -> None:
        """There is nothing to fall back to."""
