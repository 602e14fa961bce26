"""The JBD driver: captured frames of real packs, its framing, its quirks, what its values mean."""

import struct
from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BusError
from appliance.model import BatteryReading, Quality, Stamp
from power.devices.jbd import CELLS, PROTECTION, Jbd
from power.protocol.bus import ByteLine
from power.protocol.errors import ExceptionAnswer, NoAnswer, WrongFrame
from power.protocol.framing.jbd import JbdFraming
from power.protocol.links import LINK_FACTORIES, FramedLink, FramedLinkFactory
from power.protocol.profile import Sample
from power.protocol.register import Decoded
from power.reading.meter import Meter
from provisioning.simulated.devices.jbd import SimulatedJbd
from provisioning.simulated.lines.damage import WAYS
from provisioning.simulated.lines.loopback import LoopbackLine
from provisioning.simulated.plant.plant import Plant
from tests.power.devices.jbd_frames import (
    ASK_BASIC,
    ASK_CELLS,
    BASIC,
    CELL_BLOCK,
    EXAMPLE,
    EXAMPLE_CELLS,
    FOUR,
    FOUR_CELLS,
    FULL,
    NAME,
    SEVEN,
    SEVEN_CELLS,
    SEVEN_NAME,
    build_frame,
)
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import NOON, make_meter, make_night, make_sunny_noon, serve_on_line

JBD, FRAMING = Jbd(), JbdFraming()
TABLE = index_by_name(JBD.registers)


@pytest.fixture(autouse=True)
def register_protocol(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(LINK_FACTORIES, "JBD", FramedLinkFactory(FRAMING))
    return iter(())


class CapturedPack:
    """A pack that says what one once said."""

    sends_every_s = None

    def __init__(self, replies: Mapping[bytes, bytes]) -> None:
        self.replies = replies

    def find_request_size(self, begun: bytes) -> int | None:
        return len(begun)

    def respond(self, request: bytes) -> bytes | None:
        return self.replies.get(request)

    def send_unasked(self) -> bytes:
        return b""


def make_captured_meter(basic: bytes, cells: bytes) -> BatteryReading:
    line = cast("ByteLine", LoopbackLine(CapturedPack({ASK_BASIC: basic, ASK_CELLS: cells})))
    reading = Meter(JBD, FramedLink(JBD, FRAMING, line, 1), FakeClock()).read()
    assert isinstance(reading, BatteryReading)
    return reading


def build_basic(**changed: int) -> bytes:
    """Command 03 of a pack of 4 cells, raw values, with what is changed."""
    raw = {
        "voltage": 1320, "current": 0, "remaining": 6000, "full": 10000, "cycles": 3, "made": 0,
        "low": 0, "high": 0, "protection": 0, "software": 0x21, "charge": 60, "transistors": 3,
        "cells": 4, "sensors": 1, "temperature": 2931,
    } | changed  # fmt: skip
    return build_frame(0x03, struct.pack(">HhHHHHHHHBBBBBH", *raw.values()))


def build_cells(*millivolts: int) -> bytes:
    return build_frame(0x04, struct.pack(f">{len(millivolts)}H", *millivolts))


GOOD_CELLS = build_cells(3300, 3301, 3299, 3300)


# --- what real packs said ------------------------------------------------------------------------


def test_a_captured_pack_of_4_cells_on_a_serial_line() -> None:
    with replay((ASK_BASIC, [FOUR[:9], FOUR[9:]]), (ASK_CELLS, [FOUR_CELLS])) as peer:
        line = ByteLine(
            peer.port, FakeClock(), JBD.serial, timeout_s=JBD.timeout_s, gap_s=JBD.gap_s
        )
        reading = Meter(JBD, FramedLink(JBD, FRAMING, line, 1), FakeClock()).read()
        line.close()
    assert reading.quality == {}
    assert (reading.voltage_v, reading.current_a) == (13.2, 0)
    assert (reading.remaining_ah, reading.full_ah) == (70.9, 109.91)
    assert (reading.state_of_charge_pct, reading.cycles) == (65, 2)
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.299, 3.304)
    assert reading.highest_temperature_c == pytest.approx(20.1)
    assert reading.lowest_temperature_c == pytest.approx(19.2)
    assert (reading.charge_allowed, reading.discharge_allowed) == (True, True)
    assert reading.alarms == ""


