"""The Daly drivers for Modbus frames: captured frames of real packs, quirks, and the simulators."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import BatteryReading, Quality, Stamp
from power.devices.daly import (
    CHARGING,
    DISCHARGING,
    Daly,
    DalyD2,
    DalyModbus,
    check_current_sign,
)
from power.protocol.bus import ModbusBus
from power.protocol.errors import ExceptionAnswer, NoAnswer, WrongFrame
from power.protocol.links import ModbusLink
from power.protocol.profile import Block, Sample
from power.protocol.register import HOLDING, Decoded, decode, encode
from power.reading.meter import Meter
from provisioning.simulated.devices.daly import (
    FLICKERS,
    LOST_CHARGE,
    NO_SENSOR,
    OTHER_SIGN,
    SimulatedDaly,
    SimulatedDalyD2,
)
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.quirks import ECHO, SILENCE, TWO_BURSTS
from provisioning.simulated.plant.cells import make_pack_view
from provisioning.simulated.plant.plant import Plant
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import START, FakeClock
from tests.stand_ins.replay import Exchange, replay
from tests.stand_ins.rig import make_meter, make_night, make_sunny_noon, serve_on_line

STAMP = Stamp(START, "0", 0.0)
# An ESS-DL-BMS pack (syssi/esphome-daly-bms docs/pdus/ess-dl-bms-41_260321_0323.txt), discharging.
DL_FIRST = bytes.fromhex(
    "51 03 80 0CF4 0CF0 0CF3 0CF2 0CF3 0CF1 0CF3 0CF3 0CF0 0CF3 0CF3 0CF4 0CF3 0CF3 0CF3 0CF5"
    + " 0000" * 32
    + "003E 003E 003E 003E 0000 0000 0000 0000 0212 74D7 0360 00B6 0010 0004 0CF5 0010 99EF"
)
DL_SECOND = bytes.fromhex(
    "51 03 7C 0009 0005 003E 0004 003E 0001 0000 0002 0000 0000 0A98 0007 0007 0000 0000 0000 0000"
    "0001 0001 0000 0000 0000 0CF2 01D7 0000 0040 0046 0000 0000 FFFF 0000 7530 1A06 0214 0221 0B4B"
    "0402 0000 0000 0080 0000 74BE 0011 035F 0000 0000 0000 0080 0000 0000 0000 FFFF FFFF FFFF FFFF"
    "FFFF FFFF FFFF FFFF 00FF FFFF 0002 B8AC"
)
# A 4-cell board DL-1771060408B5 at rest; its last two places for sensors hold leftovers.
FOUR = bytes.fromhex(
    "d2 03 7c 0ce3 0ce5 0ce4 0ce8"
    + " 0000" * 28
    + "003b 0000 0000 0000 0000 0000 0084 0003 0084 7530 035d 0ce8 0ce3 003b 003b 0000 0a17 0004"
    "0001 003f 0000 0001 0001 0ce4 0005 0000 0000 0000 0000 0000 3d8d"
)
# 24 cells (docs/pdus/daly_bms_24cells.txt) at rest.
TWENTY_FOUR = bytes.fromhex(
    "D2 03 7C 0CDC 0CDB 0CDC 0CDC 0CDC 0CDC 0CDE 0CDC 0CDC 0CDC 0CDC 0CDC 0CDC 0CDC 0CDE 0CDC 0CDC"
    "0CDC 0CDC 0CDC 0CDC 0CDE 0CDC 0CDC"
    + " 0000"
    * 8
    + "0038 0036 0038 0038 0000 0000 0000 0000 0316 7530 014D 0CDE 0CDB 0038 0036 0000 0415 0018"
    "0004 0000 0000 0001 0001 0CDC 0003 0000 0000 0000 0000 0000 4967"
)
# 16 cells (docs/pdus/daly_bms_blue_series_80_registers.txt), the first 62 of 80 words, discharging.
SIXTEEN = bytes.fromhex(
    "0CD1 0CD2 0CD3 0CD3 0CD3 0CD2 0CD3 0CD3 0CD3 0CD3 0CD3 0CD3 0CD3 0CD3 0CD3 0CD3"
    + " 0000" * 16
    + "0035 0035 0035 0035 0000 0000 0000 0000 020D 7517 0231 0CD3 0CD1 0035 0035 0002 049A 0010"
    "0004 003C 0000 0001 0001 0CD2 0002 0083 0000 0000 0000 0000"
)


def make_captured_meter(profile: DalyModbus, *exchanges: Exchange) -> BatteryReading:
    """What the driver says of captured exchanges, through the real bus on a pseudo-terminal."""
    with replay(*exchanges) as peer:
        bus = ModbusBus(peer.port, FakeClock(), profile.serial, timeout_s=0.5, gap_s=0)
        reading = Meter(profile, ModbusLink(profile, bus, profile.device_id), FakeClock()).read()
    assert isinstance(reading, BatteryReading)
    return reading


def read_words(profile: DalyModbus, data: bytes) -> BatteryReading:
    """What the driver says of the content of the reply to its first request."""
    return profile.make_reading(STAMP, Sample(profile.decode(profile.live[0], data)))


class FirstPart(Daly):
    """Asks for the second block as the maker's app does, with its tail."""

    live = (Daly.live[0], Block(HOLDING, 0x0041, 0x3E))


