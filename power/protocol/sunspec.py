"""SunSpec over Modbus: finds the chain of models once, then reads a model as one block.

Reads: replies to function 03, through power/protocol/bus. Writes: requests to read.
Never: passes on a model whose number and length are not where the chain has them: it scans again.

A block's `function` is the number of a model; CHAIN requests the chain itself.
"""

import struct
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from appliance.clock import Clock
from appliance.errors import BusError
from appliance.wording.sentence import say
from power.protocol.bus import Lines, ModbusReader
from power.protocol.errors import NO_SUCH_REGISTER, WRONG_COUNT, ExceptionAnswer, WrongFrame
from power.protocol.line_place import SerialForm
from power.protocol.profile import Block, Profile
from power.protocol.register import ABSENT, HOLDING, WORD_BYTES, Decoded, Register
from power.protocol.sunspec_model import HEAD_WORDS, split_requests

BASES = (40000, 0, 50000)  # where the mark may stand
MARK = b"SunS"
COMMON, NO_MODEL, LAST_MODEL = 1, 0, 0xFFFF
NAME_WORDS = 32  # maker and model, of 16 registers each, after the head of the common model
CHAIN = 0  # as a block: what models there are, and who made the device
LONGEST_MODEL, MOST_MODELS, LAST_ADDRESS = 1000, 60, 0xFFFF
RESCAN_S = 60.0  # for a model that was not in the chain: it may come with the sun
NOT_THERE = (1, NO_SUCH_REGISTER, WRONG_COUNT)


class Place(NamedTuple):
    """Where a model stands; `length` is in registers after its head."""

    address: int
    length: int


