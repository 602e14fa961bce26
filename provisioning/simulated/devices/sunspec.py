"""A simulated SunSpec device: a hybrid inverter with two trackers and a lithium battery.

Reads: the plant. Writes: nothing.
Never: shares the driver's definitions: its models are written here register by register, so that
an error in one cannot hide in the other. Offsets and types are those of the SunSpec specification.

Function 03 only. What is outside its registers gives exception 02, also a request that only begins
inside.
"""

import struct
from collections.abc import Collection, Mapping
from typing import ClassVar

from appliance.model import ChargeStage
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import PackView, make_pack_view
from provisioning.simulated.plant.plant import Plant

NO_END, BASE_0, LENGTH_VARIES = "no-end-model", "base-0", "length-varies"
NOT_IMPLEMENTED, NO_PORTS, MANY_STRINGS = "not-implemented", "no-ports", "many-strings"
DISCHARGE_POSITIVE, STORAGE_TRACKERS = "discharge-positive", "storage-trackers"
USUAL_BASE = 40000
NONE_U16, NONE_S16, NONE_U32 = 0xFFFF, 0x8000, 0xFFFFFFFF
END = b"\xff\xff\x00\x00"
STRINGS = 5  # of the battery, where it has many: 188 registers
STATUS_MPPT, STATUS_THROTTLED, STATUS_FAULT, SLEEPING = 4, 5, 7, 2
CHARGING, DISCHARGING, HOLDING = 4, 3, 6
LITHIUM, CONNECTED, DISCONNECTED = 4, 3, 1
OVER_COLD = 1 << 3  # under temperature alarm
PV_PORT, ESS_PORT = 0, 1
TRACKER_STATES = {
    ChargeStage.OFF: SLEEPING,
    ChargeStage.BULK: STATUS_MPPT,
    ChargeStage.FAULT: STATUS_FAULT,
}


