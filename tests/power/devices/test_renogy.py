"""The Renogy Rover driver: the maker's example frames, a capture, its quirks, what values mean."""

import struct
import tokenize
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import ChargeStage, PowerReading, Quality, Stamp
from power.devices.renogy import HOLDINGS, MODEL, RenogyRover, RenogyRoverNoLoad, decode_name
from power.protocol.bus import ModbusBus
from power.protocol.bus.rtu_filter import compute_crc
from power.protocol.errors import ExceptionAnswer, WrongFrame
from power.protocol.profile import Block, ChargerProfile, Sample
from power.protocol.register import HOLDING, Decoded
from power.reading.set_points import IN_READINGS
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
ROVER, NO_LOAD = RenogyRover(), RenogyRoverNoLoad()
TABLE = index_by_name(HOLDINGS)
FIELDS = set(PowerReading.__dataclass_fields__) - {"stamp", "device", "quality", "ages_s"}
FIELDS -= {"lowest_cell_voltage_v", "charge_allowed", "discharge_share", "cell_uvp_v", *IN_READINGS}


def encode_words(request: str, reply: str, address: int, count: int, device_id: int = 1) -> bytes:
    """What the bus makes of an exchange, on a real pseudo-terminal."""
    with replay((bytes.fromhex(request), [bytes.fromhex(reply)])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), ROVER.serial, timeout_s=0.5)
        words = bus.read(HOLDING, address, count, device_id)
        bus.close()
    return struct.pack(f">{len(words)}H", *words)


def decode_values(
    request: str, reply: str, address: int, count: int = 1
) -> dict[str, float | None]:
    data = encode_words(request, reply, address, count)
    decoded = ROVER.decode(Block(HOLDING, address, count), data)
    return {name: one.value for name, one in decoded.items()}


# --- frames of the maker's document, and a capture ------------------------------------------------


def test_the_example_frames_of_the_document_give_its_values() -> None:
    rated = decode_values("01 03 000A 0001 A408", "01 03 02 181E 324C", 0x000A)
    assert rated == {"highest_system_voltage": 24, "rated_charge_current": 30}
    battery = decode_values("01 03 0101 0001 D436", "01 03 02 007B F867", 0x0101)
    assert battery == {"battery_voltage": 12.3}
    load = decode_values("01 03 0104 0003 45F6", "01 03 06 0078 00C8 00F0 00C5", 0x0104, 3)
    assert load == {"load_voltage": 12.0, "load_current": 2.0, "load_power": 240}
    totals = decode_values("01 03 0118 0004 C5F2", "01 03 08 0001 0203 0000 0108 C0A3", 0x0118, 4)
    assert totals == {"charged_total": 0x10203, "discharged_total": 264}  # high word first


def test_the_example_of_a_day_gives_its_values() -> None:
    day = decode_values(
        "01 03 010B 000A B5F3",
        "01 03 14 0070 0084 00D8 0000 000A 0000 0608 0810 0070 0084 EBDE",
        0x010B,
        10,
    )
    assert day["lowest_battery_voltage_today"] == 11.2
    assert day["highest_battery_voltage_today"] == 13.2
    assert day["highest_charge_current_today"] == 2.16
    assert (day["charged_today"], day["discharged_today"]) == (1544, 2064)
    assert (day["generated_today"], day["consumed_today"]) == (112, 132)


def test_the_examples_of_state_and_faults_give_their_bits() -> None:
    state = decode_values("01 03 0120 0001 843C", "01 03 02 E402 7285", 0x0120)
    assert state == {"load_status": 0x80 + 100, "charge_state": 2}
    faults = decode_values("01 03 0121 0002 95FD", "01 03 04 0101 0000 AA0F", 0x0121, 2)
    assert faults == {"faults": 0x0101}  # b24 PV shorted, b16 over-discharge
    assert make_reading(charge_state=2, faults=0x0101).charge_stage is ChargeStage.FAULT


def test_the_examples_load_power_is_rejected_beside_its_volts_and_amperes() -> None:
    assert make_reading(load_voltage=12, load_current=2, load_power=240).load_power_w is None
    assert make_reading(load_voltage=12, load_current=2, load_power=24).load_power_w == 24


def test_the_example_of_a_model_is_read_and_recognised() -> None:
    data = encode_words(
        "01 03 000C 0008 840F",
        "01 03 10 2020 2020 4D54 3438 3330 2020 2020 2020 EE98",
        MODEL.address,
        MODEL.count,
    )
    assert decode_name(data) == "MT4830"
    identification = ROVER.recognise(data)
    assert identification is not None
    assert not identification.certain  # SRNE's own name for it


