"""SunSpec: the definitions, the chain of models, and pysunspec2 as a second opinion."""

import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import BusError
from appliance.model import Quality
from power.devices.sunspec import BATTERY, PV
from power.protocol.bus import Lines
from power.protocol.errors import ExceptionAnswer, NoAnswer, WrongFrame
from power.protocol.profile import Block, Profile
from power.protocol.register import ABSENT, IMPLAUSIBLE, Decoded
from power.protocol.sunspec import BASES, SunSpecLinkFactory
from power.protocol.sunspec_model import build_layout, decode_parts, split_requests
from power.reading.meter import Meter
from provisioning.simulated.devices.sunspec import SimulatedSunspec
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.pdu import build_read, parse_words
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.lines.tcp_line import TcpLine, make_answer
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import NOON, make_night, make_sunny_noon, serve_line
from tests.stand_ins.sunspec_rig import (
    PACK,
    STAMP,
    SUN,
    CountedBus,
    RegisterBus,
    build_model,
    make_link,
    make_sunspec_meter,
    read_content,
)

MODELS = (1, 124, 160, 713, 714, 802, 803)


# --- the definitions ------------------------------------------------------------------------------


NAMES = {  # after the reference: model, offset, SunSpec name
    802: {2: "AHRtg", 11: "SoC", 14: "NCyc", 16: "ChaSt", 22: "State", 26: "Evt1", 34: "V",
          37: "CellVMax", 40: "CellVMin", 44: "A", 45: "AChaMax", 46: "ADisChaMax", 47: "W"},
    803: {4: "ModTmpMax", 7: "ModTmpMin"},
    713: {4: "SoC"},
    124: {8: "ChaState", 10: "InBatV", 11: "ChaSt"},
    160: {19: "DCA", 20: "DCV", 21: "DCW", 27: "DCSt"},
    714: {30: "DCA", 31: "DCV", 32: "DCW", 42: "DCSta"},
}  # fmt: skip


@pytest.mark.parametrize("number", NAMES)
def test_each_row_lies_where_pysunspec2_has_its_point_and_is_as_long(number: int) -> None:
    points = {point.first: point for point in build_layout(number, 64)}
    rows = {row.address: row for row in (*BATTERY, *PV) if row.function == number}
    assert {place: points[place].name for place in rows} == NAMES[number]
    signed = {place: points[place].kind.startswith("int") for place in rows}
    for place, row in rows.items():
        assert row.kind.size == 2 * points[place].size
        assert (row.kind.form.value == "two's complement") is signed[place]


@pytest.mark.parametrize(("number", "registers"), [(160, 190), (714, 270), (803, 348), (802, 64)])
def test_a_long_model_is_read_in_pieces_that_cut_no_point(number: int, registers: int) -> None:
    asked = list(split_requests(number, registers))
    assert [begin for begin, _ in asked] == [0, *(begin + count for begin, count in asked)][:-1]
    assert max(count for _, count in asked) <= 125
    assert sum(count for _, count in asked) == registers
    begins = {point.offset for point in build_layout(number, registers)}
    assert {begin for begin, _ in asked} <= begins


def test_a_model_written_by_hand_becomes_its_values() -> None:
    settings = (5000, 10, 10, 0, 0xFFFF, 0xFFFF)
    measured = (875, 0xFFFF, 527, 3, -300, 0x8000, 0xFFFF, 0xFFFF, 0xFFFF, 1)
    control = build_model(124, *settings, *measured, 0, 0, 0x8000, 0x8000, -1, 0x8000, -1, -2)
    (part,) = decode_parts(124, control)
    assert part.numbers[8] == Decoded(87.5, Quality.OK)
    assert part.numbers[10].value == 52.7
    assert part.numbers[12].value == -3.0
    assert part.numbers[13] == ABSENT
    assert part.numbers[9] == ABSENT