class SimulatedSunspec:
    """The device core, without a wire. Models 1, 160, 714, 802, 803, 713 and 124."""

    QUIRKS: ClassVar[Mapping[str, str]] = {
        SILENCE: "never answers",
        NO_END: "no end mark: the read there gives exception 02 (pysunspec2 #116)",
        BASE_0: "its registers begin at 0",
        LENGTH_VARIES: "one tracker fewer at night: all later models move (pysunspec2 #89)",
        NOT_IMPLEMENTED: "only what the specification demands; all else is `not implemented`",
        NO_PORTS: "an older device: without model 714, and without 160 at night",
        MANY_STRINGS: "five battery strings: model 803 is longer than one request",
        DISCHARGE_POSITIVE: "its battery current is positive out of the battery",
        STORAGE_TRACKERS: "the battery's charge and discharge are trackers too (Fronius GEN24)",
    }

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

    @property
    def reply_id(self) -> int:
        return self.device_id

    @property
    def base(self) -> int:
        return 0 if BASE_0 in self.quirks else USUAL_BASE

    def answers_to(self, device_id: int) -> bool:
        return device_id == self.device_id

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply PDU; None where a real device would be silent."""
        if SILENCE in self.quirks or not self.plant.controller_powered or not pdu:
            return None
        request = codec.parse_read_request(pdu)
        if request is None or request.function != codec.READ_HOLDING:
            return codec.build_exception_reply(pdu[0], codec.ILLEGAL_FUNCTION)
        if not 1 <= request.count <= codec.MOST_WORDS:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_VALUE)
        begin = 2 * (request.address - self.base)
        piece = self.registers()[begin : begin + 2 * request.count] if begin >= 0 else b""
        if len(piece) != 2 * request.count:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        return bytes([request.function, len(piece)]) + piece

    def registers(self) -> bytes:
        """All registers now, from the mark to the end."""
        view = make_pack_view(self.plant, self.share)
        models = [
            build_model(1, build_common()),
            *self.sun_models(view),
            build_model(802, self.battery(view)),
            build_model(803, self.bank(view)),
            build_model(713, self.storage(view)),
            build_model(124, self.control(view)),
        ]
        end = b"" if NO_END in self.quirks else END
        return b"SunS" + b"".join(models) + end

    def sun_models(self, view: PackView) -> list[bytes]:
        """160 and 714."""
        dark = self.plant.stage is ChargeStage.OFF
        if NO_PORTS in self.quirks:
            return [] if dark else [build_model(160, self.trackers(view))]
        return [build_model(160, self.trackers(view)), build_model(714, self.ports(view))]

    def trackers(self, view: PackView) -> bytes:
        """Model 160. Two trackers, the second with twice the first's power."""
        dark = self.plant.stage is ChargeStage.OFF
        shares = (1.0,) if LENGTH_VARIES in self.quirks and dark else (1 / 3, 2 / 3)
        state = TRACKER_STATES.get(self.plant.stage, STATUS_THROTTLED)
        pv_w, pv_v = self.plant.pv_power_w * self.share, self.plant.pv_voltage_v
        modules = [
            build_module(number, f"MPPT {number}", pv_w * part, pv_v, state)
            for number, part in enumerate(shares, 1)
        ]
        if STORAGE_TRACKERS in self.quirks:
            battery_w = view.voltage_v * view.current_a
            modules += [
                build_module(3, "StCha 3", max(0.0, battery_w), view.voltage_v, STATUS_MPPT),
                build_module(4, "StDisCha 4", max(0.0, -battery_w), view.voltage_v, STATUS_MPPT),
            ]
        head = struct.pack(">4hIHH", -2, -1, -1, 0, 0, len(modules), NONE_U16)
        return head + b"".join(modules)

    def ports(self, view: PackView) -> bytes:
        """Model 714. One port of the sun, one of the battery (which counts here as it likes)."""
        pv_w, pv_v = self.plant.pv_power_w * self.share, self.plant.pv_voltage_v
        sun = build_port(PV_PORT, 1, pv_w, pv_v)
        ess = build_port(ESS_PORT, 2, view.voltage_v * view.current_a, view.voltage_v)
        head = struct.pack(">IHhhQQ5h", 0, 2, 0, 0, 0, 0, -2, -1, -1, 0, 0)
        return head + sun + ess

    def battery(self, view: PackView) -> bytes:
        """Model 802, 62 registers."""
        bare = NOT_IMPLEMENTED in self.quirks
        sign = -1 if DISCHARGE_POSITIVE in self.quirks else 1
        status = encode_flow_status(view.current_a)
        words = [0] * 62  # by offset from the model's number, less 2
        place_values(
            words, 2, [round(view.full_ah * 10), round(view.full_ah * view.voltage_v), 5000, 5000]
        )
        place_values(words, 6, [NONE_U16, 1000, 50, NONE_U16, NONE_U16])
        place_values(words, 11, [round(view.state_of_charge_pct * 10), NONE_U16, NONE_U16])
        place_values(words, 14, [0xFFFF, 0xFFFF] if bare else [0, 321])
        place_values(words, 16, [NONE_U16 if bare else status, 0, 77, NONE_U16, 0, LITHIUM])
        place_values(words, 22, [CONNECTED if view.discharge_on else DISCONNECTED, NONE_U16, 0, 0])
        place_values(words, 26, [0, 0 if view.charge_on else OVER_COLD, *[0] * 6])
        place_values(words, 34, [round(view.voltage_v * 100), NONE_U16, NONE_U16])
        cells = [max(view.cells_v), min(view.cells_v), sum(view.cells_v) / len(view.cells_v)]
        high, low, mean = [NONE_U16 if bare else round(cell_v * 1000) for cell_v in cells]
        place_values(words, 37, [high, 1, 1, low, 1, 1, mean])
        place_values(words, 44, [round(sign * view.current_a * 100) & 0xFFFF])
        place_values(
            words, 45, [NONE_U16] * 2 if bare else [700 * view.charge_on, 900 * view.discharge_on]
        )
        place_values(words, 47, [round(sign * view.current_a * view.voltage_v) & 0xFFFF])
        place_values(words, 48, [NONE_U16, NONE_S16, 1, 1])
        place_values(words, 52, [-1, 0, 0, NONE_S16, -1, NONE_S16, NONE_S16, -2, -3, -2, -1])
        place_values(words, 63, [NONE_S16 if bare else 0])
        return struct.pack(">62H", *(word & 0xFFFF for word in words))

    def bank(self, view: PackView) -> bytes:
        """Model 803: 26 registers, then 32 for each string."""
        count = STRINGS if MANY_STRINGS in self.quirks else 1
        warm, cold = round(view.temperature_c * 10) + 5, round(view.temperature_c * 10) - 5
        words = [NONE_U16] * 26
        place_values(words, 2, [count, count, warm, NONE_U16, NONE_U16, cold])
        place_values(words, 10, [NONE_S16])
        place_values(words, 16, [NONE_S16, NONE_U16, NONE_S16, NONE_U16, NONE_S16, NONE_U16])
        place_values(words, 22, [-3, -1, -2, NONE_S16, -1, -2])
        string = [NONE_U16] * 30 + [NONE_S16] * 2
        return struct.pack(f">{26 + 32 * count}H", *(w & 0xFFFF for w in words + string * count))

    def storage(self, view: PackView) -> bytes:
        """Model 713."""
        charge = round(view.state_of_charge_pct * 10)
        full_wh = round(view.full_ah * view.voltage_v)
        if NOT_IMPLEMENTED in self.quirks:
            return struct.pack(">5Hhh", *[NONE_U16] * 5, 0, -1)
        return struct.pack(
            ">5Hhh", full_wh, round(full_wh * charge / 1000), charge, NONE_U16, 0, 0, -1
        )

    def control(self, view: PackView) -> bytes:
        """Model 124."""
        bare = NOT_IMPLEMENTED in self.quirks
        status = encode_flow_status(view.current_a)
        measured = [round(view.state_of_charge_pct * 100), NONE_U16, round(view.voltage_v * 10)]
        measured = [NONE_U16] * 3 if bare else measured
        return struct.pack(
            ">10H2h4H8h", 5000, 100, 100, 0, NONE_U16, NONE_U16, *measured,
            NONE_U16 if bare else status, -0x8000, -0x8000, *[NONE_U16] * 3, 0,
            0, 0, -0x8000, -0x8000, -0x8000 if bare else -2, -0x8000, -1, -0x8000,
        )  # fmt: skip