def test_a_captured_dl_pack_of_sixteen_cells_that_discharges() -> None:
    reading = make_captured_meter(
        FirstPart(),
        (bytes.fromhex("81 03 00 00 00 40 5B FA"), [DL_FIRST]),
        (bytes.fromhex("81 03 00 41 00 3E 8B CE"), [DL_SECOND[:50], DL_SECOND[50:]]),
    )
    assert reading.voltage_v == 53.0
    assert reading.current_a == pytest.approx(-8.9)
    assert reading.state_of_charge_pct == 86.4
    assert reading.remaining_ah == 271.2
    assert reading.cycles == 7
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.312, 3.317)
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (22, 22)
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.full_ah is None
    assert reading.alarms is None  # 0x0068 is 0x0080 here, in normal running
    assert set(reading.quality) == {"full_ah", "alarms"}
    assert set(reading.quality.values()) == {Quality.ABSENT}


def test_the_second_request_ends_where_the_used_registers_end() -> None:
    profile = Daly()
    assert profile.live[1].count == 0x13
    values = profile.decode(profile.live[1], DL_SECOND[3 : 3 + 0x26])
    assert values["discharge_on"].value == 1
    assert values == profile.decode(FirstPart.live[1], DL_SECOND[3:-2])


def test_a_captured_four_cell_board_with_leftovers_in_places_of_sensors() -> None:
    reading = make_captured_meter(DalyD2(), (bytes.fromhex("d2 03 00 00 00 3e d7 b9"), [FOUR]))
    assert reading.voltage_v == 13.2
    assert reading.current_a == 0
    assert reading.state_of_charge_pct == 86.1
    assert reading.remaining_ah == 258.3
    assert reading.cycles == 63
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.299, 3.304)
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (19, 19)
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.alarms == ""
    assert set(reading.quality) == {"full_ah"}


def test_a_captured_board_of_twenty_four_cells() -> None:
    reading = make_captured_meter(
        DalyD2(), (bytes.fromhex("d2 03 00 00 00 3e d7 b9"), [TWENTY_FOUR])
    )
    assert reading.voltage_v == 79.0
    assert reading.state_of_charge_pct == 33.3
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.291, 3.294)
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (14, 16)


def test_a_captured_board_that_discharges_has_less_than_30000_in_its_current() -> None:
    reading = read_words(DalyD2(), SIXTEEN)
    assert reading.current_a == pytest.approx(-2.5)  # 131 W at 52.5 V in the same frame
    assert reading.state_of_charge_pct == 56.1
    assert reading.remaining_ah == 117.8


def test_a_board_that_answers_with_the_id_at_which_it_was_asked_is_read() -> None:
    first, second = (build_rtu_frame(0x81, one[1:-2]) for one in (DL_FIRST, DL_SECOND))
    reading = make_captured_meter(
        FirstPart(),
        (bytes.fromhex("81 03 00 00 00 40 5B FA"), [first]),
        (bytes.fromhex("81 03 00 41 00 3E 8B CE"), [second]),
    )
    assert (reading.voltage_v, reading.remaining_ah) == (53.0, 271.2)


def test_a_reply_with_another_id_is_not_taken() -> None:
    other = build_rtu_frame(0x52, DL_FIRST[1:-2])
    request = bytes.fromhex("81 03 00 00 00 40 5B FA")
    with pytest.raises(WrongFrame):
        make_captured_meter(Daly(), (request, [other]), (request, [other]))