def test_a_captured_pack_of_7_cells() -> None:
    reading = make_captured_meter(SEVEN, SEVEN_CELLS)
    assert reading.quality == {}
    assert (reading.voltage_v, reading.state_of_charge_pct) == (25.55, 61)
    assert (reading.remaining_ah, reading.full_ah, reading.cycles) == (18.6, 30.41, 5)
    assert (reading.lowest_cell_voltage_v, reading.highest_cell_voltage_v) == (3.648, 3.653)
    assert reading.highest_temperature_c == pytest.approx(25.6)


def test_a_captured_full_pack_takes_no_charge_and_reports_why() -> None:
    reading = make_captured_meter(FULL, build_cells(3420, 3417, 3415, 3418))
    assert (reading.charge_allowed, reading.discharge_allowed) == (False, True)
    assert reading.alarms == "cell over-voltage"
    assert reading.state_of_charge_pct == 100


def test_the_makers_example() -> None:
    reading = make_captured_meter(EXAMPLE, EXAMPLE_CELLS)
    assert reading.quality == {}
    assert (reading.voltage_v, reading.state_of_charge_pct) == (58.88, 72)
    assert (reading.remaining_ah, reading.full_ah) == (7.2, 10)
    assert reading.lowest_cell_voltage_v == 3.895


def test_a_captured_name_identifies_the_pack_for_certain() -> None:
    data = FRAMING.find_reply(SEVEN_NAME, NAME, 1, final=False)
    identification = JBD.recognise(data or b"")
    assert JBD.signature == NAME
    assert identification == ("JBD BMS JBD-SP15S020A-P7S-40A", True)
    assert JBD.recognise(b"") == ("JBD BMS without a name", True)
    assert JBD.recognise(b"\x01\x02\xff") is None


def test_a_pack_that_refuses_is_an_error() -> None:
    with pytest.raises(ExceptionAnswer):
        make_captured_meter(build_frame(0x03, b"", 0x80), build_frame(0x04, b"", 0x80))


@given(st.binary(max_size=60), st.binary(max_size=80))
def test_no_bytes_break_the_decoder_or_leave_the_rows_ranges(one: bytes, other: bytes) -> None:
    values: dict[str, Decoded] = {}
    for block, data in ((BASIC, one), (CELL_BLOCK, other)):
        for name, decoded in JBD.decode(block, data).items():
            assert (decoded.value is None) == (decoded.quality is not Quality.OK)
            assert decoded.value is None or TABLE[name].low <= decoded.value <= TABLE[name].high
            values[name] = decoded
    reading = JBD.make_reading(Stamp(NOON, "0", 0.0), Sample(values))
    assert reading.voltage_v is None or 5 <= reading.voltage_v <= 120
    JBD.recognise(one)


# --- what the values mean ------------------------------------------------------------------------


def test_a_discharge_current_is_negative() -> None:
    assert make_captured_meter(build_basic(current=-1), GOOD_CELLS).current_a == -0.01
    assert make_captured_meter(build_basic(current=-12345), GOOD_CELLS).current_a == -123.45
    assert make_captured_meter(build_basic(current=32767), GOOD_CELLS).current_a == 327.67


def test_temperatures_below_0_stay_below_0() -> None:
    reading = make_captured_meter(build_basic(temperature=2731 - 205), GOOD_CELLS)
    assert reading.lowest_temperature_c == pytest.approx(-20.5)


def test_a_counted_sensor_without_a_value_is_a_broken_wire() -> None:
    reading = make_captured_meter(build_basic(temperature=0), GOOD_CELLS)
    assert reading.lowest_temperature_c is None
    assert reading.quality["lowest_temperature_c"] is Quality.IMPLAUSIBLE


def test_sensors_that_are_not_counted_are_no_temperatures_whatever_bytes_follow() -> None:
    none = make_captured_meter(build_basic(sensors=0), GOOD_CELLS)
    assert none.lowest_temperature_c is None
    assert none.quality["highest_temperature_c"] is Quality.ABSENT
    newer = build_frame(0x03, build_basic()[4:-3] + bytes.fromhex("32 0000 0B B8 0B B8 0000"))
    assert make_captured_meter(newer, GOOD_CELLS).highest_temperature_c == pytest.approx(20.0)