def build_model(number: int, content: bytes) -> bytes:
    """One model of the chain."""
    return struct.pack(">HH", number, len(content) // 2) + content


def build_common() -> bytes:
    """Model 1: maker, model, options, version, serial number, Modbus address."""
    texts = ((b"Simulated", 32), (b"Hybrid 5", 32), (b"", 16), (b"1.0", 16), (b"S0001", 32))
    return b"".join(text.ljust(size, b"\0") for text, size in texts) + b"\x00\x01\x80\x00"


def build_module(number: int, label: str, power_w: float, voltage_v: float, state: int) -> bytes:
    """One tracker of model 160: 0.01 A, 0.1 V, 0.1 W."""
    current_a = power_w / voltage_v if voltage_v > 0 else 0.0
    return struct.pack(
        ">H16sHHHIIhHI",
        number, label.encode("ascii"), round(current_a * 100), round(voltage_v * 10),
        round(power_w * 10), 123456, NONE_U32, -0x8000, state, 0,
    )  # fmt: skip


def build_port(kind: int, number: int, power_w: float, voltage_v: float) -> bytes:
    """One port of model 714: 0.01 A, 0.1 V, 0.1 W."""
    current_a = power_w / voltage_v if voltage_v > 0 else 0.0
    return struct.pack(
        ">HH16shHhQQhHI",
        kind, number, b"", round(current_a * 100), round(voltage_v * 10), round(power_w * 10),
        0, 0, -0x8000, 1 if power_w else 0, 0,
    )  # fmt: skip


def place_values(words: list[int], offset: int, values: list[int]) -> None:
    """Place values by their offset from the model's number."""
    words[offset - 2 : offset - 2 + len(values)] = values


def encode_flow_status(current_a: float) -> int:
    """ChaSt."""
    if abs(current_a) < 0.01:
        return HOLDING
    return CHARGING if current_a > 0 else DISCHARGING
