"""A simulated JBD BMS: answers in its own frames as the real one does, from the plant behind it.

Reads: the plant. Writes: nothing. Its encoder is its own: nothing is shared with the driver.
Never: takes a write (DD 5A); it is silent to one, as to a frame with a wrong check.

Behaviour from the maker's protocol: an unknown command is answered with status 80 and no data.
"""

import struct
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import PackView, make_pack_view
from provisioning.simulated.plant.plant import Plant

NAME = b"JBD-SP04S034-L4S-120A"
SLEEPS, DEAD_BAND, SOC_ZERO, NO_SENSORS = "sleeps", "dead-band", "soc-zero", "no-sensors"
SLEEPS_AFTER = timedelta(seconds=5)  # of plant time without a request
DEAD_BAND_A = 0.3
REQUEST, WRITE = b"\xdd\xa5", b"\xdd\x5a"
SHORTEST_REQUEST = 7
UNKNOWN_COMMAND = 0x80
MADE = 24 << 9 | 3 << 5 | 15  # 2024-03-15
SOFTWARE, CYCLES = 0x21, 41
CHARGE_TOO_COLD, CELL_TOO_LOW = 1 << 5, 1 << 1
CHARGE_ON, DISCHARGE_ON = 1, 2


class SimulatedJbd:
    """A JBD pack in front of `plant`, which the caller must advance.

    `device_id` has no meaning: the frames carry none.
    """

    QUIRKS: ClassVar[Mapping[str, str]] = {
        SILENCE: "never answers",
        SLEEPS: "the first request after 5 s is lost: it only wakes it",
        DEAD_BAND: "a current under 0.3 A reads 0.00",
        SOC_ZERO: "its state of charge and what remains read 0",
        NO_SENSORS: "no temperature sensors",
    }
    sends_every_s = None

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
    ) -> None:
        self.plant = plant
        self.quirks = frozenset(quirks)
        self.device_id = 1 if device_id is None else device_id
        self.share = share
        self._asked_at: datetime | None = None
        self._woken = False

    def find_request_size(self, begun: bytes) -> int | None:
        """A byte that begins no request is taken by itself and not answered."""
        if begun[:1] != REQUEST[:1] or (len(begun) > 1 and begun[:2] not in (REQUEST, WRITE)):
            return 1
        return SHORTEST_REQUEST + begun[3] if len(begun) > 3 else None

    def respond(self, request: bytes) -> bytes | None:
        off = SILENCE in self.quirks or self.plant.battery_voltage_v < 1
        if off or self._is_lost_in_sleep() or not is_read_request(request):
            return None
        contents = {0x03: self._basic, 0x04: self._cells, 0x05: self._name}
        command = request[2]
        if command not in contents:
            return build_reply_frame(command, UNKNOWN_COMMAND, b"")
        return build_reply_frame(command, 0, contents[command]())

    def send_unasked(self) -> bytes:
        return b""

    def _is_lost_in_sleep(self) -> bool:
        """Whether it sleeps; what it loses wakes it for the next, however late that comes."""
        before, self._asked_at = self._asked_at, self.plant.utc
        slept = before is None or self.plant.utc - before >= SLEEPS_AFTER
        self._woken = SLEEPS in self.quirks and slept and not self._woken
        return self._woken

    def _basic(self) -> bytes:
        pack = make_pack_view(self.plant, self.share)
        charge_pct = 0.0 if SOC_ZERO in self.quirks else pack.state_of_charge_pct
        temperatures = [] if NO_SENSORS in self.quirks else [pack.temperature_c] * 2
        return struct.pack(
            ">HhHHHHHHHBBBBB",
            encode_hundredths(pack.voltage_v),
            round(100 * self._current_a(pack)),
            encode_hundredths(pack.full_ah * charge_pct / 100),
            encode_hundredths(pack.full_ah),
            CYCLES,
            MADE,
            0,
            0,
            encode_protection(pack),
            SOFTWARE,
            round(charge_pct),
            pack.charge_on * CHARGE_ON | pack.discharge_on * DISCHARGE_ON,
            len(pack.cells_v),
            len(temperatures),
        ) + b"".join(struct.pack(">H", round(10 * one) + 2731) for one in temperatures)

    def _current_a(self, pack: PackView) -> float:
        hidden = DEAD_BAND in self.quirks and abs(pack.current_a) < DEAD_BAND_A
        return 0.0 if hidden else max(-327.68, min(327.67, pack.current_a))

    def _cells(self) -> bytes:
        cells_v = make_pack_view(self.plant, self.share).cells_v
        return struct.pack(f">{len(cells_v)}H", *(round(1000 * cell_v) for cell_v in cells_v))

    def _name(self) -> bytes:
        return NAME


def encode_protection(pack: PackView) -> int:
    """The protection that has tripped."""
    if not pack.discharge_on:
        return CELL_TOO_LOW
    return 0 if pack.charge_on else CHARGE_TOO_COLD


def encode_hundredths(value: float) -> int:
    """In steps of 0.01, up to the most that two bytes hold."""
    return min(0xFFFF, max(0, round(100 * value)))


def is_read_request(request: bytes) -> bool:
    """Whether it is a whole request to read, without data and with a right check."""
    if len(request) != SHORTEST_REQUEST or request[:2] != REQUEST or request[-1] != 0x77:
        return False
    return (request[2] + request[3] + int.from_bytes(request[4:6], "big")) & 0xFFFF == 0


def build_reply_frame(command: int, status: int, data: bytes) -> bytes:
    """The bytes of one reply."""
    total = status + len(data) + sum(data)
    tail = struct.pack(">HB", (0x10000 - total) & 0xFFFF, 0x77)
    return bytes([0xDD, command, status, len(data)]) + data + tail