def test_the_package_is_imported_only_when_a_model_is_decoded() -> None:
    script = (
        "import sys, power.protocol.sunspec, power.devices.sunspec; "
        "print('sunspec2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


# --- pysunspec2 reads the same registers ----------------------------------------------------------


def decode_with_pysunspec(device: SimulatedSunspec) -> Any:
    """What pysunspec2's own client makes of the device."""
    from sunspec2.modbus.client import SunSpecModbusClientDevice, SunSpecModbusClientException

    class Client(SunSpecModbusClientDevice):  # type: ignore[misc]
        def read(self, addr: int, count: int) -> bytes:
            reply = device.answer(build_read(3, int(addr), int(count)))
            if reply is None or reply[0] & 0x80:
                raise SunSpecModbusClientException("refused")
            words = parse_words(reply)
            return struct.pack(f">{len(words)}H", *words)

    client = Client()
    client.scan()
    return client


def do_agree(group: Any, numbers: Any, offset: int) -> int:
    """Compares all number points of a group; how many there were with a value.

    A point whose scale factor is not implemented is unknown to us; pysunspec2 takes it unscaled.
    """
    seen = 0
    for point in group.points.values():
        ours = numbers.get(point.offset - offset)
        if ours is None:  # a text
            continue
        theirs = point.cvalue
        if point.sf_required and point.sf_value is None:
            assert ours == ABSENT
            continue
        assert (ours.value is None) == (theirs is None), point.pdef["name"]
        if theirs is not None:
            seen += 1
            assert ours.value == pytest.approx(theirs, rel=1e-9), point.pdef["name"]
    return seen


@pytest.mark.parametrize("quirk", ["", "base-0", "not-implemented", "many-strings", "no-ports",
                                   "storage-trackers", "discharge-positive"])  # fmt: skip
@pytest.mark.parametrize("when", [make_sunny_noon, make_night])
def test_pysunspec2_reads_the_same_numbers_from_every_model(
    quirk: str, when: Callable[[], Plant]
) -> None:
    device = SimulatedSunspec(when(), [quirk] if quirk else [])
    client = decode_with_pysunspec(device)
    seen = 0
    for number in MODELS:
        if number not in client.models:
            continue
        theirs = client.models[number][0]
        parts = decode_parts(number, read_content(device, number))
        seen += do_agree(theirs, parts[0].numbers, 0)
        groups = [one for group in theirs.groups.values() for one in group]
        assert len(groups) == len(parts) - 1
        for one, part in zip(groups, parts[1:], strict=True):
            seen += do_agree(one, part.numbers, one.offset - groups[0].offset)
    assert seen > 60


def test_pysunspec2_fails_where_there_is_no_end_mark_and_we_do_not() -> None:
    device = SimulatedSunspec(make_sunny_noon(), ["no-end-model"])
    with pytest.raises(Exception, match="refused"):
        decode_with_pysunspec(device)
    assert make_sunspec_meter(PACK, LoopbackBus(device)).read().voltage_v is not None


def test_a_point_without_its_scale_factor_is_absent_though_pysunspec2_gives_it_unscaled() -> None:
    from sunspec2.device import Model

    storage = build_model(713, 1000, 500, 505, 0xFFFF, 0, 0, 0x8000)
    assert decode_parts(713, storage)[0].numbers[4] == ABSENT
    assert Model(713, data=storage).SoC.cvalue == 505
    assert (
        decode_parts(713, build_model(713, 1000, 500, 505, 0xFFFF, 0, 0, 11))[0].numbers[4]
        == IMPLAUSIBLE
    )


# --- the chain ------------------------------------------------------------------------------------


def test_the_chain_is_walked_once_and_then_each_model_is_one_request() -> None:
    bus = CountedBus(SimulatedSunspec(make_sunny_noon()))
    clock = FakeClock()
    meter = make_sunspec_meter(PACK, bus, clock)
    meter.read()
    assert bus.asked[0] == (40000, 2)
    assert len(bus.asked) == 1 + 8 + 4
    bus.asked.clear()
    clock.advance(10)
    meter.read()
    assert [count for _, count in bus.asked] == [64, 9, 26]


def test_a_device_at_another_base_is_found_and_one_that_is_silent_costs_one_wait() -> None:
    image = SimulatedSunspec(make_sunny_noon()).registers()
    for base in BASES:
        assert (
            make_link(PACK, RegisterBus(image, base)).read_raw(Block(802))[:4]
            == b"\x03\x22\x00\x3e"
        )

    class Silent(RegisterBus):
        def read(self, function: int, address: int, *rest: Any) -> tuple[int, ...]:
            if address >= 40000:
                self.asked.append((address, 0))
                raise NoAnswer("nothing")
            return super().read(function, address, *rest)

    bus = Silent(image, 0)
    link = make_link(PACK, bus)
    with pytest.raises(NoAnswer):
        link.read_raw(Block(802))
    assert len(bus.asked) == 1
    assert link.read_raw(Block(802))


def test_a_device_that_is_no_sunspec_is_an_error_that_names_the_setting() -> None:
    for data in (b"", bytes(400), b"SunT" + bytes(400)):
        with pytest.raises(BusError, match="`model` in the settings"):
            make_sunspec_meter(PACK, RegisterBus(data)).read()
    with pytest.raises(BusError, match="has none of the registers"):
        make_sunspec_meter(
            PACK, RegisterBus(b"SunS" + build_model(1, *[0] * 66) + b"\xff\xff\0\0")
        ).read()


def test_a_device_that_is_busy_is_not_taken_for_one_without_models() -> None:
    class Busy(RegisterBus):
        def read(self, *request: Any, **more: Any) -> tuple[int, ...]:
            raise ExceptionAnswer("busy", 6)

    with pytest.raises(ExceptionAnswer) as caught:
        make_link(PACK, Busy(b"")).read_raw(Block(802))
    assert caught.value.exception == 6


@pytest.mark.parametrize(
    "chain",
    [
        build_model(1) * 200,  # no end
        struct.pack(">HH", 802, 1001) + bytes(3000),  # too long a model
        struct.pack(">HH", 802, 60000) + bytes(3000),  # beyond the last register
    ],
)
def test_a_chain_that_leads_nowhere_is_a_wrong_frame(chain: bytes) -> None:
    with pytest.raises(WrongFrame):
        make_link(PACK, RegisterBus(b"SunS" + chain)).read_raw(Block(802))


@pytest.mark.parametrize("end", [b"\xff\xff\0\0", b"\xff\xff", b"", bytes(8)])
def test_all_known_ends_of_a_chain_end_it(end: bytes) -> None:
    bus = RegisterBus(b"SunS" + build_model(713, 1000, 500, 50, 100, 0, 0, 0) + end)
    reading = make_sunspec_meter(PACK, bus).read()
    assert reading.state_of_charge_pct == 50
    with pytest.raises(ExceptionAnswer) as caught:
        make_link(PACK, bus).read_raw(Block(802))
    assert caught.value.exception == 2


def test_models_that_move_between_day_and_night_are_found_again() -> None:
    plant, clock = make_sunny_noon(), FakeClock()
    bus = CountedBus(SimulatedSunspec(plant, ["length-varies"]))
    pack, sun = make_sunspec_meter(PACK, bus, clock), make_sunspec_meter(SUN, bus, clock)
    for hours in range(0, 30, 3):
        clock.advance(10)
        plant.advance(NOON + timedelta(hours=hours), 25.0)
        assert pack.read().voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
        assert sun.read().pv_power_w == pytest.approx(plant.pv_power_w, abs=0.2)
    assert sum(count == 2 for _, count in bus.asked) < 2 * 4 * 9  # looked again only at dusk, dawn


def test_a_model_that_keeps_moving_is_never_read() -> None:
    class Moving(RegisterBus):
        def read(self, *request: Any, **more: Any) -> tuple[int, ...]:
            words = super().read(*request, **more)
            return words if words[0] != 713 or len(words) == 2 else (124, *words[1:])

    bus = Moving(b"SunS" + build_model(713, 1000, 500, 50, 100, 0, 0, 0) + b"\xff\xff\0\0")
    with pytest.raises(WrongFrame, match="at another address"):
        make_link(PACK, bus).read_raw(Block(713))


def test_a_model_that_comes_with_the_sun_is_found_within_a_minute() -> None:
    plant, clock = make_night(), FakeClock()
    meter = make_sunspec_meter(SUN, LoopbackBus(SimulatedSunspec(plant, ["no-ports"])), clock)
    with pytest.raises(BusError):
        meter.read()
    plant.advance(NOON + timedelta(hours=24), 25.0)
    clock.advance(61)
    assert meter.read().pv_power_w == pytest.approx(plant.pv_power_w, abs=0.2)


@given(data=st.binary(max_size=400), cut=st.integers(0, 900), at=st.sampled_from(BASES))
@settings(max_examples=100, deadline=None)
def test_random_registers_are_a_bus_error_or_a_reading(data: bytes, cut: int, at: int) -> None:
    image = b"SunS" + SimulatedSunspec(PLANT).registers()[4:][:cut] + data
    for profile in (PACK, SUN):
        meter = make_sunspec_meter(profile, RegisterBus(image, at))
        try:
            meter.read()
        except BusError:
            continue


PLANT = make_sunny_noon()


# --- real lines -----------------------------------------------------------------------------------


def test_a_device_on_a_tcp_port_reads_as_in_process() -> None:
    device, clock, stop = SimulatedSunspec(make_sunny_noon()), FakeClock(), Event()
    line = TcpLine(make_answer([device]), "127.0.0.1", 0)
    worker = Thread(target=line.serve, args=(stop,), daemon=True)
    worker.start()
    lines = Lines(clock)
    try:
        for profile in (PACK, SUN):
            link = SunSpecLinkFactory().make_link(lines, profile, line.url, 1)
            reading = Meter(profile, link, clock).read()
            assert replace(reading, stamp=STAMP) == read_at_address(profile, device)
    finally:
        lines.close()
        stop.set()
        worker.join(5)


def test_a_device_on_a_serial_line_reads_as_in_process() -> None:
    device, clock = SimulatedSunspec(make_sunny_noon(), ["many-strings"]), FakeClock()
    line, lines = SerialLine(RtuDevices([device]), clock), Lines(clock)
    with serve_line(line):
        try:
            link = SunSpecLinkFactory().make_link(lines, PACK, str(line.path), 1)
            reading = Meter(PACK, link, clock).read()
        finally:
            lines.close()
    line.close()
    assert reading.lowest_temperature_c == read_at_address(PACK, device).lowest_temperature_c
    assert reading.voltage_v == read_at_address(PACK, device).voltage_v


def read_at_address(profile: Profile, device: SimulatedSunspec) -> Any:
    return replace(make_sunspec_meter(profile, LoopbackBus(device)).read(), stamp=STAMP)
