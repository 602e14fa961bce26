"""Polls one charge controller and says what it read, in the unit's words.

Reads: the device, by the plan of its profile: live blocks at each poll, settings once an hour.
Never: keeps a value for the next poll; what did not come this time is None and STALE.
"""

from dataclasses import dataclass, field

from appliance.clock import Clock
from appliance.errors import BusError
from appliance.model import PowerReading, Quality
from appliance.settings import ChargerSettings
from power.bus import Bus, ExceptionAnswer, ModbusBus
from power.devices import profile as profile_of
from power.profile import Block, Profile, Sample
from power.register import ABSENT, UNREAD, Decoded, decode_block, registers_within

SETTINGS_EVERY_S, SETTINGS_AGAIN_S = 3600.0, 60.0
NO_SUCH_REGISTER = 2  # Modbus exception: this address or this many words are not supported


@dataclass
class Memory:
    """What is known of the device for an hour: its settings, and what it refuses."""

    since_s: float | None = None
    settings: dict[str, Decoded] = field(default_factory=dict)
    refused: set[Block] = field(default_factory=set)


class Meter:
    """One device on one line. `read()` raises `BusError` when nothing answered."""

    def __init__(self, profile: Profile, bus: Bus, device_id: int, clock: Clock) -> None:
        self._profile = profile
        self._bus = bus
        self._device_id = device_id
        self._clock = clock
        self._memory = Memory()

    def read(self) -> PowerReading:
        """One poll; a value that cannot be believed is None and named in `quality`."""
        stamp = self._clock.stamp()
        self._forget_after_an_hour(stamp.uptime_s)
        live = self._read_blocks(self._profile.live)
        if {quality for _, quality in live.values()} == {Quality.ABSENT}:
            self._memory = Memory()
            raise BusError(
                f"the device with Modbus id {self._device_id} answers, but has none of the "
                f"registers of {self._profile.name}; check charger.model in the settings"
            )
        if self._memory.since_s is None:
            self._learn_settings(stamp.uptime_s)
        return self._profile.reading(stamp, Sample({**self._memory.settings, **live}))

    def _forget_after_an_hour(self, now_s: float) -> None:
        since_s = self._memory.since_s
        if since_s is not None and now_s - since_s >= SETTINGS_EVERY_S:
            self._memory = Memory(settings=self._memory.settings)

    def _learn_settings(self, now_s: float) -> None:
        """Ask for the settings; a device that will not say them is asked again in an hour."""
        try:
            self._memory.settings = self._read_blocks(self._profile.settings)
        except ExceptionAnswer:
            self._memory.settings = {}
        except BusError:
            # A lost reply: ask again in a minute, and go on with what is known.
            now_s -= SETTINGS_EVERY_S - SETTINGS_AGAIN_S
        self._memory.since_s = now_s

    def _read_blocks(self, blocks: tuple[Block, ...]) -> dict[str, Decoded]:
        """All blocks; raise at the first loss if nothing has answered, else go on without it."""
        values: dict[str, Decoded] = {}
        answered = False
        failure: BusError | None = None
        for block in blocks:
            try:
                values.update(self._read_block(block))
                answered = True
            except BusError as error:
                if not answered and not isinstance(error, ExceptionAnswer):
                    raise
                failure = error
                values.update(self._mark(block, UNREAD))
        if failure and Quality.OK not in {quality for _, quality in values.values()}:
            raise failure
        return values

    def _read_block(self, block: Block) -> dict[str, Decoded]:
        if block not in self._memory.refused:
            try:
                return self._ask(block)
            except ExceptionAnswer as error:
                if error.exception != NO_SUCH_REGISTER:
                    raise
                self._memory.refused.add(block)
        if len(self._singles(block)) <= 1:
            return self._mark(block, ABSENT)
        return self._read_singly(block)

    def _read_singly(self, block: Block) -> dict[str, Decoded]:
        """The block register by register; a pair is still one request, or it is absent."""
        values: dict[str, Decoded] = {}
        for single in self._singles(block):
            values.update(self._read_block(single))
        return values

    def _singles(self, block: Block) -> tuple[Block, ...]:
        """The block's registers as requests of their own."""
        rows = registers_within(self._profile.registers, block.function, block.address, block.count)
        return tuple(Block(row.function, row.address, row.kind.words) for row in rows)

    def _ask(self, block: Block) -> dict[str, Decoded]:
        words = self._bus.read(block.function, block.address, block.count, self._device_id)
        return decode_block(self._profile.registers, block.function, block.address, words)

    def _mark(self, block: Block, mark: Decoded) -> dict[str, Decoded]:
        rows = registers_within(self._profile.registers, block.function, block.address, block.count)
        return {row.name: mark for row in rows}


def open_meter(charger: ChargerSettings, clock: Clock) -> Meter:
    """The meter of the settings' charge controller; raise `SettingsError` for an unknown model.

    The line is opened by the first `read()`, so a missing cable is a `BusError` there.
    """
    profile = profile_of(charger.model)
    bus = ModbusBus(
        charger.port,
        clock,
        baud=profile.baud,
        parity=profile.parity,
        timeout_s=profile.timeout_s,
        gap_s=profile.gap_s,
    )
    return Meter(profile, bus, charger.device_id, clock)