def test_both_variants_are_recognised_and_nothing_else() -> None:
    daly, older = Daly(), DalyD2()
    identification = daly.recognise(DL_FIRST[3:-2])
    assert identification
    assert identification.text == "Daly BMS, 16 cells, 53.0 V"
    assert identification.certain
    found = older.recognise(FOUR[3:-2])
    assert found
    assert found.text == "Daly BMS, 4 cells, 13.2 V"
    for content in (bytes(128), b"\xff" * 128, b"\x0c\xf4" * 64, b""):
        assert daly.recognise(content) is None
        assert older.recognise(content[:124]) is None
    assert older.recognise(DL_FIRST[3 : 3 + 124]) is None  # the other's places
    assert daly.recognise(FOUR[3:-2] + bytes(4)) is None


# --- what the values mean -------------------------------------------------------------------------


def edit_words(data: bytes, **words: int) -> bytes:
    """`data` of a D2 board with other words, by register name."""
    table = index_by_name(DalyD2.registers)
    for name, raw in words.items():
        place = 2 * table[name].address
        data = data[:place] + struct.pack(">H", raw) + data[place + 2 :]
    return data


def read_four(**words: int) -> BatteryReading:
    return read_words(DalyD2(), edit_words(FOUR[3:-2], **words))


@pytest.mark.parametrize(
    ("raw", "current_a"),
    [(30000, 0.0), (30001, 0.1), (29999, -0.1), (39999, 999.9), (20001, -999.9)],
)
def test_the_current_counts_from_30000(raw: int, current_a: float) -> None:
    for table in (index_by_name(Daly.registers), index_by_name(DalyD2.registers)):
        decoded = decode(table["current"], struct.pack(">H", raw))
        assert decoded.value == pytest.approx(current_a)
        assert encode(table["current"], current_a) == struct.pack(">H", raw)


@pytest.mark.parametrize("raw", [0, 20000, 40000, 65535])
def test_a_thousand_amperes_are_rejected(raw: int) -> None:
    reading = read_four(current=raw)
    assert reading.current_a is None
    assert reading.quality["current_a"] is Quality.IMPLAUSIBLE


def test_a_current_whose_sign_is_against_the_state_is_rejected() -> None:
    assert read_four(current=30050, state=DISCHARGING).quality["current_a"] is Quality.IMPLAUSIBLE
    assert read_four(current=29950, state=CHARGING).quality["current_a"] is Quality.IMPLAUSIBLE
    assert read_four(current=30050, state=CHARGING).current_a == pytest.approx(5)
    assert read_four(current=29950, state=DISCHARGING).current_a == pytest.approx(-5)
    assert read_four(current=30005, state=DISCHARGING).current_a == pytest.approx(
        0.5
    )  # it flickers
    unknown = Decoded(None, Quality.STALE)
    assert check_current_sign(unknown, Decoded(1, Quality.OK)) is unknown


def test_a_state_of_charge_of_0_is_accepted_only_of_empty_cells() -> None:
    lost = read_four(state_of_charge=0, remaining_capacity=0)
    assert lost.state_of_charge_pct is None
    assert lost.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert lost.quality["remaining_ah"] is Quality.IMPLAUSIBLE
    empty = read_four(
        state_of_charge=0, voltage=112, cell_1=2800, cell_2=2800, cell_3=2800, cell_4=2800
    )
    assert empty.state_of_charge_pct == 0


