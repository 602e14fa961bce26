"""A simulated Daly BMS with A5 frames: one request frame, one or many reply frames.

Reads: the plant. Writes: nothing.
Never: shares its encoding with the driver, and never answers a command that sets anything.

Behaviour from captures: the last byte of a frame of cells, and the places in the last such frame
for which there is no cell, hold what was there before.
"""

import struct
from collections.abc import Collection

from provisioning.simulated.devices.daly import (
    CYCLES,
    LOST_CHARGE,
    NO_SENSOR,
    QUIRKS,
    SENSORS,
    choose_shown_current_a,
    encode_state,
)
from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import PackView, make_pack_view
from provisioning.simulated.plant.plant import Plant

SIZE = 13
SIXTEEN, NO_REPLY, OLDER = "sixteen-frames", "no-reply", "other-command"
CELLS_IN_FRAME, TEMPERATURES_IN_FRAME = 3, 7
MOST_FRAMES = 16
NOT_FITTED = 255


class SimulatedDalyA5:
    """One board in front of `plant`; its address is its number, asked as 0x3F more."""

    QUIRKS = {
        SILENCE: "never answers",
        **QUIRKS,
        SIXTEEN: "always sends 16 frames of cells, the rest of them 0",
        NO_REPLY: "one request in four gets no reply",
        OLDER: "an older reply to another command comes before the one that was asked for",
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
        self.share = share
        self.device_id = 1 if device_id is None else device_id
        self.quirks = frozenset(quirks)
        self._asked = 0

    def find_request_size(self, begun: bytes) -> int | None:  # noqa: ARG002  (all are of one size)
        return SIZE

    def respond(self, request: bytes) -> bytes | None:
        """The reply; None to what is damaged, for another board, or not known."""
        self._asked += 1
        lost = NO_REPLY in self.quirks and self._asked % 4 == 0
        head = bytes([0xA5, 0x3F + self.device_id])
        if SILENCE in self.quirks or lost or len(request) != SIZE or request[:2] != head:
            return None
        if request[3] != 8 or sum(request[:-1]) % 256 != request[-1]:
            return None
        older = self._build_frame(0x97, bytes(8)) if OLDER in self.quirks else b""
        frames = [self._build_frame(request[2], data) for data in self._data(request[2])]
        return older + b"".join(frames) if frames else None

    def send_unasked(self) -> bytes:
        return b""

    def _build_frame(self, command: int, data: bytes) -> bytes:
        body = struct.pack(">BBBB8s", 0xA5, self.device_id, command, 8, data)
        return body + struct.pack("B", sum(body) % 256)

    def _data(self, command: int) -> list[bytes]:
        """The eight bytes of each frame of the reply."""
        pack = make_pack_view(self.plant, self.share)
        if command == 0x90:
            return [self._charge(pack)]
        if command == 0x95:
            return build_cell_frames(pack, SIXTEEN in self.quirks)
        if command == 0x96:
            return build_temperature_frames(pack, NO_SENSOR in self.quirks)
        single = {
            0x50: struct.pack(">II", round(pack.full_ah * 1000), 3200),
            0x59: struct.pack(">4H", 3600, 3650, 2800, 2500),  # LFP as it comes
            0x91: encode_extremes(pack),
            0x92: encode_temperatures(pack, NO_SENSOR in self.quirks),
            0x93: self._state(pack),
            0x94: self._status(pack),
            0x97: bytes(8),
            0x98: bytes(8),
        }
        return [single[command]] if command in single else []

    def _charge(self, pack: PackView) -> bytes:
        current_a = choose_shown_current_a(pack, self.quirks, self._asked)
        raw = min(0xFFFF, max(0, round(30000 - 10 * current_a)))  # rises with discharge
        charge = 0 if LOST_CHARGE in self.quirks else round(pack.state_of_charge_pct * 10)
        return struct.pack(">HHHH", round(pack.voltage_v * 10), 0, raw, charge)

    def _state(self, pack: PackView) -> bytes:
        left = 0 if LOST_CHARGE in self.quirks else round(pack.remaining_ah * 1000)
        life = self._asked % 256
        return struct.pack(
            ">BBBBI", encode_state(pack), pack.charge_on, pack.discharge_on, life, left
        )

    def _status(self, pack: PackView) -> bytes:
        sensors = 0 if NO_SENSOR in self.quirks else SENSORS
        return struct.pack(">BBBBBHB", len(pack.cells_v), sensors, 0, 0, 2, CYCLES, 0xC0)


def encode_extremes(pack: PackView) -> bytes:
    """Highest and lowest cell, each with its number."""
    cells = [round(cell_v * 1000) for cell_v in pack.cells_v]
    top, bottom = max(cells), min(cells)
    return struct.pack(">HBHBH", top, cells.index(top) + 1, bottom, cells.index(bottom) + 1, 0)


def encode_temperatures(pack: PackView, none_fitted: bool) -> bytes:
    """Highest and lowest temperature, each with its sensor's number."""
    raw = NOT_FITTED if none_fitted else round(pack.temperature_c + 40)
    return bytes([raw, 1, raw, 2, 0, 0, 0, 0])


def build_cell_frames(pack: PackView, sixteen: bool) -> list[bytes]:
    """Three cells a frame; the last frame is filled with what was there before."""
    cells = [round(cell_v * 1000) for cell_v in pack.cells_v]
    cells += cells[: -len(cells) % CELLS_IN_FRAME]
    if sixteen:
        cells += [0] * (MOST_FRAMES * CELLS_IN_FRAME - len(cells))
    return [
        struct.pack(">BHHHB", number, *cells[place : place + CELLS_IN_FRAME], 0xC0)
        for number, place in enumerate(range(0, len(cells), CELLS_IN_FRAME), 1)
    ]


def build_temperature_frames(pack: PackView, none_fitted: bool) -> list[bytes]:
    """Seven temperatures a frame, 0 where no sensor is fitted."""
    raw = 0 if none_fitted else round(pack.temperature_c + 40)
    fitted = bytes([raw] * SENSORS).ljust(TEMPERATURES_IN_FRAME, b"\0")
    return [b"\1" + fitted, b"\2" + bytes(TEMPERATURES_IN_FRAME)]