def test_a_frame_captured_at_id_255_is_read() -> None:
    data = encode_words(
        "FF 03 0100 0007 102A",
        "FF 03 0E 0064 0085 0000 1010 007A 0000 0000 3168",
        0x0100,
        7,
        device_id=0xFF,
    )
    values = ROVER.decode(Block(HOLDING, 0x0100, 7), data)
    assert values["state_of_charge"].value == 100
    assert values["battery_voltage"].value == 13.3
    assert values["battery_temperature"].value == values["controller_temperature"].value == 16


def test_the_refusal_of_the_document_is_exception_2() -> None:
    with pytest.raises(ExceptionAnswer) as caught:
        encode_words("01 03 000A 0001 A408", "01 83 02 C0 F1", 0x000A, 1)
    assert caught.value.exception == 2


def build_frame(body: str) -> str:
    """A frame with a right CRC around what is wrong in it."""
    whole = bytes.fromhex(body)
    return (whole + compute_crc(whole)).hex()


@pytest.mark.parametrize(
    ("address", "count", "reply"),
    [
        (0x0018, 2, "01 03 04 1501 FFFF 0000"),  # the CRC is wrong, as at 0018 and 011C
        (0x0111, 2, build_frame("01 03 03 0608 08")),  # an odd number of bytes, as at 0111
        (0x0100, 2, build_frame("01 03 02 0064")),  # one word where two were asked, as at 0100
        (0x0100, 1, build_frame("02 03 02 0064")),  # another device's
    ],
)
def test_frames_that_are_broken_as_in_the_document_are_damage(
    address: int, count: int, reply: str
) -> None:
    with pytest.raises(WrongFrame):
        encode_words(build_frame(f"01 03 {address:04X} {count:04X}"), reply, address, count)


# --- what the values mean ------------------------------------------------------------------------


def make_reading(**values: float) -> PowerReading:
    return decode_meaning(ROVER, values)


def decode_meaning(profile: ChargerProfile, values: dict[str, float]) -> PowerReading:
    sample = Sample({name: Decoded(number, Quality.OK) for name, number in values.items()})
    return profile.make_reading(Stamp(NOON, "0", 0.0), sample)


@pytest.mark.parametrize(
    ("byte", "temperature_c"),
    [(0x00, 0), (0x10, 16), (0x81, -1), (0x85, -5), (0xA8, -40), (0x80, 0), (0xFF, None)],
)
def test_temperatures_are_sign_and_magnitude(byte: int, temperature_c: float | None) -> None:
    values = ROVER.decode(Block(HOLDING, 0x0103, 1), bytes([0x05, byte]))
    assert values["battery_temperature"].value == temperature_c
    assert values["controller_temperature"].value == 5
    swapped = ROVER.decode(Block(HOLDING, 0x0103, 1), bytes([byte, 0x05]))
    assert swapped["controller_temperature"].value == temperature_c


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (0, ChargeStage.OFF),
        (1, ChargeStage.BULK),
        (2, ChargeStage.BULK),
        (3, ChargeStage.EQUALIZE),
        (4, ChargeStage.ABSORPTION),
        (5, ChargeStage.FLOAT),
        (6, ChargeStage.BULK),
    ],
)
def test_each_charge_stage_is_read_from_0120(state: int, stage: ChargeStage) -> None:
    assert make_reading(charge_state=state, faults=0).charge_stage is stage
    assert make_reading(charge_state=state).charge_stage is stage  # 0121 was not answered


def test_a_state_that_the_document_does_not_know_is_implausible() -> None:
    values = ROVER.decode(Block(HOLDING, 0x0120, 1), bytes([0x80, 8]))
    reading = ROVER.make_reading(Stamp(NOON, "0", 0.0), Sample(values))
    assert reading.charge_stage is None
    assert reading.quality["charge_stage"] is Quality.IMPLAUSIBLE


@pytest.mark.parametrize("bit", range(16, 31))
def test_only_faults_of_charging_are_the_stage_fault(bit: int) -> None:
    reading = make_reading(charge_state=2, faults=1 << (bit - 16))
    faulty = reading.charge_stage is ChargeStage.FAULT
    assert faulty is (bit in (21, 24, 25, 26, 27, 28, 29, 30))


def test_the_battery_current_is_charge_minus_load() -> None:
    both = {"charge_current": 2.0, "load_current": 5.5, "load_voltage": 13.0}
    assert make_reading(**both).battery_current_a == -3.5
    assert decode_meaning(NO_LOAD, both).battery_current_a == -3.5


def test_a_load_output_without_voltage_is_absent_and_not_0() -> None:
    dead = {"charge_current": 2.0, "load_current": 0.0, "load_voltage": 0.0, "load_power": 0.0}
    reading = make_reading(**dead)
    for name in ("battery_current_a", "load_power_w"):
        assert getattr(reading, name) is None
        assert reading.quality[name] is Quality.ABSENT
    without = decode_meaning(NO_LOAD, dead)
    assert without.battery_current_a == 2.0
    assert without.load_power_w is None
    assert (ROVER.has_load_output, NO_LOAD.has_load_output) == (True, False)