def test_cells_that_are_counted_but_not_reported_are_rejected() -> None:
    short = make_captured_meter(build_basic(), build_cells(3300, 3300, 3300))
    assert short.lowest_cell_voltage_v is None
    assert short.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    broken = make_captured_meter(build_basic(), build_cells(3300, 0, 3300, 3300))
    assert broken.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    more = make_captured_meter(build_basic(), build_cells(3300, 3300, 3300, 3300, 0))
    assert more.lowest_cell_voltage_v == 3.3


def test_cells_whose_sum_is_not_the_packs_voltage_are_rejected() -> None:
    reading = make_captured_meter(build_basic(), build_cells(3300, 2500, 3300, 3300))
    assert reading.quality["lowest_cell_voltage_v"] is Quality.IMPLAUSIBLE
    assert reading.voltage_v == 13.2


def test_a_state_of_charge_of_0_needs_an_empty_cell() -> None:
    nothing = make_captured_meter(build_basic(charge=0, remaining=0), GOOD_CELLS)
    assert (nothing.state_of_charge_pct, nothing.remaining_ah) == (None, None)
    assert nothing.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    empty = make_captured_meter(
        build_basic(charge=0, remaining=0, voltage=1080), build_cells(2700, 2700, 2700, 2700)
    )
    assert (empty.state_of_charge_pct, empty.remaining_ah) == (0, 0)
    assert make_captured_meter(build_basic(charge=101), GOOD_CELLS).state_of_charge_pct is None


@pytest.mark.parametrize(
    ("protection", "transistors", "charge", "discharge"),
    [
        (0, 3, True, True),
        (0, 1, True, False),
        (0, 2, False, True),
        (1 << 5, 3, False, True),  # too cold to charge
        (1 << 1 | 1 << 3, 3, True, False),
        (1 << 10, 3, True, False),
        (1 << 12, 3, False, False),
        (1 << 14, 3, True, True),  # a bit without a meaning
    ],
)
def test_transistors_and_protections_say_what_is_allowed(
    protection: int, transistors: int, charge: bool, discharge: bool
) -> None:
    reading = make_captured_meter(
        build_basic(protection=protection, transistors=transistors), GOOD_CELLS
    )
    assert (reading.charge_allowed, reading.discharge_allowed) == (charge, discharge)


def test_every_protection_has_a_text_of_its_own() -> None:
    for bit, words in PROTECTION.items():
        assert make_captured_meter(build_basic(protection=1 << bit), GOOD_CELLS).alarms == words
    assert make_captured_meter(build_basic(protection=0x22), GOOD_CELLS).alarms == (
        "cell under-voltage, charge under-temperature"
    )


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading = JBD.make_reading(Stamp(NOON, "0", 0.0), Sample())
    fields = set(BatteryReading.__dataclass_fields__) - {"stamp", "device", "quality", "ages_s"}
    assert all(getattr(reading, name) is None for name in fields)
    assert set(reading.quality) == fields


# --- simulated packs -----------------------------------------------------------------------------


def assert_agrees(reading: BatteryReading, plant: Plant, share: float = 1.0) -> None:
    """The reading is the plant's state, but for the rounding of the fields."""
    assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
    assert reading.current_a == pytest.approx(plant.battery_current_a * share, abs=0.006)
    assert reading.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.51)
    assert reading.full_ah == pytest.approx(plant.pack.capacity_ah * share, abs=0.006)
    mean_v = plant.battery_voltage_v / plant.pack.cells
    assert reading.lowest_cell_voltage_v == pytest.approx(mean_v - 0.004, abs=0.001)
    assert reading.highest_cell_voltage_v == pytest.approx(mean_v + 0.005, abs=0.001)
    assert reading.lowest_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.06)
    assert reading.charge_allowed is not plant.charge_blocked
    assert reading.discharge_allowed is True
    assert reading.alarms == ("charge under-temperature" if plant.charge_blocked else "")


def test_a_pack_on_a_serial_line_reads_as_the_plant_stands() -> None:
    plant = make_sunny_noon()
    with serve_on_line(JBD, SimulatedJbd(plant)) as meter:
        assert_agrees(meter.read(), plant)


def test_a_pack_reads_as_the_plant_stands_by_night_and_with_half_a_share() -> None:
    plant = make_night()
    reading = make_meter(JBD, SimulatedJbd(plant, share=0.5)).read()
    assert reading.current_a < 0
    assert_agrees(reading, plant, share=0.5)


def test_a_pack_on_a_line_with_echo_and_pauses_is_read() -> None:
    plant = make_sunny_noon()
    with serve_on_line(JBD, SimulatedJbd(plant), quirks=["echo", "two-bursts"]) as meter:
        assert_agrees(meter.read(), plant)


