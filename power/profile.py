"""What a charge controller is to this unit: a table, a plan for reading it, and a meaning.

Reads and writes: nothing; pure. A new controller is one new file of rows in power/devices.
Never: holds a register that may be written. There is no way to write to a device at all.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from appliance.model import PowerReading, Quality, Stamp
from power.register import ABSENT, Decoded, Register


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` words from `address` on with Modbus function `function`."""

    function: int
    address: int
    count: int

    def __str__(self) -> str:
        return f"{self.count} from 0x{self.address:04X} (function {self.function:02d})"


@dataclass(frozen=True, slots=True)
class Sample:
    """What one poll brought, by register name."""

    values: Mapping[str, Decoded] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Decoded:
        return self.values.get(name, ABSENT)

    def value(self, name: str) -> float | None:
        """The value, or None where it cannot be believed."""
        return self[name].value


class Profile(ABC):
    """A device as data. Subclasses fill the class attributes and say what the values mean.

    A block that the device refuses (exception 02) is read register by register instead.
    """

    name: ClassVar[str]
    registers: ClassVar[tuple[Register, ...]]
    live: ClassVar[tuple[Block, ...]]  # asked at each poll
    settings: ClassVar[tuple[Block, ...]]  # asked once an hour
    baud: ClassVar[int]
    parity: ClassVar[str]
    timeout_s: ClassVar[float]
    gap_s: ClassVar[float]  # least silence between a reply and the next request

    @abstractmethod
    def reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        """The sample in the unit's words."""


def power_reading(
    stamp: Stamp, device: str, values: Mapping[str, tuple[Any, Quality]]
) -> PowerReading:
    """A reading from one (value, quality) per field; only what is not OK is named in `quality`."""
    return PowerReading(
        stamp=stamp,
        device=device,
        quality={name: quality for name, (_, quality) in values.items() if quality != Quality.OK},
        **{name: value for name, (value, _) in values.items()},
    )
