"""The two operating systems of a unit, as machine/ uses them: the drivers stand beside this file.

    slots.check()                                  # SlotError: this machine cannot be updated so
    slots.install(bundle, "2026.11.1", on_progress)
    slots.arm()                                    # the next boot tries the other slot
    slots.commit()                                 # after the boot: it stays; or slots.fall_back()

Reads and writes: nothing; pure.
Never: writes into the slot that runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

OnProgress = Callable[[int, str], None]  # percent, and what is being done


class SlotState(Enum):
    """What the boot loader does with a slot.

    `GOOD` boots without limit. `TRYING` has a number of boots left until it is committed. `BAD` is
    not booted, whatever it holds. `EMPTY` holds no system.
    """

    GOOD = "good"
    TRYING = "trying"
    BAD = "bad"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """One slot. `release`: what it holds, "" where that is not known.

    `sha256` and `size_bytes` are those of the image that was installed, `device` where it is: the
    base of a difference to the next one. "" and 0 where they are not known.
    """

    release: str
    state: SlotState
    sha256: str = ""
    size_bytes: int = 0
    device: str = ""


@dataclass(frozen=True, slots=True)
class SlotsReport:
    """`booted`: the slot that runs, `primary`: that the next boot takes ("" unknown); names."""

    booted: str
    primary: str
    slots: Mapping[str, SlotStatus]

    @property
    def other(self) -> str:
        """The slot that an installation writes; "" where it is not known which runs."""
        others = [name for name in self.slots if name != self.booted]
        return others[0] if self.booted in self.slots and len(others) == 1 else ""

    @property
    def on_trial(self) -> bool:
        """Whether what runs was not committed yet."""
        found = self.slots.get(self.booted)
        return found is not None and found.state is not SlotState.GOOD


class Slots(Protocol):
    """All calls raise `SlotError` with a `reason_code`; each can be repeated after a cut."""

    def examine(self) -> SlotsReport:
        """What runs, what is installed, and what the next boot takes."""

    def check(self) -> None:
        """Raise `SlotError` where this machine cannot be updated safely: asked before GATE."""

    def install(self, image: Path, release: str, on_progress: OnProgress) -> None:
        """Write `image` (a bundle) into the other slot; it is not armed. Starts over each time."""

    def arm(self) -> None:
        """Let the next boot try the other slot, a limited number of times."""

    def commit(self) -> None:
        """What runs stays."""

    def fall_back(self) -> None:
        """The next boot takes the other slot: that of before the update."""
