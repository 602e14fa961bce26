"""The TriStar MPPT driver: captured replies, its scaling, its quirks, and what its values mean."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.model import ChargeStage, PowerReading, Quality, Stamp
from power.devices import tristar
from power.devices.tristar import RAM, TristarMppt
from power.protocol.bus import ModbusBus
from power.protocol.links import ModbusLink
from power.protocol.profile import Sample
from power.protocol.register import HOLDING, INPUT, Decoded, Register, decode, encode
from power.reading.meter import Meter
from power.reading.set_points import IN_READINGS
from provisioning.simulated.devices.tristar import SimulatedTristar
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.loopback import LoopbackBus
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import NOON, make_sunny_noon

TABLE = index_by_name(TristarMppt.registers)
PROFILE = TristarMppt()
STEERING = range(0x0058, 0x005C)

# --- captured and documented values ---------------------------------------------------------------

# Replies of a TS-MPPT-60 at night to its HTTP form of Modbus ("1,4,2,17,160": id, function, size
# and content of the RTU frame): dodo5522/tsmppt60_driver, test/test_base_management.py.
CAPTURED = {
    0x0000: "1,4,4,0,180,0,0",
    0x0002: "1,4,4,0,80,0,0",
    0x0018: "1,4,2,17,160",
    0x001B: "1,4,2,0,84",
    0x001C: "1,4,2,255,168",
    0x001D: "1,4,2,0,0",
    0x0023: "1,4,2,0,7",
    0x0025: "1,4,2,0,25",
    0x0033: "1,4,2,0,0",
    0x0034: "1,4,4,0,2,231,134",
    0x0038: "1,4,2,1,4",
    0x003A: "1,4,2,0,0",
}


def parse_content(text: str) -> bytes:
    """What stands in the frame behind id, function and size."""
    whole = bytes(int(part) for part in text.split(","))
    assert whole[:3] == bytes([1, INPUT, len(whole) - 3])
    return whole[3:]


def read_captured_night() -> bytes:
    """The captured replies put together to the one reply that the driver asks for; state NIGHT."""
    block = bytearray(120)
    for address, text in CAPTURED.items():
        data = parse_content(text)
        block[2 * address : 2 * address + len(data)] = data
    block[2 * 0x32 : 2 * 0x33] = b"\x00\x03"
    block[2 * 0x24 : 2 * 0x25] = b"\x00\x80"
    return bytes(block)


def captured_night() -> PowerReading:
    ask = build_rtu_frame(1, codec.build_read(INPUT, 0x0000, 60))
    counters = build_rtu_frame(1, codec.build_read(INPUT, 0x0043, 2))
    reply = build_rtu_frame(1, bytes([INPUT, 120]) + read_captured_night())
    none_yet = build_rtu_frame(1, bytes([INPUT, 4, 0, 0, 0, 0]))
    with replay((ask, [reply[:40], reply[40:]]), (counters, [none_yet])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), PROFILE.serial, timeout_s=0.5, gap_s=PROFILE.gap_s)
        reading = Meter(PROFILE, ModbusLink(PROFILE, bus, 1), FakeClock()).read()
        bus.close()
    assert isinstance(reading, PowerReading)
    return reading


def test_a_captured_night_of_a_tsmppt60() -> None:
    reading = captured_night()
    assert reading.battery_voltage_v == pytest.approx(24.78515625, abs=1e-9)
    assert reading.battery_current_a == pytest.approx(-0.21484375, abs=1e-9)
    assert reading.pv_voltage_v == pytest.approx(0.4614, abs=1e-4)
    assert reading.yield_today_wh == 0
    assert reading.charge_stage is ChargeStage.OFF
    assert reading.pv_power_w == 0
    assert reading.quality == {
        "battery_temperature_c": Quality.ABSENT,
        "load_power_w": Quality.ABSENT,
    }


def test_values_that_a_tristar_gave_by_day() -> None:
    """bicnz/tristar-to-telegraf, README.md; each is a whole number of 180 V / 2^15 or the like."""
    block = bytearray(read_captured_night())
    by_day = {0x18: 4887, 0x1B: 13504, 0x1C: 1466, 0x1D: 578, 0x32: 5, 0x3A: 874, 0x3B: 954}
    for address, raw in by_day.items():
        block[2 * address : 2 * address + 2] = raw.to_bytes(2, "big")
    sample = Sample(PROFILE.decode(PROFILE.live[0], bytes(block)))
    reading = PROFILE.make_reading(Stamp(NOON, "0", 0.0), sample)
    assert reading.battery_voltage_v == 26.8450927734375
    assert reading.battery_current_a == 3.5791015625
    assert reading.pv_voltage_v == 74.1796875
    assert reading.pv_power_w == 104.8095703125  # V x I gives 104.68, the battery gets 96.02
    assert reading.charge_stage is ChargeStage.BULK


def test_captured_counters_and_temperatures_of_a_tsmppt60() -> None:
    decoded = PROFILE.decode(PROFILE.live[0], read_captured_night())
    assert decoded["charge_resettable"].value == 19034.2
    assert decoded["energy_resettable"].value == 260
    assert decoded["heatsink_temperature"].value == 7
    assert decoded["regulation_temperature"].value == 25
    assert decoded["target_voltage"].value == 0


def test_the_request_for_the_scaling_is_the_documented_one() -> None:
    ask = bytes.fromhex("01 04 00 00 00 02 71 CB")
    reply = build_rtu_frame(1, bytes.fromhex("04 04 00 4E 03 A6"))
    with replay((ask, [reply])) as peer:
        words = ModbusBus(peer.port, FakeClock(), PROFILE.serial, timeout_s=0.5).read(
            INPUT, 0, 2, 1
        )
    assert words == (0x004E, 0x03A6)


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("voltage_scale", "00 4E 03 A6", 78 + 934 / 65536),  # v10 page 8: 78.01425
        ("voltage_scale", "00 7B E0 41", 123.876),  # v10 page 25
        ("voltage_scale", "00 B4 00 00", 180.0),
        ("voltage_scale", "00 B4 80 00", 180.5),
        ("current_scale", "00 50 40 00", 80.25),
        ("charge_current", "FF A8", -88 / 2**15),
        ("charge_current", "80 00", None),  # full scale is cut off
        ("array_voltage", "7F FF", None),
        ("remote_temperature", "FF F4", -12.0),
        ("heatsink_temperature", "FF D8", -40.0),
        ("charge_state", "00 0A", None),
        ("voltage_scale", "00 00 00 00", None),
        ("voltage_scale", "02 58 00 00", None),  # 600 V: another controller
        ("supply_12v", "52 85", 0x5285 * 18.612 / 2**15),
    ],
)
def test_a_register_decodes_as_documented(name: str, words: str, value: float | None) -> None:
    decoded = decode(TABLE[name], bytes.fromhex(words))
    assert decoded.value == (value if value is None else pytest.approx(value, abs=1e-3))


def test_the_documented_example_gives_13_volts() -> None:
    reading = make_reading(voltage_scale=123.876, current_scale=80, battery_voltage=0x0DB0 / 2**15)
    assert reading.battery_voltage_v == pytest.approx(13.25, abs=0.02)  # v10 page 25


@pytest.mark.parametrize("raw", ["00 80", "FF 80"])
def test_a_remote_sensor_that_is_not_there_is_absent_and_no_temperature(raw: str) -> None:
    decoded = decode(TABLE["remote_temperature"], bytes.fromhex(raw))
    assert decoded == Decoded(None, Quality.ABSENT)


# --- what the driver may touch --------------------------------------------------------------------


def list_addresses(row: Register) -> range:
    return range(row.address, row.address + max(1, row.kind.size // 2))


def test_no_register_and_no_request_covers_the_steering_of_the_charger() -> None:
    for row in PROFILE.registers:
        assert not set(list_addresses(row)) & set(STEERING), row.name
    for block in (*PROFILE.live, *PROFILE.slow, *PROFILE.settings, PROFILE.signature):
        asked = range(block.address, block.address + block.count)
        assert not set(asked) & set(STEERING), block
        assert block.function in (INPUT, HOLDING)


def test_scaling_and_values_come_in_the_same_reply() -> None:
    brought = set(PROFILE.names(PROFILE.live[0]))
    pu = {row.name for row in RAM if row.unit.startswith("pu")}
    assert pu <= brought
    assert {"voltage_scale", "current_scale"} <= brought


# --- what the values mean -------------------------------------------------------------------------


def make_reading(**values: float) -> PowerReading:
    sample = Sample({name: Decoded(number, Quality.OK) for name, number in values.items()})
    return PROFILE.make_reading(Stamp(NOON, "0", 0.0), sample)


FULL = {"voltage_scale": 180.0, "current_scale": 80.0}


def test_without_the_scaling_every_scaled_value_is_unknown() -> None:
    bare = {"battery_voltage": 0.075, "array_voltage": 0.2, "charge_current": 0.1}
    powers = {"input_power": 0.01, "array_current": 0.1}
    reading = make_reading(**bare, **powers, charge_state=5, remote_temperature=20)
    for name in ("battery_voltage_v", "pv_voltage_v", "battery_current_a", "pv_power_w"):
        assert getattr(reading, name) is None
        assert reading.quality[name] is Quality.ABSENT
    assert reading.charge_stage is ChargeStage.BULK
    assert reading.battery_temperature_c == 20


def test_a_power_needs_both_scalings() -> None:
    half = make_reading(voltage_scale=180, input_power=0.01, battery_voltage=0.075)
    assert half.pv_power_w is None
    assert half.battery_voltage_v == pytest.approx(13.5)


@pytest.mark.parametrize(
    ("name", "fraction", "field"),
    [
        ("battery_voltage", 0.45, "battery_voltage_v"),  # 81 V
        ("battery_voltage", 0.02, "battery_voltage_v"),  # 3.6 V
        ("array_voltage", 0.95, "pv_voltage_v"),  # 171 V
        ("charge_current", 0.99, "battery_current_a"),  # 79 A
        ("charge_current", -0.2, "battery_current_a"),  # -16 A
    ],
)
def test_the_range_is_checked_after_scaling(name: str, fraction: float, field: str) -> None:
    reading = make_reading(**FULL, **{name: fraction})
    assert getattr(reading, field) is None
    assert reading.quality[field] is Quality.IMPLAUSIBLE


def test_a_pv_power_that_is_not_volts_times_amperes_is_rejected() -> None:
    panels = {"array_voltage": 36 / 180, "array_current": 10 / 80}
    good = make_reading(**FULL, **panels, input_power=360 / (180 * 80))
    assert good.pv_power_w == pytest.approx(360)
    torn = make_reading(**FULL, **panels, input_power=720 / (180 * 80))
    assert torn.pv_power_w is None
    assert torn.quality["pv_power_w"] is Quality.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (0, ChargeStage.OFF),
        (1, ChargeStage.OFF),
        (2, ChargeStage.OFF),
        (3, ChargeStage.OFF),
        (4, ChargeStage.FAULT),
        (5, ChargeStage.BULK),
        (6, ChargeStage.ABSORPTION),
        (7, ChargeStage.FLOAT),
        (8, ChargeStage.EQUALIZE),
        (9, None),
    ],
)
def test_each_charge_state_has_its_stage(state: int, stage: ChargeStage | None) -> None:
    reading = make_reading(charge_state=state)
    assert reading.charge_stage is stage
    assert ("charge_stage" in reading.quality) == (stage is None)


def test_it_has_no_load_output() -> None:
    assert not PROFILE.has_load_output
    assert make_reading(**FULL, charge_current=0.1).quality["load_power_w"] is Quality.ABSENT


@pytest.mark.parametrize(
    ("counted", "charge_ah", "yield_wh"),
    [
        (540, 40.0, 540),  # in Wh, as v10 says
        (54, 40.0, 540),  # in 10 Wh
        (0, 0.0, 0),
        (5400, 40.0, None),
        (5, 40.0, None),
        (65535, 0.0, None),
    ],
)
def test_the_days_energy_is_accepted_where_it_agrees_with_the_days_charge(
    counted: float, charge_ah: float, yield_wh: float | None
) -> None:
    battery = {**FULL, "battery_voltage": 13.5 / 180}
    reading = make_reading(**battery, energy_today=counted, charge_today=charge_ah)
    assert reading.yield_today_wh == yield_wh
    assert (reading.quality.get("yield_today_wh") is Quality.IMPLAUSIBLE) == (yield_wh is None)


def test_the_days_energy_alone_is_unknown() -> None:
    assert make_reading(energy_today=540).quality["yield_today_wh"] is Quality.ABSENT


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading = make_reading()
    elsewhere = {*IN_READINGS, "cell_uvp_v", "lowest_cell_voltage_v"}
    for name in set(PowerReading.__dataclass_fields__) - elsewhere:
        if name.endswith(("_w", "_v", "_a", "_c", "_wh")):
            assert getattr(reading, name) is None
            assert name in reading.quality


# --- the probe ------------------------------------------------------------------------------------


def test_a_tristar_is_recognised_by_its_scaling_and_its_own_supplies() -> None:
    live = PROFILE.signature
    bus = LoopbackBus(SimulatedTristar(make_sunny_noon()))
    found = PROFILE.recognise(ModbusLink(PROFILE, bus, 1).read_raw(live))
    assert found is not None
    assert found.certain
    assert found.text.startswith("a TriStar MPPT, version 12, scaled by 180.00 V and 80.00 A")
    captured = PROFILE.recognise(read_captured_night())
    assert captured is not None
    assert not captured.certain  # its supplies were not captured
    assert "24.8 V" in captured.text


@pytest.mark.parametrize("reply", [bytes(120), b"\xff" * 120, bytes(range(120)), b""])
def test_another_device_is_not_taken_for_a_tristar(reply: bytes) -> None:
    assert PROFILE.recognise(reply) is None


# --- whatever comes -------------------------------------------------------------------------------


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.binary(min_size=120, max_size=120), st.binary(min_size=4, max_size=4))
def test_no_bytes_make_a_value_out_of_range(live: bytes, counters: bytes) -> None:
    values = PROFILE.decode(PROFILE.live[0], live) | PROFILE.decode(PROFILE.slow[0], counters)
    for name, decoded in values.items():
        row = TABLE[name]
        assert decoded.value is None or row.low <= decoded.value <= row.high
    reading = PROFILE.make_reading(Stamp(NOON, "0", 0.0), Sample(values))
    limits = {
        "battery_voltage_v": tristar.BATTERY_V,
        "pv_voltage_v": tristar.ARRAY_V,
        "battery_current_a": tristar.CHARGE_A,
        "pv_power_w": tristar.POWER_W,
    }
    for name, (low, high) in limits.items():
        number = getattr(reading, name)
        assert number is None or low <= number <= high
    PROFILE.recognise(live)


@given(st.integers(0, 0xFFFF))
def test_rows_come_back_from_their_own_bytes(word: int) -> None:
    for row in RAM:
        data = word.to_bytes(2, "big") * (row.kind.size // 2)
        decoded = decode(row, data)
        if decoded.value is not None:
            assert encode(row, decoded.value) == data
