"""Simulated packs with YD/T 1363: Pylontech, Pace and Seplos v2, from the plant behind them.

Reads: the plant. Writes: nothing.
Never: shares code with power/framing or the drivers, and never does what a command would switch.

Behaviour from the makers' documents: another address is not answered, every other mistake of a
request is, with a return code. A pack whose cells have no voltage is asleep and silent.
"""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import ClassVar

from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import PackView, make_pack_view
from provisioning.simulated.plant.plant import Plant

BAD_LENGTH, LOWER_CASE = "bad-length", "lower-case"
FULL_CHARGE, TWO_ITEMS = "full-charge-request", "two-items"
DONE, OTHER_VERSION, BAD_CHECK, BAD_LENGTH_CHECK, UNKNOWN, BAD_FORMAT = 0, 1, 2, 3, 4, 5
AWAKE_V = 1.0
SMALL_AH, LARGE_AH = 50.0, 65.0  # from 65 Ah on, mAh no longer fit two bytes
WARM_K, TRANSISTORS_K = 1.0, 4.0  # warmer than the cells


class SimulatedYdt(ABC):
    """One pack on a line of its own."""

    QUIRKS: ClassVar[Mapping[str, str]] = {
        SILENCE: "never answers",
        BAD_LENGTH: "every third answer has a wrong length check and a right checksum",
        LOWER_CASE: "writes its hexadecimal digits in lower case",
    }
    version: ClassVar[int]
    default_id: ClassVar[int]
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
        self.device_id = self.default_id if device_id is None else device_id
        self.share = share
        self._answers = 0

    @abstractmethod
    def commands(self) -> Mapping[str, Callable[[PackView], bytes]]:
        """What it answers, by CID2."""

    def find_request_size(self, begun: bytes) -> int | None:
        end = begun.find(b"\r")
        return end + 1 if end >= 0 else None

    def respond(self, request: bytes) -> bytes | None:
        view = make_pack_view(self.plant, self.share)
        text = request.decode("latin-1").rpartition("~")[2].rstrip("\r").upper()
        if SILENCE in self.quirks or view.voltage_v < AWAKE_V:
            return None
        if len(text) < 16 or text[2:4] != f"{self.device_id:02X}":
            return None
        code, info = self._answer_command(text, view)
        self._answers += 1
        return self._build_frame(code, info)

    def send_unasked(self) -> bytes:
        return b""

    def _answer_command(self, text: str, view: PackView) -> tuple[int, bytes]:
        """Return code and INFO."""
        info = text[12:-4]
        if text[-4:] != compute_check(text[:-4]):
            return BAD_CHECK, b""
        if text[8:12] != encode_length(len(info)):
            return BAD_LENGTH_CHECK, b""
        if text[:2] != f"{self.version:02X}":
            return OTHER_VERSION, b""
        command = self.commands().get(text[6:8])
        if text[4:6] != "46" or command is None:
            return UNKNOWN, b""
        if text[6] in "49" and info != f"{self.device_id:02X}":
            return BAD_FORMAT, b""
        return DONE, command(view)

    def _build_frame(self, code: int, info: bytes) -> bytes:
        digits = info.hex().upper()
        length = encode_length(len(digits))
        if BAD_LENGTH in self.quirks and self._answers % 3 == 0:
            length = f"{(int(length[0], 16) + 1) % 16:X}{length[1:]}"
        text = f"{self.version:02X}{self.device_id:02X}46{code:02X}{length}{digits}"
        if LOWER_CASE in self.quirks:
            text = text.lower()
        check = compute_check(text)
        return f"~{text}{check.lower() if LOWER_CASE in self.quirks else check}\r".encode()


def compute_check(text: str) -> str:
    """The checksum: what makes the sum of all characters 0 in 16 bits."""
    return f"{(0x10000 - sum(text.encode())) % 0x10000:04X}"


def encode_length(digits: int) -> str:
    """How many digits, behind a digit that makes the sum of all four a multiple of 16."""
    count = f"{digits:03X}"
    return f"{(16 - sum(int(digit, 16) for digit in count)) % 16:X}{count}"


def encode_list(values: Iterable[float], form: str) -> bytes:
    """A count and the values behind it."""
    whole = [round(value) for value in values]
    return struct.pack(f">B{len(whole)}{form}", len(whole), *whole)


def encode_hundredths(value: float) -> int:
    """Hundredths, as many as two bytes hold."""
    return min(0xFFFF, round(100 * value))


def encode_bits(*numbers: int) -> int:
    """A byte of flags, the lowest bit first."""
    return sum(1 << place for place, number in enumerate(numbers) if number)


