"""Pylontech, Pace and Seplos v2 drivers: captured frames, and what their values mean."""

import pytest

from appliance.model import BatteryReading, Quality
from power.protocol.errors import DamagedReply
from power.protocol.framing.ydt1363 import ALARMS, ANALOGUE, HARDWARE, MAKER, MANAGEMENT
from power.protocol.profile import Block, Sample
from tests.power.devices.ydt1363_packs import (
    EXAMPLE,
    FAMILY,
    PACE_16,
    PACE_16_ALARMS,
    PACE_16_BOARD,
    SEPLOS_14,
    SEPLOS_14_ALARMS,
    SEPLOS_14_WRONG,
    SEPLOS_15_MAKER,
    SEPLOS_16,
    UP2500,
    UP2500_MANAGEMENT,
    US2000C,
    US2000C_ALARMS,
    US2000C_MAKER,
    Family,
    build_frame,
    decode_family,
    families,
    read_family,
)
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock

# --- captured frames -----------------------------------------------------------------------------


def test_the_makers_example_of_74_ah() -> None:
    reading = read_family(FAMILY[0], {ANALOGUE: EXAMPLE})
    assert reading.voltage_v == 50.981
    assert reading.current_a == 0
    assert (reading.remaining_ah, reading.full_ah) == (51.8, 74.0)
    assert reading.state_of_charge_pct == pytest.approx(70.0)
    assert reading.cycles == 2
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.390, 3.403)
    assert reading.lowest_temperature_c == pytest.approx(28.0)
    assert reading.highest_temperature_c == pytest.approx(29.0)
    values = decode_family(FAMILY[0], EXAMPLE)
    assert values["cell_1"].value == 3.397
    assert values["cell_16"].quality is Quality.ABSENT
    assert [values[f"temperature_{n}"].value for n in range(1, 6)] == pytest.approx(
        [28.0, 28.0, 28.0, 29.0, 29.0]
    )
    assert values["temperature_6"].quality is Quality.ABSENT
    assert values["remaining"].quality is Quality.ABSENT  # FFFF: it is in the three bytes


def test_a_us2000c_with_two_items_and_its_alarms() -> None:
    reading = read_family(FAMILY[0], {ANALOGUE: US2000C, ALARMS: US2000C_ALARMS})
    assert reading.voltage_v == 48.390
    assert (reading.remaining_ah, reading.full_ah, reading.cycles) == (6.415, 50.0, 132)
    assert reading.state_of_charge_pct == pytest.approx(12.83)
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.224, 3.228)
    # 20.1 C is the BMS's own; the groups of cells are at 17.0, 17.2, 16.8 and 18.4 C
    assert reading.lowest_temperature_c == pytest.approx(16.8)
    assert reading.highest_temperature_c == pytest.approx(18.4)
    assert (reading.charge_allowed, reading.discharge_allowed) == (
        True,
        True,
    )  # from 44: 92 refused
    assert reading.alarms == ""
    assert reading.quality == {}


def test_a_up2500_with_8_cells_and_its_management_information() -> None:
    frames = {ANALOGUE: UP2500, MANAGEMENT: UP2500_MANAGEMENT}
    reading = read_family(FAMILY[0], frames)
    assert (reading.voltage_v, reading.current_a) == (26.638, -0.6)
    assert (reading.remaining_ah, reading.full_ah, reading.cycles) == (95.46, 111.0, 0)
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.328, 3.331)
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.quality == {"alarms": Quality.ABSENT}  # 44 is refused here
    limits = decode_family(FAMILY[0], UP2500_MANAGEMENT, MANAGEMENT)
    assert limits["charge_voltage_limit"].value == 28.4
    assert limits["discharge_voltage_limit"].value == 23.2
    assert limits["charge_current_limit"].value == 55.5
    assert limits["discharge_current_limit"].value == -55.5


def test_a_pace_p16s100a() -> None:
    reading = read_family(FAMILY[1], {ANALOGUE: PACE_16, ALARMS: PACE_16_ALARMS})
    assert (reading.voltage_v, reading.current_a) == (52.429, -2.25)
    assert (reading.remaining_ah, reading.full_ah, reading.cycles) == (48.19, 103.46, 140)
    assert reading.state_of_charge_pct == pytest.approx(46.58, abs=0.01)
    # the cells sum to 52.330 V, 0.1 V below the pack: its own two measurements
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.269, 3.272)
    assert reading.lowest_temperature_c == pytest.approx(23.9)  # 0B99 is 2969, 0 C is 2730
    assert reading.highest_temperature_c == pytest.approx(24.1)  # not the transistors' 26.9
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.alarms == ""
    assert reading.quality == {}