def test_a_load_voltage_that_was_rejected_does_not_count_as_none() -> None:
    sample = Sample(
        {
            "charge_current": Decoded(2.0, Quality.OK),
            "load_voltage": Decoded(None, Quality.IMPLAUSIBLE),
            "load_current": Decoded(3.0, Quality.OK),
        }
    )
    for profile in (ROVER, NO_LOAD):
        reading = profile.make_reading(Stamp(NOON, "0", 0.0), sample)
        assert reading.quality["load_power_w"] is Quality.IMPLAUSIBLE
        assert reading.quality["battery_current_a"] is Quality.IMPLAUSIBLE


def test_the_panels_power_must_agree_with_the_panel_or_with_the_battery() -> None:
    panel = {"pv_voltage": 36.0, "pv_current": 2.8, "battery_voltage": 13.0}
    assert make_reading(**panel, pv_power=100, charge_current=7.5).pv_power_w == 100
    tripled = {**panel, "pv_current": 8.4}
    assert make_reading(**tripled, pv_power=100, charge_current=7.5).pv_power_w == 100
    torn = make_reading(**panel, pv_power=1000, charge_current=7.5)
    assert torn.quality["pv_power_w"] is Quality.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("ah", "wh", "battery_v"), [(59, 797, 14.4), (18, 254, 13.6), (0, 0, 13.1), (0, 13, 13.1)]
)
def test_the_yields_of_real_units_are_watt_hours(ah: float, wh: float, battery_v: float) -> None:
    reading = make_reading(charged_today=ah, generated_today=wh, battery_voltage=battery_v)
    assert reading.yield_today_wh == wh


def test_a_yield_in_another_unit_is_rejected() -> None:
    for wh in (7970, 79.7, 0.797):
        reading = make_reading(charged_today=59, generated_today=wh, battery_voltage=13.4)
        assert reading.quality["yield_today_wh"] is Quality.IMPLAUSIBLE


def test_25_degrees_is_a_probe_that_is_not_there() -> None:
    reading = make_reading(battery_temperature=25)
    assert reading.quality["battery_temperature_c"] is Quality.ABSENT
    assert make_reading(battery_temperature=24).battery_temperature_c == 24


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading = make_reading()
    assert all(getattr(reading, name) is None for name in FIELDS)
    assert set(reading.quality) == FIELDS


@pytest.mark.parametrize(
    ("name", "known", "certain"),
    [
        (b"  RNG-CTRL-RVR40", True, True),
        (b"RNG-CTRL-WND10\0\0", True, True),
        (b"    ML4860N15   ", True, False),
        (b"    RBC50D1S-G1 ", False, False),  # a DC-DC charger: its 0104 is the alternator
        (b"RBT100LFP12SH-G1", False, False),
        (b"RIV4835CSH1S    ", False, False),
        (bytes(16), False, False),
        (b" " * 16, False, False),
        (bytes(range(16)), False, False),
        (b"\xff" * 16, False, False),
    ],
)
def test_the_name_distinguishes_a_rover_from_its_relatives(
    name: bytes, known: bool, certain: bool
) -> None:
    identification = ROVER.recognise(name)
    assert (identification is not None) is known
    assert identification is None or identification.certain is certain
    assert NO_LOAD.recognise(name) is None


# --- whatever comes ------------------------------------------------------------------------------


@given(st.data())
def test_random_bytes_never_give_a_value_outside_its_range(data: st.DataObject) -> None:
    values: dict[str, Decoded] = {}
    for block in (*ROVER.live, *ROVER.slow, Block(HOLDING, 0xE002, 30)):
        raw = data.draw(st.binary(min_size=2 * block.count, max_size=2 * block.count))
        values.update(ROVER.decode(block, raw))
    for name, decoded in values.items():
        assert (decoded.value is None) is (decoded.quality is not Quality.OK)
        assert decoded.value is None or TABLE[name].low <= decoded.value <= TABLE[name].high
    for profile in (ROVER, NO_LOAD):
        reading = profile.make_reading(Stamp(NOON, "0", 0.0), Sample(values))
        for name in FIELDS:
            assert (getattr(reading, name) is None) is (name in reading.quality)


@given(st.binary(max_size=32))
def test_any_name_is_recognised_or_not_without_an_error(name: bytes) -> None:
    identification = ROVER.recognise(name)
    assert identification is None or identification.text.isprintable()


def test_the_functions_that_reset_a_renogy_device_occur_nowhere() -> None:
    power = Path(__file__).parents[3] / "power"
    for path in power.rglob("renogy*.py"):
        with path.open("rb") as file:
            numbers = [token.string for token in tokenize.tokenize(file.readline)]
        assert not {"0x78", "0x79"} & set(numbers)
