"""A SunSpec driver in front of registers or of the simulated device, in this process."""

import struct
from typing import Any

from appliance.model import Stamp
from power.devices.sunspec import SunSpecBattery, SunSpecPv
from power.protocol.errors import ExceptionAnswer
from power.protocol.profile import Block, Profile
from power.protocol.sunspec import SunSpecLink
from power.reading.meter import Meter
from provisioning.simulated.devices.sunspec import SimulatedSunspec
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import NOON

PACK, SUN = SunSpecBattery(), SunSpecPv()
STAMP = Stamp(NOON, "0", 0.0)


class RegisterBus:
    """A bus with these registers in front of it, which says what was asked of it."""

    def __init__(self, data: bytes, base: int = 40000) -> None:
        self.data = data
        self.base = base
        self.asked: list[tuple[int, int]] = []

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        self.asked.append((address, count))
        begin = 2 * (address - self.base)
        piece = self.data[begin : begin + 2 * count] if begin >= 0 else b""
        if len(piece) < 2 * count:
            raise ExceptionAnswer("no such register", 2)
        return struct.unpack(f">{count}H", piece)


class CountedBus:
    """A simulated device's bus, and what was asked."""

    def __init__(self, device: SimulatedSunspec) -> None:
        self._bus = LoopbackBus(device)
        self.asked: list[tuple[int, int]] = []

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        assert function == 3
        self.asked.append((address, count))
        return self._bus.read(function, address, count, device_id)


def make_link(profile: Profile, bus: Any, clock: FakeClock | None = None) -> SunSpecLink:
    return SunSpecLink(profile, bus, 1, clock or FakeClock())


def make_sunspec_meter(profile: Profile, bus: Any, clock: FakeClock | None = None) -> Meter:
    clock = clock or FakeClock()
    return Meter(profile, make_link(profile, bus, clock), clock)


def read_simulated(profile: Profile, plant: Plant, *quirks: str, share: float = 1.0) -> Any:
    device = SimulatedSunspec(plant, quirks, share=share)
    return make_sunspec_meter(profile, LoopbackBus(device)).read()


def read_content(device: SimulatedSunspec, model: int) -> bytes:
    return make_link(PACK, LoopbackBus(device)).read_raw(Block(model))


def build_model(number: int, *words: int) -> bytes:
    return struct.pack(f">HH{len(words)}H", number, len(words), *(w & 0xFFFF for w in words))
