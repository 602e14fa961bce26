"""A power device as data: a register table, a polling plan, and the conversion to a reading.

Reads and writes: nothing; pure. A new device is one new file of rows in power/devices.
Never: holds a register that may be written. There is no way to write to a device at all.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from appliance.model import BatteryReading, PowerReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from power.protocol.line_place import SerialForm
from power.protocol.register import (
    ABSENT,
    WORD_BYTES,
    Decoded,
    Register,
    decode_block,
    select_registers,
)

MODBUS_IDS = tuple(range(1, 248))
MODBUS_FUNCTIONS = 4  # 01 to 04 read; whatever is above is a command of another protocol


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` words from `address` on with Modbus function `function`.

    Other protocols use `function` for their command; `address` and `count` where they have them.
    """

    function: int
    address: int = 0
    count: int = 0

    def __str__(self) -> str:
        if self.function > MODBUS_FUNCTIONS or not self.count:
            command, address = f"{self.function:02X}", f"{self.address:04X}"
            if not self.address:
                return say("command 0x{command}", command=command)
            return say("command 0x{command} of 0x{address}", command=command, address=address)
        return say(
            "{count} registers from 0x{address} (function {function:02d})",
            count=self.count,
            address=f"{self.address:04X}",
            function=self.function,
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """The decoded values of one poll, by register name."""

    values: Mapping[str, Decoded] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Decoded:
        return self.values.get(name, ABSENT)

    def value(self, name: str) -> float | None:
        """The value, or None where it is not valid."""
        return self[name].value


class Identification(NamedTuple):
    """How a reply identifies a model; `certain` where no other model gives such a reply."""

    text: str
    certain: bool


class Profile(ABC):
    """A device as data. Subclasses fill the class attributes and convert the values.

    A block that the device refuses (exception 02) is read register by register instead.
    """

    name: ClassVar[str]  # the model in the settings
    title: ClassVar[str]  # maker and series, for people
    registers: ClassVar[tuple[Register, ...]]
    live: ClassVar[tuple[Block, ...]]  # requested at each poll
    slow: ClassVar[tuple[Block, ...]] = ()  # requested once a minute
    settings: ClassVar[tuple[Block, ...]] = ()  # requested once an hour
    serial_number: ClassVar[Block | None] = None  # where it tells its serial number, if it does
    serial: ClassVar[SerialForm]
    tcp_only: ClassVar[bool] = False  # there is no serial port on it
    other_bauds: ClassVar[tuple[int, ...]] = ()  # that it can be set to, for a full scan
    protocol: ClassVar[str] = "Modbus"  # a key of power.protocol.links.LINK_FACTORIES
    step: ClassVar[int] = WORD_BYTES  # bytes between two addresses
    device_id: ClassVar[int] = 1  # as delivered
    ids: ClassVar[tuple[int, ...]] = ()  # others that it is known to have, for a full scan
    has_ids: ClassVar[bool] = True  # its frames carry one; without, it is alone on its line
    bus_ids: ClassVar[tuple[int, ...]] = ()  # all that it can be set to, once one was found
    includes: ClassVar[tuple[str, ...]] = ()  # models at the same port that it already counts
    never_ids: ClassVar[tuple[int, ...]] = ()  # never addressed, whatever the settings name
    sleeps: ClassVar[bool] = False  # the first request after a pause wakes it and is lost
    reply_id_shift: ClassVar[int] = 0  # the reply's id minus the request's
    timeout_s: ClassVar[float]
    gap_s: ClassVar[float]  # least silence between a reply and the next request
    least_interval_s: ClassVar[float] = (
        0.0  # least time between two polls; faster ones get the last sample
    )
    tested: ClassVar[tuple[str, ...]] = ()  # against what, for docs/power-devices.md
    sources: ClassVar[tuple[str, ...]] = ()  # documents and captures the table comes from

    @abstractmethod
    def make_reading(self, stamp: Stamp, sample: Sample) -> Any:
        """Convert the sample to a reading of appliance/model.py."""

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints | None:  # noqa: ARG002
        """What the device is set to, as far as the sample has it; None where it does not say."""
        return None

    @property
    def gives_set_points(self) -> bool:
        """Whether it ever says what it is set to."""
        return type(self).make_set_points is not Profile.make_set_points

    @property
    def known_ids(self) -> tuple[int, ...]:
        """All ids that a device of this kind is known to have: those that a probe asks."""
        return tuple(dict.fromkeys((self.device_id, *self.ids, *self.bus_ids)))

    @property
    def signature(self) -> Block:
        """The one request by which a probe distinguishes this device from others."""
        return self.live[0]

    def recognise(self, data: bytes) -> Identification | None:
        """Identify the model by the reply to `signature`; None: it is another one."""
        decoded = self.decode(self.signature, data).values()
        valid = [one for one in decoded if one.quality is Quality.OK]
        if len(valid) < len(decoded) or not valid:
            return None
        values = format_count(len(valid), "value")
        return Identification(
            say("{values} that {title} could give", values=values, title=self.title), certain=False
        )

    def identify(self, data: bytes) -> Identification | None:
        """As `recognise`, also for a variant that a probe does not propose by itself."""
        return self.recognise(data)

    def find_other_name(self, data: bytes) -> str | None:  # noqa: ARG002
        """The name in the reply to `signature`, where it is that of another kind of device."""
        return None

    def find_serial_number(self, data: bytes) -> str | None:  # noqa: ARG002
        """The serial number in the reply to `serial_number`; None where it is none."""
        return None

    def decode(self, block: Block, data: bytes) -> dict[str, Decoded]:
        """The values in the reply to `block`; `data` is its content without the frame."""
        rows = self.rows(block) if len(data) == block.count * WORD_BYTES else self.registers
        return decode_block(rows, block.function, block.address, data, self.step)

    def rows(self, block: Block) -> tuple[Register, ...]:
        """The registers that `block` brings whole."""
        if block not in self._rows:
            size = block.count * WORD_BYTES
            self._rows[block] = select_registers(
                self.registers, block.function, block.address, size, self.step
            )
        return self._rows[block]

    @cached_property
    def _rows(self) -> dict[Block, tuple[Register, ...]]:
        """Cached: a table has many rows, and a unit polls for years."""
        return {}

    def names(self, block: Block) -> tuple[str, ...]:
        """The names that `block` brings, to mark them when it brought nothing."""
        return tuple(row.name for row in self.rows(block))


class ChargerProfile(Profile):
    """A charge controller. `battery_current_a` of its reading is the current that it gives to the
    battery's terminals: what it charges, less what its own load output draws.

    `has_load_output`: the unit's loads may be wired to it, so that this is the battery's current.
    """

    has_load_output: ClassVar[bool] = True

    @abstractmethod
    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        """Convert the sample to a reading of appliance/model.py."""


class BatteryProfile(Profile):
    """A battery's own electronics (BMS), or a shunt."""

    @abstractmethod
    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        """Convert the sample to a reading of appliance/model.py."""