def test_a_sleeping_pack_is_woken_by_the_first_request_and_read_by_the_second() -> None:
    assert JBD.timeout_s + JBD.gap_s <= 0.5
    plant = make_sunny_noon()
    pack = SimulatedJbd(plant, ["sleeps"])
    assert pack.respond(ASK_BASIC) is None
    assert pack.respond(ASK_BASIC) is not None
    assert pack.respond(ASK_CELLS) is not None
    meter = make_meter(JBD, pack)
    for minute in range(1, 4):
        plant.advance(NOON + timedelta(minutes=minute), 25.0)
        assert_agrees(meter.read(), plant)


def test_a_small_current_is_hidden_by_the_dead_band_and_nothing_else_is() -> None:
    plant = make_night(load_w=2.0)
    assert -0.3 < plant.battery_current_a < 0
    reading = make_meter(JBD, SimulatedJbd(plant, ["dead-band"])).read()
    assert reading.current_a == 0
    assert reading.quality == {}
    assert_agrees(make_meter(JBD, SimulatedJbd(make_night(), ["dead-band"])).read(), make_night())


def test_a_state_of_charge_that_reads_0_by_day_is_none() -> None:
    reading = make_meter(JBD, SimulatedJbd(make_sunny_noon(), ["soc-zero"])).read()
    assert (reading.state_of_charge_pct, reading.remaining_ah) == (None, None)
    assert reading.full_ah is not None


def test_a_pack_without_sensors_has_no_temperature() -> None:
    reading = make_meter(JBD, SimulatedJbd(make_sunny_noon(), ["no-sensors"])).read()
    assert reading.quality["lowest_temperature_c"] is Quality.ABSENT
    assert reading.lowest_temperature_c is None


def test_a_silent_pack_is_an_error() -> None:
    with pytest.raises(NoAnswer):
        make_meter(JBD, SimulatedJbd(make_sunny_noon(), ["silence"])).read()


def test_a_pack_takes_no_write_and_refuses_what_it_does_not_know() -> None:
    pack = SimulatedJbd(make_sunny_noon())
    write = bytes.fromhex("DD 5A E1 02 00 00 FF 1D 77")
    assert pack.find_request_size(write[:4]) == len(write)
    assert pack.respond(write) is None
    assert pack.respond(ASK_BASIC[:-3] + b"\xff\xfe\x77") is None
    assert pack.respond(bytes.fromhex("DD A5 AA 00 FF 56 77")) == build_frame(0xAA, b"", 0x80)
    assert pack.find_request_size(b"\x00") == 1
    assert pack.find_request_size(b"\xdd\x00") == 1


class BadLine:
    """Between the meter and a pack: two replies in three are damaged in some way of a bad line."""

    sends_every_s = None

    def __init__(self, pack: SimulatedJbd, seed: int) -> None:
        self.pack = pack
        self.random = Random(seed)

    def find_request_size(self, begun: bytes) -> int | None:
        return self.pack.find_request_size(begun)

    def respond(self, request: bytes) -> bytes | None:
        reply = self.pack.respond(request) or b""
        way = self.random.choice(list(WAYS.values()))
        return way(reply, self.random) if self.random.random() < 0.67 else reply

    def send_unasked(self) -> bytes:
        return b""


def test_a_bad_line_never_makes_a_wrong_value() -> None:
    plant = make_sunny_noon()
    whole = make_meter(JBD, SimulatedJbd(plant)).read()
    meter = make_meter(JBD, BadLine(SimulatedJbd(plant), seed=1))
    lost = 0
    for _ in range(300):
        try:
            reading = meter.read()
        except (WrongFrame, BusError):
            lost += 1
            continue
        for name in ("voltage_v", "current_a", "lowest_cell_voltage_v", "alarms", "cycles"):
            assert getattr(reading, name) in (None, getattr(whole, name))
    assert 0 < lost < 300


def test_names_of_a_lost_block_are_marked_stale() -> None:
    assert set(JBD.names(CELL_BLOCK)) == set(CELLS)
    assert JBD.rows(BASIC) == ()  # it is never asked value by value
    half = make_captured_meter(FOUR, b"")
    assert half.voltage_v == 13.2
    assert half.quality["lowest_cell_voltage_v"] is Quality.STALE