def test_a_seplos_with_16_cells() -> None:
    reading = read_family(FAMILY[2], {ANALOGUE: SEPLOS_16})
    assert (reading.voltage_v, reading.current_a) == (52.8, -6.76)
    assert (reading.remaining_ah, reading.full_ah, reading.cycles) == (133.9, 170.0, 70)
    assert reading.state_of_charge_pct == 78.7
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.286, 3.316)
    assert reading.lowest_temperature_c == pytest.approx(25.1 - 1.5)
    assert reading.highest_temperature_c == pytest.approx(25.1)
    assert reading.charge_allowed is None
    assert reading.quality["charge_allowed"] is Quality.ABSENT


def test_a_seplos_with_14_cells_that_has_stopped_charging() -> None:
    reading = read_family(FAMILY[2], {ANALOGUE: SEPLOS_14, ALARMS: SEPLOS_14_ALARMS})
    assert (reading.voltage_v, reading.current_a) == (52.85, 0)
    assert (reading.remaining_ah, reading.full_ah) == (91.99, 400.0)
    assert reading.state_of_charge_pct == 22.9
    assert (reading.charge_allowed, reading.discharge_allowed) == (False, True)
    assert reading.alarms == ""  # it only warns: cell voltage high, pack voltage high
    assert reading.quality == {}


def test_a_published_seplos_frame_that_was_edited_by_hand_is_damage() -> None:
    with pytest.raises(DamagedReply, match="checksum"):
        decode_family(FAMILY[2], SEPLOS_14_WRONG)


@pytest.mark.parametrize(
    ("family", "command", "frame", "text"),
    [
        (FAMILY[0], MAKER, US2000C_MAKER, "Pylon US2000C"),
        (FAMILY[1], HARDWARE, PACE_16_BOARD, "Pace BMS P16S100A-1812-1.00"),
        (FAMILY[2], MAKER, SEPLOS_15_MAKER, "Seplos 1101-SP15 version 2.7"),
    ],
)
def test_each_is_recognised_by_its_own_name_and_by_no_other(
    family: Family, command: int, frame: str, text: str
) -> None:
    profile, framing, _ = family
    assert profile.signature == Block(command)
    content = framing.find_reply(frame.encode(), Block(command), profile.device_id, final=True)
    assert content is not None
    like = profile.recognise(content)
    assert like is not None
    assert like == (text, True)
    for other, _, _ in FAMILY:
        identification = other.recognise(content)
        assert other is profile or identification is None or not identification.certain


@families
@pytest.mark.parametrize("content", [b"", b"\0" * 32, b"\xff" * 40, b"US2000C"])
def test_what_is_no_name_is_not_recognised_for_certain(family: Family, content: bytes) -> None:
    identification = family[0].recognise(content)
    assert identification is None or not identification.certain


# --- what the values mean ------------------------------------------------------------------------


def build_analogue(cells: str, temperatures: str, rest: str) -> str:
    """A Pylontech 42 answer."""
    parts = "".join(f"{len(one) // 4:02X}{one}" for one in (cells, temperatures))
    return build_frame("20024600", f"1102{parts}{rest}")


def test_discharge_is_negative() -> None:
    rest = "FFD8" + "CD14" + "C350" + "02" + "C350" + "0001"  # FFD8: -4.0 A in the document
    assert (
        read_family(FAMILY[0], {ANALOGUE: build_analogue("0D20" * 15, "", rest)}).current_a == -4.0
    )


def test_a_pack_without_sensors_has_no_temperature() -> None:
    rest = "0000" + "C4E0" + "6000" + "02" + "C350" + "0001"
    for temperatures in ("", "0BC3", "0BC3" + "0000" * 4):  # none, the BMS's own, not connected
        reading = read_family(
            FAMILY[0], {ANALOGUE: build_analogue("0D20" * 15, temperatures, rest)}
        )
        assert reading.lowest_temperature_c is None
        assert reading.quality["highest_temperature_c"] is Quality.ABSENT
        assert reading.lowest_cell_voltage_v == 3.36
    one_wrong = build_analogue("0D20" * 15, "0BC30BC3FFFF", rest)  # 6280.4 C
    reading = read_family(FAMILY[0], {ANALOGUE: one_wrong})
    assert reading.quality["lowest_temperature_c"] is Quality.IMPLAUSIBLE


def test_cells_that_do_not_sum_to_the_pack_are_rejected() -> None:
    rest = "0000" + "C4E0" + "6000" + "02" + "C350" + "0001"  # 50.4 V
    right = read_family(FAMILY[0], {ANALOGUE: build_analogue("0D20" * 15, "0BC3", rest)})
    wrong = read_family(FAMILY[0], {ANALOGUE: build_analogue("0D20" * 14, "0BC3", rest)})
    dead = read_family(FAMILY[0], {ANALOGUE: build_analogue("0D20" * 14 + "0000", "0BC3", rest)})
    assert right.lowest_cell_voltage_v == 3.36
    for reading in (wrong, dead):
        assert reading.lowest_cell_voltage_v is None
        assert reading.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE


