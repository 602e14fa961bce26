"""A simulated EPEver Tracer: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register table (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a Tracer would refuse.

Behaviour from "LS-B series protocol v1.1" and captures: function 04 for 3xxx, 03 for 9xxx, the
wrong one of them gives exception 02, as does any address or block it does not have; low word first.
"""

from collections.abc import Collection, Mapping

from appliance.model import ChargeStage
from power.devices.epever import HOLDINGS, INPUTS
from power.register import Register, encode, words_of
from power.simulated import pdu as codec
from power.simulated.plant import Plant
from power.simulated.quirks import Quirk

IDENTITY = ("EPsolar Tech co., Ltd", "Tracer-simulated", "V02.05+V07.12")
NIGHT_BIT, MANUAL_LOAD_COIL = 0x200C, 0x0002
# Address ranges that answer, first and last; words without a row in the table read 0.
RANGES = (
    (0x3000, 0x3008), (0x300E, 0x300E), (0x3100, 0x3112), (0x311A, 0x311B), (0x311D, 0x311D),
    (0x3200, 0x3202), (0x3300, 0x3315), (0x331A, 0x331E),
    (0x9000, 0x900E), (0x9013, 0x9018), (0x903D, 0x903D), (0x9067, 0x9067),
    (0x906A, 0x906C), (0x9070, 0x9070),
)  # fmt: skip
# The same for a Tracer 3210A, as its owner measured it.
SMALL_RANGES = (
    (0x3100, 0x3111), (0x311A, 0x311A), (0x311B, 0x311B), (0x311D, 0x311D),
    (0x3200, 0x3202), (0x3300, 0x3313), (0x331A, 0x331A), *RANGES[8:],
)  # fmt: skip
STAGE_BITS = {ChargeStage.FLOAT: 1, ChargeStage.BULK: 2, ChargeStage.ABSORPTION: 2}
NO_INPUT_POWER, RUNNING = 0x4000, 0x0001
LOW_TEMPERATURE = 0x0020  # 3200 D7-4 = 2
USER_BATTERY, MPPT = 0, 2


class SimulatedEpever:
    """The device core, without a wire; `plant` must be advanced by whoever asks it."""

    def __init__(
        self, plant: Plant, quirks: Collection[Quirk] = (), device_id: int | None = None
    ) -> None:
        self.plant = plant
        self.device_id = device_id or plant.settings.charger.device_id
        self._quirks = frozenset(quirks)
        self._ranges = SMALL_RANGES if Quirk.SMALL_BLOCKS in self._quirks else RANGES
        self._rows = words_by_address()
        self._high_words: dict[int, int] = {}

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply PDU; None where a real device would be silent."""
        if Quirk.SILENCE in self._quirks or not self.plant.controller_powered or not pdu:
            return None
        if pdu[:2] == bytes([codec.IDENTIFY, codec.IDENTIFY_KIND]):
            return codec.identity_reply(IDENTITY)
        request = codec.read_request(pdu)
        if request is None:
            return codec.exception_reply(pdu[0], codec.ILLEGAL_FUNCTION)
        if request.function in (codec.READ_HOLDING, codec.READ_INPUT):
            return self._answer_words(request)
        return self._answer_bits(request)

    def _answer_words(self, request: codec.ReadRequest) -> bytes:
        right = codec.READ_HOLDING if request.address >= 0x9000 else codec.READ_INPUT
        last = request.address + request.count - 1
        within = any(low <= request.address and last <= high for low, high in self._ranges)
        if request.function != right or request.count < 1 or not within:
            return codec.exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        values = self._values()
        words = [self._word(address, values) for address in range(request.address, last + 1)]
        return codec.words_reply(request.function, words)

    def _answer_bits(self, request: codec.ReadRequest) -> bytes:
        known = {
            (codec.READ_BITS, 0x2000): False,
            (codec.READ_BITS, NIGHT_BIT): self.plant.stage is ChargeStage.OFF,
            (codec.READ_COILS, MANUAL_LOAD_COIL): True,
        }
        place = (request.function, request.address)
        if request.count != 1 or place not in known:
            return codec.exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        return codec.bits_reply(request.function, [known[place]])

    def _word(self, address: int, values: Mapping[str, float]) -> int:
        if address not in self._rows:
            return 0
        row, place = self._rows[address]
        word = encode(row, values[row.name])[place]
        if Quirk.TORN32 in self._quirks and place == 1:
            older = self._high_words.get(address, word)
            self._high_words[address] = word
            return older
        return word

    def _values(self) -> dict[str, float]:
        values = {
            **rated(self.plant),
            **live(self.plant),
            **statistics(self.plant),
            **settings(self.plant),
        }
        if Quirk.ABSENT_PROBE in self._quirks:
            values["battery_temperature"] = values["battery_temperature_again"] = 25.0
            values["remote_temperature"] = 0.0
        if Quirk.SOC606 in self._quirks:
            values["state_of_charge"] = 606
        return values


def words_by_address() -> dict[int, tuple[Register, int]]:
    """For each word's address its row and its place in that row."""
    return {
        row.address + place: (row, place)
        for row in INPUTS + HOLDINGS
        for place in range(len(words_of(row.kind, 0)))
    }