class SunSpecLink:
    """One SunSpec device on a bus."""

    def __init__(self, profile: Profile, bus: ModbusReader, device_id: int, clock: Clock) -> None:
        self._profile = profile
        self.bus = bus
        self.device_id = device_id
        self._clock = clock
        self._bases = deque(BASES)
        self._chain: dict[int, Place] | None = None
        self._scanned_at_s = 0.0

    def read(self, block: Block) -> Mapping[str, Decoded]:
        return self._profile.decode(block, self.read_raw(block))

    def read_by_words(self, row: Register) -> Decoded:  # noqa: ARG002  (its values come whole)
        return ABSENT

    def read_raw(self, block: Block) -> bytes:
        """The registers of the model from its number on; of CHAIN, the directory."""
        if block.function == CHAIN:
            return self._read_directory()
        return self._read_model(block.function)

    def _read_model(self, model: int) -> bytes:
        """The whole model; scans once more where it is not where the chain has it."""
        for again in (False, True):
            place = self._find_place(model, again)
            try:
                data = self._read_registers(model, place)
            except ExceptionAnswer as error:
                if again or error.exception not in NOT_THERE:
                    raise
                continue
            if data[: HEAD_WORDS * WORD_BYTES] == encode_head(model, place.length):
                return data
        self._chain = None
        raise WrongFrame(
            say(
                "id {device_id} has its SunSpec model {model} at another address after each scan",
                device_id=self.device_id,
                model=model,
            )
        )

    def _find_place(self, model: int, again: bool) -> Place:
        chain = self._chain
        now_s = self._clock.stamp().uptime_s
        missing = chain is not None and model not in chain
        if chain is None or again or (missing and now_s - self._scanned_at_s >= RESCAN_S):
            chain = self._chain = self._scan()
            self._scanned_at_s = now_s
        if model not in chain:
            raise ExceptionAnswer(
                say(
                    "id {device_id} has no SunSpec model {model}",
                    device_id=self.device_id,
                    model=model,
                ),
                NO_SUCH_REGISTER,
            )
        return chain[model]

    def _scan(self) -> dict[int, Place]:
        """The models by number, the first of each. The chain ends with its last model, or where
        the device refuses to be read on.
        """
        self._chain = None
        address = self._find_base() + len(MARK) // WORD_BYTES
        chain: dict[int, Place] = {}
        for _ in range(MOST_MODELS):
            model, length = self._read_head(address)
            if model in (NO_MODEL, LAST_MODEL):
                return chain
            if length > LONGEST_MODEL or address + HEAD_WORDS + length > LAST_ADDRESS:
                break
            chain.setdefault(model, Place(address, length))
            address += HEAD_WORDS + length
        raise WrongFrame(
            say(
                "the chain of SunSpec models of id {device_id} has no end", device_id=self.device_id
            )
        )

    def _read_head(self, address: int) -> tuple[int, ...]:
        try:
            return self._read_words(address, HEAD_WORDS)
        except ExceptionAnswer as error:
            if error.exception not in NOT_THERE:
                raise
            return LAST_MODEL, 0

    def _find_base(self) -> int:
        """Where the mark stands. After a silence the next attempt begins at the next base: few
        devices are silent where they have no registers, and a dead one must not cost three
        timeouts.
        """
        for base in tuple(self._bases):
            try:
                words = self._read_words(base, len(MARK) // WORD_BYTES)
            except ExceptionAnswer as error:
                if error.exception not in NOT_THERE:
                    raise
                continue
            except BusError:
                self._bases.rotate(-1)
                raise
            if struct.pack(">2H", *words) == MARK:
                self._bases.rotate(-self._bases.index(base))
                return base
        raise ExceptionAnswer(
            say(
                "id {device_id} has no SunSpec mark; check `model` in the settings",
                device_id=self.device_id,
            ),
            NO_SUCH_REGISTER,
        )

    def _read_registers(self, model: int, place: Place) -> bytes:
        words: list[int] = []
        for offset, count in split_requests(model, HEAD_WORDS + place.length):
            words += self._read_words(place.address + offset, count)
        return struct.pack(f">{len(words)}H", *words)

    def _read_directory(self) -> bytes:
        """Number and length of each model, the end mark, then maker and model of the device."""
        self._chain = chain = self._scan()
        self._scanned_at_s = self._clock.stamp().uptime_s
        names = b""
        if COMMON in chain:
            words = self._read_words(chain[COMMON].address + HEAD_WORDS, NAME_WORDS)
            names = struct.pack(f">{NAME_WORDS}H", *words)
        heads = b"".join(encode_head(model, place.length) for model, place in chain.items())
        return heads + encode_head(LAST_MODEL, 0) + names

    def _read_words(self, address: int, count: int) -> tuple[int, ...]:
        return self.bus.read(HOLDING, address, count, self.device_id)


def encode_head(model: int, length: int) -> bytes:
    """The number and the length with which a model begins."""
    return struct.pack(">HH", model, length)


def parse_directory(data: bytes) -> tuple[tuple[int, ...], str] | None:
    """(models, maker and model) of what `SunSpecLink.raw` gives for CHAIN; None: it is not that."""
    models: list[int] = []
    for place in range(0, len(data) - 3, 4):
        model, length = struct.unpack_from(">HH", data, place)
        if model == LAST_MODEL:
            texts = data[place + 4 :].decode("ascii", "replace")
            half = NAME_WORDS * WORD_BYTES // 2
            names = [texts[:half].strip("\0 "), texts[half:].strip("\0 ")]
            whole = length == 0 and len(texts) in (0, 2 * half) and texts.isascii()
            return (tuple(models), " ".join(name for name in names if name)) if whole else None
        models.append(model)
    return None


class SunSpecLinkFactory:
    """SunSpec over Modbus: RTU on serial ports, TCP elsewhere."""

    def make_link(
        self,
        lines: Lines,
        profile: Profile,
        port: str,
        device_id: int,
        form: SerialForm | None = None,
    ) -> SunSpecLink:
        """The way to the device with that id at `port`; nothing is opened yet."""
        bus = lines.modbus(
            port, form or profile.serial, timeout_s=profile.timeout_s, gap_s=profile.gap_s
        )
        return SunSpecLink(profile, bus, device_id, lines.clock)