def test_a_charge_of_0_is_accepted_of_an_empty_pack_only() -> None:
    full, empty = "0D20" * 15, "0B54" * 15  # 3.36 V and 2.90 V
    for cells, volts, believed in ((full, "C4E0", False), (empty, "A9EC", True)):
        rest = "0000" + volts + "0000" + "02" + "C350" + "0001"
        reading = read_family(FAMILY[0], {ANALOGUE: build_analogue(cells, "0BC3", rest)})
        assert reading.voltage_v is not None
        assert (reading.state_of_charge_pct == 0) is believed
        assert (reading.remaining_ah == 0) is believed
        if not believed:
            assert reading.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE


def test_more_than_full_is_full_up_to_5_percent_and_then_rejected() -> None:
    for remaining, expected in (("C35A", 100.0), ("D6D8", None)):
        rest = "0000" + "C4E0" + remaining + "02" + "C350" + "0001"
        reading = read_family(FAMILY[0], {ANALOGUE: build_analogue("0D20" * 15, "0BC3", rest)})
        assert reading.state_of_charge_pct == expected
        assert reading.full_ah == 50.0


def test_no_capacity_at_all_is_unknown_and_not_0() -> None:
    rest = "0000" + "C4E0" + "FFFF" + "02" + "FFFF" + "0001"
    reading = read_family(FAMILY[0], {ANALOGUE: build_analogue("0D20" * 15, "0BC3", rest)})
    assert reading.state_of_charge_pct is reading.full_ah is reading.remaining_ah is None
    assert reading.quality["state_of_charge_pct"] is Quality.ABSENT


def test_a_seplos_charge_of_0_with_a_sound_voltage_is_rejected() -> None:
    info = SEPLOS_16[13:-5].replace("426803134650", "426800004650")
    reading = read_family(FAMILY[2], {ANALOGUE: build_frame("20004600", info)})
    assert reading.state_of_charge_pct is None
    assert reading.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE


def decode_alarm_words(cells: str, temperatures: str, rest: str) -> str:
    info = f"1002{len(cells) // 2:02X}{cells}{len(temperatures) // 2:02X}{temperatures}{rest}"
    return build_frame("20024600", info)


def test_pylontech_alarms_are_reported_in_words() -> None:
    frames = {
        ANALOGUE: US2000C,
        ALARMS: decode_alarm_words("00" * 13 + "02F0", "0001000000", "020001" + "9200000000"),
        MANAGEMENT: build_frame("20024600", "02D002AFC80172FE8E38"),
    }
    reading = read_family(FAMILY[0], frames)
    assert reading.alarms == (
        "pack voltage too low, discharge current too high, cell voltage too low, cell 14 high, "
        "cell 15 fault, temperature 2 low, charge current high, discharge current low, "
        "asks to be charged now, asks to be charged soon, asks for a full charge"
    )
    assert (reading.charge_allowed, reading.discharge_allowed) == (False, False)


def test_pace_protections_and_faults_are_reported_in_words() -> None:
    info = PACE_16_ALARMS[13:-5]
    assert info[58:68] == "00000E0000"  # protections, switches, configuration, faults
    changed = info[:58] + "0204040004" + info[68:]
    reading = read_family(FAMILY[1], {ANALOGUE: PACE_16, ALARMS: build_frame("25014600", changed)})
    assert reading.alarms == (
        "cell voltage too low, too cold to charge, fault of a temperature sensor"
    )
    assert (reading.charge_allowed, reading.discharge_allowed) == (False, True)


def test_seplos_protections_and_faults_are_reported_in_words() -> None:
    events = "000820082008"  # events 1 to 6; their warnings beside
    rest = "0000" + "14" + events + "00" + "0000" + "10" + "8001" + "00" + "01" + "00" * 6
    info = "000110" + "00" * 16 + "06" + "00" * 6 + rest
    reading = read_family(FAMILY[2], {ANALOGUE: SEPLOS_16, ALARMS: build_frame("20004600", info)})
    assert reading.alarms == (
        "cell voltage too low, too hot to discharge, surroundings too cold, short circuit, "
        "battery empty, fault of its memory, cell 9 is loose, cell 8 is loose"
    )
    assert (reading.charge_allowed, reading.discharge_allowed) == (False, False)


@families
def test_what_was_not_read_is_none_and_never_zero(family: Family) -> None:
    profile, framing, _ = family
    bare = profile.make_reading(FakeClock().stamp(), Sample())
    unknown = set(BatteryReading.__dataclass_fields__) - {"stamp", "device", "quality", "ages_s"}
    assert all(getattr(bare, name) is None for name in unknown)
    assert set(bare.quality) == unknown
    assert index_by_name(profile.registers)
    assert set(framing.formats) >= {block.function for block in (*profile.live, *profile.slow)}