class SimulatedPylontech(SimulatedYdt):
    """A US3000C, or with `two-items` a US2000. Its MOSFETs follow the battery's own protection."""

    QUIRKS = {
        **SimulatedYdt.QUIRKS,
        FULL_CHARGE: "asks for a full charge, as after 30 days below 97 %",
        TWO_ITEMS: "a US2000 of 50 Ah: two user items, capacities in two bytes",
    }
    version = 0x20
    default_id = 2

    def commands(self) -> Mapping[str, Callable[[PackView], bytes]]:
        return {
            "42": self._analogue,
            "44": self._alarms,
            "47": self._limits,
            "51": self._maker,
            "92": self._management,
        }

    def _analogue(self, view: PackView) -> bytes:
        all_c = [view.temperature_c + WARM_K] + [view.temperature_c] * 4
        head = bytes([0x11, self.device_id]) + encode_list((1000 * v for v in view.cells_v), "h")
        head += encode_list((2731 + 10 * one_c for one_c in all_c), "H")
        head += struct.pack(">hH", round(10 * view.current_a), round(1000 * view.voltage_v))
        full_ah = min(SMALL_AH, view.full_ah) if TWO_ITEMS in self.quirks else view.full_ah
        full = round(1000 * full_ah)
        left = round(full * view.state_of_charge_pct / 100)
        if full_ah <= LARGE_AH:
            return head + struct.pack(">HBHH", left, 2, full, 7)
        large = left.to_bytes(3, "big") + full.to_bytes(3, "big")
        return head + struct.pack(">HBHH", 0xFFFF, 4, 0xFFFF, 7) + large

    def _alarms(self, view: PackView) -> bytes:
        cold = 1 if self.plant.charge_blocked else 0
        charging, giving = view.current_a > 0, view.current_a < 0
        return (
            bytes([0x10, self.device_id])
            + encode_list([0] * len(view.cells_v), "B")
            + encode_list([0] + [cold] * 4, "B")
            + bytes([0, 0, 0])
            + bytes([encode_bits(0, self.plant.disconnected)])
            + bytes([encode_bits(0, view.charge_on, view.discharge_on, giving)])
            + bytes([encode_bits(*[0] * 6, giving, charging), 0, 0, 0])
        )

    def _limits(self, view: PackView) -> bytes:
        """As in the README of python-pylontech, from a US2000 with 15 cells."""
        packs = [round(volts / 15 * len(view.cells_v)) for volts in (54_000, 46_000, 44_500)]
        cells = (3700, 3050, 2900, 3341, 2621, 1020)
        return struct.pack(">B6H3HHHh", 0, *cells, *packs, 3341, 2621, -1000)

    def _management(self, view: PackView) -> bytes:
        low, lower = view.state_of_charge_pct < 13, view.state_of_charge_pct < 9
        asked = FULL_CHARGE in self.quirks
        flags = encode_bits(*[0] * 3, asked, low, lower, view.discharge_on, view.charge_on)
        count, limit = len(view.cells_v), round(10 * min(100.0, view.full_ah / 2))
        return struct.pack(
            ">BHHhhB", self.device_id, 3550 * count, 3000 * count, limit, -limit, flags
        )

    def _maker(self, _: PackView) -> bytes:
        model = b"US2000C" if TWO_ITEMS in self.quirks else b"US3000C"
        return model.ljust(10, b"\0") + b"\x01\x07" + b"Pylon".ljust(20, b"-")


class SimulatedPace(SimulatedYdt):
    """A P16S board at DIP address 1."""

    version = 0x25
    default_id = 1

    def commands(self) -> Mapping[str, Callable[[PackView], bytes]]:
        return {"42": self._analogue, "44": self._alarms, "C1": self._board}

    def _analogue(self, view: PackView) -> bytes:
        all_c = [view.temperature_c] * 4
        all_c += [view.temperature_c + TRANSISTORS_K, view.temperature_c + WARM_K]
        left, full = encode_hundredths(view.remaining_ah), encode_hundredths(view.full_ah)
        return (
            bytes([0, self.device_id])
            + encode_list((1000 * v for v in view.cells_v), "H")
            + encode_list((2730 + 10 * one_c for one_c in all_c), "H")
            + struct.pack(">hHH", round(100 * view.current_a), round(1000 * view.voltage_v), left)
            + struct.pack(">BHHH", 3, full, 7, full)
        )

    def _alarms(self, view: PackView) -> bytes:
        status = encode_bits(
            0, view.charge_on, view.discharge_on, view.current_a < 0, 0, view.current_a > 0
        )
        protections = (
            encode_bits(0, self.plant.disconnected),
            encode_bits(*[0] * 2, self.plant.charge_blocked),
        )
        return (
            bytes([0, self.device_id])
            + encode_list([0] * len(view.cells_v), "B")
            + encode_list([0] * 6, "B")
            + bytes([0, 0, 0, *protections, status, 0, 0, 0, 0, 0, 0])
        )

    def _board(self, _: PackView) -> bytes:
        return b"P16S100A-1812-1.00 \0"


class SimulatedSeplosV2(SimulatedYdt):
    """An 1101-SP76 at DIP address 0; its replies have group 1."""

    version = 0x20
    default_id = 0

    def commands(self) -> Mapping[str, Callable[[PackView], bytes]]:
        return {"42": self._analogue, "44": self._alarms, "51": self._maker}

    def _analogue(self, view: PackView) -> bytes:
        all_c = [view.temperature_c] * 4
        all_c += [view.temperature_c + WARM_K, view.temperature_c + TRANSISTORS_K]
        volts, left, full = (
            encode_hundredths(view.voltage_v),
            encode_hundredths(view.remaining_ah),
            encode_hundredths(view.full_ah),
        )
        per_mille = round(10 * view.state_of_charge_pct)
        return (
            bytes([0, 1])
            + encode_list((1000 * v for v in view.cells_v), "H")
            + encode_list((2731 + 10 * one_c for one_c in all_c), "H")
            + struct.pack(">hHHB", round(100 * view.current_a), volts, left, 10)
            + struct.pack(">6H8x", full, per_mille, full, 7, 1000, volts)
        )

    def _alarms(self, view: PackView) -> bytes:
        off = self.plant.disconnected
        events = [
            0,
            encode_bits(*[0] * 3, off),
            encode_bits(*[0] * 3, self.plant.charge_blocked),
            0,
            0,
            0,
        ]
        mosfets = encode_bits(view.discharge_on, view.charge_on)
        system = encode_bits(view.current_a < 0, view.current_a > 0)
        return (
            bytes([0, 1])
            + encode_list([0] * len(view.cells_v), "B")
            + encode_list([0] * 6, "B")
            + bytes([0, 0, 20, *events, mosfets, 0, 0, system, *[0] * 10])
        )

    def _maker(self, _: PackView) -> bytes:
        return b"1101-SP76 \x02\x07CANProtocol:Sofar   "