def rated(plant: Plant) -> dict[str, float]:
    """0x3000 on: what is on the type plate."""
    nominal_v = 12.0 * round(plant.settings.battery.nominal_voltage_v / 12)
    return {
        "rated_pv_voltage": 100,
        "rated_pv_current": plant.rated_a,
        "rated_pv_power": plant.rated_a * nominal_v,
        "rated_battery_voltage": nominal_v,
        "rated_charge_current": plant.rated_a,
        "rated_charge_power": plant.rated_a * nominal_v,
        "charge_mode": MPPT,
        "rated_load_current": plant.rated_a,
        "system_voltage": nominal_v,
    }


def live(plant: Plant) -> dict[str, float]:
    """0x3100, 0x3200 and 0x331A on: what is measured now."""
    battery_v, temperature_c = plant.battery_voltage_v, plant.battery_temperature_c
    warm_c = temperature_c + plant.charge_power_w / 50
    return {
        "pv_voltage": plant.pv_voltage_v,
        "pv_current": share(plant.pv_power_w, plant.pv_voltage_v),
        "pv_power": plant.pv_power_w,
        "battery_voltage": battery_v,
        "charge_current": share(plant.charge_power_w, battery_v),
        "charge_power": plant.charge_power_w,
        "load_voltage": battery_v,
        "load_current": share(plant.load_power_w, battery_v),
        "load_power": plant.load_power_w,
        "battery_temperature": temperature_c,
        "controller_temperature": warm_c,
        "component_temperature": warm_c,
        "state_of_charge": guessed_charge_pct(battery_v / plant.pack.cells),
        "remote_temperature": temperature_c,
        "battery_status": LOW_TEMPERATURE if plant.charge_blocked else 0,
        "charger_status": charger_status(plant.stage),
        "discharge_status": 1 if plant.load_power_w > 0 else 0,
        "battery_voltage_again": battery_v,
        "net_battery_current": plant.battery_current_a,
        "battery_temperature_again": temperature_c,
        "ambient_temperature": temperature_c,
    }


def statistics(plant: Plant) -> dict[str, float]:
    """0x3300 on: extremes and energy counters."""
    counters = plant.counters
    battery_v = counters.battery_v or [plant.battery_voltage_v] * 2
    pv_v = counters.pv_v or [plant.pv_voltage_v] * 2
    values = {
        "lowest_battery_voltage_today": battery_v[0],
        "highest_battery_voltage_today": battery_v[1],
        "lowest_pv_voltage_today": pv_v[0],
        "highest_pv_voltage_today": pv_v[1],
    }
    for period, energy_wh in counters.generated_wh.items():
        values[f"generated_{period}"] = energy_wh / 1000
    for period, energy_wh in counters.consumed_wh.items():
        values[f"consumed_{period}"] = energy_wh / 1000
    return values


def settings(plant: Plant) -> dict[str, float]:
    """0x9000 on: an LFP battery in user mode, equalising off (set to the boost voltage)."""
    boost_v = plant.stage_voltage_v(ChargeStage.ABSORPTION)
    cells, now = plant.pack.cells, plant.local
    return {
        "battery_type": USER_BATTERY,
        "battery_capacity": plant.pack.capacity_ah,
        "temperature_compensation": 0,
        "over_voltage_disconnect": 3.7 * cells,
        "charge_limit_voltage": boost_v,
        "over_voltage_reconnect": boost_v,
        "equalize_voltage": boost_v,
        "boost_voltage": boost_v,
        "float_voltage": plant.stage_voltage_v(ChargeStage.FLOAT),
        "boost_reconnect_voltage": 3.3 * cells,
        "low_voltage_reconnect": 3.1 * cells,
        "under_voltage_recover": 3.05 * cells,
        "under_voltage_warning": 3.0 * cells,
        "low_voltage_disconnect": plant.pack.cut_off_v,
        "discharge_limit_voltage": plant.pack.cut_off_v - 0.2,
        "clock_minute_second": now.minute << 8 | now.second,
        "clock_day_hour": now.day << 8 | now.hour,
        "clock_year_month": now.year % 100 << 8 | now.month,
        "battery_upper_temperature": 60,
        "battery_lower_temperature": 0,
        "load_mode": 0,
        "rated_voltage_code": 0,
        "load_on": 1,
        "equalize_duration": 0,
        "boost_duration": 120,
        "management_mode": 0,
    }


def charger_status(stage: ChargeStage) -> int:
    """3201: input, stage and running bits."""
    if stage is ChargeStage.OFF:
        return NO_INPUT_POWER
    return STAGE_BITS[stage] << 2 | RUNNING


def guessed_charge_pct(cell_v: float) -> float:
    """The controller's own guess, from voltage alone: wrong in the way that real ones are."""
    return min(100.0, max(0.0, (cell_v - 3.0) / 0.4 * 100))


def share(power_w: float, voltage_v: float) -> float:
    """The current of a power at a voltage; 0 without voltage."""
    return power_w / voltage_v if voltage_v > 0 else 0.0