def test_cells_that_do_not_sum_to_the_pack_are_rejected() -> None:
    reading = read_four(cell_3=2300)
    assert reading.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    assert reading.quality["highest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    assert reading.voltage_v == 13.2


def test_a_cell_of_0_volt_is_a_broken_wire_and_not_a_missing_cell() -> None:
    reading = read_four(cell_3=0)
    assert reading.lowest_cell_voltage_v is None
    assert reading.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE


@pytest.mark.parametrize(
    "words", [{"sensors": 0}, {"lowest_temperature": 0}, {"lowest_temperature": 255}]
)
def test_a_sensor_that_is_not_fitted_is_absent(words: dict[str, int]) -> None:
    assert read_four(**words).quality["lowest_temperature_c"] is Quality.ABSENT


def test_alarm_bits_are_reported_by_their_number() -> None:
    assert read_four(alarms_1=0x8001, alarms_4=4).alarms == "alarm bits 1.0, 1.15, 4.2"


def test_frost_stays_negative() -> None:
    assert read_four(lowest_temperature=28).lowest_temperature_c == -12


# --- simulators -----------------------------------------------------------------------------------

BOTH: list[tuple[Any, Any]] = [(Daly(), SimulatedDaly), (DalyD2(), SimulatedDalyD2)]


def assert_agrees(reading: BatteryReading, plant: Plant) -> None:
    """The reading is the plant's battery, but for the rounding of the registers."""
    pack = make_pack_view(plant)
    assert reading.voltage_v == pytest.approx(pack.voltage_v, abs=0.051)
    assert reading.current_a == pytest.approx(pack.current_a, abs=0.051)
    assert reading.state_of_charge_pct == pytest.approx(pack.state_of_charge_pct, abs=0.051)
    assert reading.remaining_ah == pytest.approx(pack.remaining_ah, abs=0.051)
    assert reading.lowest_cell_voltage_v == pytest.approx(min(pack.cells_v), abs=0.001)
    assert reading.highest_cell_voltage_v == pytest.approx(max(pack.cells_v), abs=0.001)
    assert reading.lowest_temperature_c == pytest.approx(pack.temperature_c, abs=0.51)
    assert reading.charge_allowed is pack.charge_on
    assert reading.discharge_allowed is pack.discharge_on


@pytest.mark.parametrize(("profile", "simulator"), BOTH)
def test_the_driver_reads_its_simulator_by_day_and_night(profile: Any, simulator: Any) -> None:
    for plant in (make_sunny_noon(), make_night()):
        reading = make_meter(profile, simulator(plant)).read()
        assert_agrees(reading, plant)
        assert set(reading.quality) <= {"full_ah", "alarms"}


@pytest.mark.parametrize(("profile", "simulator"), BOTH)
def test_the_driver_reads_its_simulator_on_a_line_with_echo(profile: Any, simulator: Any) -> None:
    plant = make_sunny_noon()
    with serve_on_line(profile, simulator(plant), quirks=[ECHO, TWO_BURSTS]) as meter:
        assert_agrees(meter.read(), plant)


@pytest.mark.parametrize(("profile", "simulator"), BOTH)
def test_no_quirk_leads_to_a_wrong_value(profile: Any, simulator: Any) -> None:
    plant = make_night(load_w=300)
    true_a = make_pack_view(plant).current_a
    meter = make_meter(profile, simulator(plant, [FLICKERS, LOST_CHARGE, NO_SENSOR]))
    readings = [meter.read() for _ in range(5)]
    currents = [one.current_a for one in readings]
    assert None in currents
    assert all(one == pytest.approx(true_a, abs=0.36) for one in currents if one is not None)
    for reading in readings:
        assert reading.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
        assert reading.quality["remaining_ah"] is Quality.IMPLAUSIBLE
        assert reading.quality["lowest_temperature_c"] is Quality.ABSENT
        assert reading.quality["highest_temperature_c"] is Quality.ABSENT
        assert reading.voltage_v == pytest.approx(make_pack_view(plant).voltage_v, abs=0.051)
    turned = make_meter(profile, simulator(plant, [OTHER_SIGN])).read()
    assert turned.quality["current_a"] is Quality.IMPLAUSIBLE
    with pytest.raises(NoAnswer):
        make_meter(profile, simulator(plant, [SILENCE])).read()


@pytest.mark.parametrize(("profile", "simulator"), BOTH)
def test_a_share_of_the_plant_is_a_share_of_current_and_charge(
    profile: Any, simulator: Any
) -> None:
    plant = make_sunny_noon()
    half = make_meter(profile, simulator(plant, share=0.5)).read()
    assert half.current_a == pytest.approx(plant.battery_current_a / 2, abs=0.051)
    assert half.remaining_ah == pytest.approx(make_pack_view(plant).remaining_ah / 2, abs=0.051)


def test_the_simulator_refuses_what_a_board_does_not_have() -> None:
    simulator = SimulatedDaly(make_sunny_noon())
    meter = make_meter(Daly(), simulator)
    with pytest.raises(ExceptionAnswer):
        meter.link.read_raw(Block(HOLDING, 0x0080, 1))
    assert simulator.answer(bytes([6, 0, 0, 0, 1])) == bytes([0x86, 1])
    assert simulator.reply_id == 0x51
    assert SimulatedDalyD2(make_sunny_noon()).reply_id == 0xD2


@given(st.binary(max_size=140))
def test_any_words_give_valid_values_or_none(data: bytes) -> None:
    for profile in (Daly(), DalyD2()):
        table = index_by_name(profile.registers)
        for block in profile.live:
            for name, decoded in profile.decode(block, data).items():
                row = table[name]
                assert decoded.value is None or row.low <= decoded.value <= row.high
        reading = read_words(profile, data)
        charge_pct = reading.state_of_charge_pct
        assert charge_pct is None or 0 <= charge_pct <= 100
        profile.recognise(data)
