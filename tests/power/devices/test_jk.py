"""The JK-PB driver: captured values of a real pack, its quirks, and what its values mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import BatteryReading, Quality, Stamp
from power.devices.jk import ALARMS, CELLS, JkPb
from power.protocol.bus import ModbusBus
from power.protocol.links import ModbusLink
from power.protocol.profile import Block, Sample
from power.protocol.register import HOLDING, Decoded, decode, encode
from provisioning.simulated.devices.jk import SimulatedJk
from provisioning.simulated.lines.framing import build_rtu_frame
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import NOON, make_sunny_noon

JK = JkPb()
TABLE = index_by_name(JK.registers)
PACK, CELL_BLOCK = JK.live
# A JK-PB2A16S told its state in its other form (shining-man/bsc_fw; its checksum is right):
# the same fields at the same offsets, but each with its low byte first. From 1200, 1290, 12F8 on.
CAPTURED_CELLS = bytes.fromhex(
    "ee0c f30c f30c ee0c eb0c f60c f40c f70c f00c fa0c f10c ef0c fa0c f50c f10c f60c"
    + " 0000" * 16
    + " ffff0000"
)
CAPTURED_PACK = bytes.fromhex(
    "2bcf0000 a82f0700 3e210000 d500 d900 00000800 0000 0044 63ea0200 c0450400 01000000 ee770400"
    "6400 0000 1bd60300 0101 0000 0000 0000 0000 0000 0000 0000 ff00"
)
CAPTURED_MORE = bytes.fromhex("d700 d400 da00")


def swap_bytes(captured: bytes, address: int) -> bytes:
    """The captured bytes as the Modbus form sends them."""
    turned = bytearray(captured)
    for row in JK.registers:
        place = row.address - address + row.byte
        if 0 <= place <= len(captured) - row.kind.size:
            turned[place : place + row.kind.size] = captured[place : place + row.kind.size][::-1]
    return bytes(turned)


def make_reading_from(*replies: tuple[Block, bytes]) -> BatteryReading:
    values: dict[str, Decoded] = {}
    for block, data in replies:
        values.update(JK.decode(block, data))
    return JK.make_reading(Stamp(NOON, "0", 0.0), Sample(values))


def make_healthy(**changed: float | None) -> BatteryReading:
    """What is made of a pack of four good cells, but for what is changed; None: not read."""
    values: dict[str, float | None] = {
        **dict.fromkeys(CELLS[:4], 3.3),
        "cells_present": 0b1111,
        "pack_voltage": 13.2,
        "power": 132.0,
        "current": 10.0,
        "state_of_charge": 60,
        "remaining_capacity": 60,
        "full_capacity": 100,
        "temperature_1": 20,
        "temperature_2": 22,
        "sensors_present": 0b000111,
        "alarms": 0,
        "charge_on": 1,
        "discharge_on": 1,
        **changed,
    }
    known = {name: Decoded(one, Quality.OK) for name, one in values.items() if one is not None}
    return JK.make_reading(Stamp(NOON, "0", 0.0), Sample(known))


# --- what real packs said ------------------------------------------------------------------------


def test_the_captured_voltage_of_a_pack_is_four_bytes_at_1290() -> None:
    request = bytes.fromhex("01 03 12 90 00 02 C1 5E")
    reply = build_rtu_frame(1, bytes.fromhex("03 04 00 00 C0 29"))
    with replay((request, [reply])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), JK.serial, timeout_s=JK.timeout_s, gap_s=JK.gap_s)
        data = ModbusLink(JK, bus, 1).read_raw(Block(HOLDING, 0x1290, 2))
        bus.close()
    assert data == bytes.fromhex("00 00 C0 29")
    assert JK.decode(Block(HOLDING, 0x1290, 2), data) == {
        "pack_voltage": Decoded(49.193, Quality.OK)
    }


def test_a_captured_cell_of_0cdd_is_3293_millivolts() -> None:
    assert decode(TABLE["cell_1_voltage"], bytes.fromhex("0C DD")).value == 3.293


def test_the_captured_state_of_a_pack_of_16_cells() -> None:
    reading = make_reading_from(
        (CELL_BLOCK, swap_bytes(CAPTURED_CELLS, 0x1200)),
        (PACK, swap_bytes(CAPTURED_PACK, 0x1290)),
        (JK.slow[0], swap_bytes(CAPTURED_MORE, 0x12F8)),
    )
    assert reading.quality == {}
    assert reading.voltage_v == 53.035
    assert reading.current_a == 8.51  # + is charge
    assert reading.state_of_charge_pct == 68
    assert (reading.remaining_ah, reading.full_ah, reading.cycles) == (191.075, 280, 1)
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.307, 3.322)
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (21.2, 21.8)
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.alarms == ""  # bit 19, the delivered password, is set and is no alarm


# --- addresses, ids, requests --------------------------------------------------------------------


def test_the_bus_address_of_a_master_is_never_asked() -> None:
    assert JK.device_id == 1
    assert JK.ids == tuple(range(2, 17))
    assert not SimulatedJk(make_sunny_noon(), device_id=0).answers_to(0)


def test_addresses_are_bytes_and_a_poll_is_two_requests_of_different_length() -> None:
    assert JK.step == 1
    assert [block.count for block in JK.live] == [33, 34]
    assert {row.name for row in JK.rows(CELL_BLOCK)} >= {*CELLS, "cells_present"}
    assert JK.rows(PACK)[-1].name == "sensors_present"
    assert {block.function for block in (*JK.live, *JK.slow, JK.signature)} == {HOLDING}
    assert JK.gap_s == 0.12


# --- what the values mean ------------------------------------------------------------------------


def test_a_healthy_pack_is_read_whole() -> None:
    reading = make_healthy(cycles=7)
    assert reading.quality == {}
    assert reading.current_a == 10.0
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (20, 22)


@pytest.mark.parametrize("power_w", [132.0, -132.0])
def test_a_discharging_pack_has_a_negative_current_whether_its_power_has_a_sign_or_not(
    power_w: float,
) -> None:
    assert encode(TABLE["current"], -10.0) == bytes.fromhex("FF FF D8 F0")
    assert decode(TABLE["current"], bytes.fromhex("FF FF D8 F0")).value == -10.0
    sent = encode(TABLE["power"], power_w)
    power = decode(TABLE["power"], sent).value
    assert make_healthy(current=-10.0, power=power).current_a == -10.0


def test_a_current_that_does_not_make_the_power_is_rejected() -> None:
    reading = make_healthy(current=-55.5)
    assert reading.current_a is None
    assert reading.quality["current_a"] is Quality.IMPLAUSIBLE
    assert make_healthy(power=None).current_a == 10.0


def test_cells_that_are_not_there_do_not_count_and_a_broken_wire_does() -> None:
    assert decode(TABLE["cell_5_voltage"], b"\0\0").quality is Quality.ABSENT
    assert make_healthy(cell_5_voltage=None).lowest_cell_voltage_v == 3.3
    broken = make_healthy(cell_3_voltage=None)
    assert broken.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    assert broken.voltage_v == 13.2
    unknown_bits = make_healthy(cells_present=None)
    assert unknown_bits.lowest_cell_voltage_v == 3.3


def test_cells_whose_sum_is_not_the_packs_voltage_are_rejected() -> None:
    reading = make_healthy(cell_2_voltage=2.6)
    assert reading.lowest_cell_voltage_v is None
    assert reading.quality["highest_cell_voltage_v"] is Quality.IMPLAUSIBLE


def test_a_state_of_charge_of_0_needs_an_empty_cell() -> None:
    nothing = make_healthy(state_of_charge=0, remaining_capacity=0)
    assert nothing.state_of_charge_pct is None
    assert nothing.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert nothing.remaining_ah is None
    assert nothing.full_ah == 100
    low = dict.fromkeys(CELLS[:4], 2.8)
    empty = make_healthy(state_of_charge=0, remaining_capacity=0, pack_voltage=11.2, **low)
    assert (empty.state_of_charge_pct, empty.remaining_ah) == (0, 0)
    assert make_healthy(state_of_charge=None).quality["state_of_charge_pct"] is Quality.ABSENT


def test_a_remaining_capacity_that_is_not_the_state_of_charge_is_rejected() -> None:
    torn = make_healthy(remaining_capacity=125.5)
    assert (torn.remaining_ah, torn.full_ah) == (None, None)
    assert torn.state_of_charge_pct == 60


def test_sensors_that_are_not_fitted_are_absent_and_never_a_temperature() -> None:
    assert decode(TABLE["temperature_1"], bytes.fromhex("F8 30")).quality is Quality.ABSENT
    assert decode(TABLE["temperature_1"], bytes.fromhex("FF 38")).value == -20.0
    one = make_healthy(temperature_2=-39, sensors_present=0b000011)
    assert (one.lowest_temperature_c, one.highest_temperature_c) == (20, 20)
    claimed = make_healthy(sensors_present=0xFF)  # as captured: all bits, whatever is fitted
    assert claimed.lowest_temperature_c == 20
    none = make_healthy(sensors_present=1)
    assert none.quality["lowest_temperature_c"] is Quality.ABSENT


@pytest.mark.parametrize(
    ("alarms", "charge", "discharge", "words"),
    [
        (0, True, True, ""),
        (1 << 9, False, True, "charge under-temperature"),
        (1 << 4, False, True, "cell over-voltage"),
        (1 << 11 | 1 << 12, True, False, "cell under-voltage, pack under-voltage"),
        (1 << 1, False, False, "MOSFETs too hot"),
        (1 << 0 | 1 << 22, True, True, "wire resistance, temperature sensor"),
        (1 << 31 | 1 << 19 | 1 << 18, True, True, ""),
    ],
)
def test_alarms_are_reported_in_words_and_stop_what_they_stop(
    alarms: int, charge: bool, discharge: bool, words: str
) -> None:
    reading = make_healthy(alarms=alarms)
    assert (reading.charge_allowed, reading.discharge_allowed) == (charge, discharge)
    assert reading.alarms == words


def test_every_alarm_of_the_table_has_a_text_of_its_own() -> None:
    for bit, words in ALARMS.items():
        assert make_healthy(alarms=1 << bit).alarms == words


def test_switches_that_are_off_allow_nothing_and_unknown_ones_are_unknown() -> None:
    off = make_healthy(charge_on=0, discharge_on=0)
    assert (off.charge_allowed, off.discharge_allowed) == (False, False)
    unknown = make_healthy(charge_on=None)
    assert unknown.charge_allowed is None
    assert unknown.quality["charge_allowed"] is Quality.ABSENT
    assert make_healthy(charge_on=None, alarms=1 << 9).charge_allowed is False


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading = JK.make_reading(Stamp(NOON, "0", 0.0), Sample())
    fields = set(BatteryReading.__dataclass_fields__) - {"stamp", "device", "quality", "ages_s"}
    assert all(getattr(reading, name) is None for name in fields)
    assert set(reading.quality) == fields


# --- anything at all -----------------------------------------------------------------------------


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=8))
def test_no_bytes_break_the_decoder_or_leave_the_rows_ranges(
    pack: bytes, cells: bytes, more: bytes
) -> None:
    for block, data in ((PACK, pack), (CELL_BLOCK, cells), (JK.slow[0], more)):
        for name, decoded in JK.decode(block, data).items():
            assert (decoded.value is None) == (decoded.quality is not Quality.OK)
            assert decoded.value is None or TABLE[name].low <= decoded.value <= TABLE[name].high
    reading = make_reading_from((PACK, pack), (CELL_BLOCK, cells), (JK.slow[0], more))
    assert reading.voltage_v is None or 5 <= reading.voltage_v <= 105
    JK.recognise(cells)
