"""Pylontech, Pace and Seplos v2 drivers in front of simulated packs, bad lines and random bytes."""

from dataclasses import replace
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import SystemClock
from appliance.model import BatteryReading, Quality
from appliance.sections.pace import SimulationSettings
from appliance.settings import BatterySettings, Settings
from power.protocol.bus import ByteLine
from power.protocol.errors import ExceptionAnswer, NoAnswer, WrongFrame
from power.protocol.framing.ydt1363 import ANALOGUE, PYLONTECH, YdtRefusal
from power.protocol.links import FramedLink
from power.protocol.profile import Block
from power.reading.implausible_device import ImplausibleDevice
from power.reading.meter import Meter
from provisioning.simulated.devices.pylontech import SimulatedPylontech
from provisioning.simulated.lines.quirks import (
    ECHO,
    FLOOD,
    FOREIGN,
    LATE,
    NOISE,
    SILENCE,
    TRUNCATED,
    TWO_BURSTS,
)
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.cells import make_pack_view
from provisioning.simulated.plant.plant import Plant
from tests.power.devices.ydt1363_packs import (
    FAMILY,
    Family,
    RecordedPack,
    build_frame,
    decode_family,
    families,
    make_family_meter,
    read_family,
)
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_night, make_sunny_noon

# --- simulated packs -----------------------------------------------------------------------------


def assert_agrees(reading: BatteryReading, plant: Plant, share: float = 1.0) -> None:
    view = make_pack_view(plant, share)
    assert reading.voltage_v == pytest.approx(view.voltage_v, abs=0.006)
    assert reading.current_a == pytest.approx(view.current_a, abs=0.051)
    assert reading.state_of_charge_pct == pytest.approx(view.state_of_charge_pct, abs=0.06)
    assert reading.remaining_ah == pytest.approx(view.remaining_ah, abs=0.01)
    assert reading.full_ah == pytest.approx(view.full_ah, abs=0.01)
    assert reading.lowest_cell_voltage_v == pytest.approx(min(view.cells_v), abs=0.001)
    assert reading.highest_cell_voltage_v == pytest.approx(max(view.cells_v), abs=0.001)
    assert reading.lowest_temperature_c == pytest.approx(view.temperature_c, abs=0.051)
    assert reading.highest_temperature_c == pytest.approx(view.temperature_c, abs=0.051)
    assert reading.charge_allowed is view.charge_on
    assert reading.discharge_allowed is view.discharge_on
    assert reading.quality == {}


@families
@pytest.mark.parametrize("share", [1.0, 0.4])
@pytest.mark.parametrize("volts", [12.8, 25.6, 51.2])
def test_the_driver_reads_what_the_simulated_pack_has(
    family: Family, share: float, volts: float
) -> None:
    settings = replace(Settings(), battery=replace(BatterySettings(), nominal_voltage_v=volts))
    for plant in (make_sunny_noon(settings), make_night(settings)):
        assert_agrees(make_family_meter(family, family[2](plant, share=share)).read(), plant, share)


@families
def test_every_value_of_the_table_is_sent_by_the_simulated_pack(family: Family) -> None:
    profile, framing, simulator = family
    device = simulator(make_sunny_noon())
    for block in (*profile.live, *profile.slow):
        reply = device.respond(framing.build_request(block, profile.device_id))
        assert reply is not None
        content = framing.find_reply(reply, block, profile.device_id, final=True)
        assert content is not None
        values = profile.decode(block, content)
        assert Quality.IMPLAUSIBLE not in {one.quality for one in values.values()}
        assert set(values) >= set(profile.names(block)) - {"remaining_large", "full_large"}


@families
def test_a_cold_pack_takes_no_charge_and_reports_so(family: Family) -> None:
    plant = make_sunny_noon(
        replace(Settings(), simulation=replace(SimulationSettings(), temperature_c=-15.0))
    )
    assert plant.charge_blocked
    reading = make_family_meter(family, family[2](plant)).read()
    assert (reading.charge_allowed, reading.discharge_allowed) == (False, True)
    assert "cold" in reading.alarms or "temperature 2 low" in reading.alarms
    assert reading.lowest_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.051)
    assert reading.lowest_temperature_c < 0


@families
def test_another_pack_is_not_answered_and_not_received(family: Family) -> None:
    profile, _, simulator = family
    other = simulator(make_sunny_noon(), device_id=profile.device_id + 1)
    with pytest.raises(NoAnswer):
        make_family_meter(family, other).read()
    assert make_family_meter(family, other, profile.device_id + 1).read().voltage_v is not None


@families
def test_a_silent_pack_is_no_answer(family: Family) -> None:
    with pytest.raises(NoAnswer):
        make_family_meter(family, family[2](make_sunny_noon(), [SILENCE])).read()


@families
def test_lower_case_digits_change_nothing(family: Family) -> None:
    plant = make_sunny_noon()
    assert_agrees(make_family_meter(family, family[2](plant, ["lower-case"])).read(), plant)


@families
def test_an_answer_with_a_wrong_length_check_is_asked_again_and_never_accepted(
    family: Family,
) -> None:
    plant = make_sunny_noon()
    meter = make_family_meter(family, family[2](plant, ["bad-length"]))
    for _ in range(12):
        assert_agrees(meter.read(), plant)
    assert meter.health.find_fault("pack")


def test_a_small_pack_has_two_items_and_the_same_charge() -> None:
    plant = make_sunny_noon()
    reading = make_family_meter(FAMILY[0], SimulatedPylontech(plant, ["two-items"])).read()
    assert reading.full_ah == 50.0
    assert reading.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.01)
    assert reading.quality == {}


def test_the_request_for_a_full_charge_is_reported_and_is_no_fault() -> None:
    reading = make_family_meter(
        FAMILY[0], SimulatedPylontech(make_sunny_noon(), ["full-charge-request"])
    ).read()
    assert reading.alarms == "asks for a full charge"
    assert reading.charge_allowed is True


@pytest.mark.parametrize(
    ("request_frame", "code"),
    [
        (b"~20024642E00202FD34\r", 0x02),
        (b"~20024642F00202FD32\r", 0x03),
        (b"~25024642E00202FD2E\r", 0x01),
        (b"~20024643E00202FD32\r", 0x04),
        (b"~20024642E002FFFD09\r", 0x05),
    ],
)
def test_the_simulated_pack_reports_what_is_wrong_with_a_request(
    request_frame: bytes, code: int
) -> None:
    reply = SimulatedPylontech(make_sunny_noon()).respond(request_frame)
    assert reply is not None
    assert reply[7:9] == f"{code:02X}".encode()


def test_a_pack_that_declines_everything_is_an_error_with_its_code() -> None:
    with pytest.raises(ExceptionAnswer) as caught:
        make_family_meter(FAMILY[0], RecordedPack(PYLONTECH, 2, {})).read()
    assert caught.value.exception == 4
    with pytest.raises(YdtRefusal, match="code 04"):
        PYLONTECH.find_reply(build_frame("20024604", "").encode(), Block(ANALOGUE), 2, final=False)


def test_a_poll_is_one_request_and_the_rest_once_a_minute_or_hour() -> None:
    class Counting(SimulatedPylontech):
        asked: list[bytes] = []

        def respond(self, request: bytes) -> bytes | None:
            self.asked.append(request[7:9])
            return super().respond(request)

    device = Counting(make_sunny_noon())
    meter = make_family_meter(FAMILY[0], device)
    for _ in range(3):
        meter.read()
    assert device.asked == [b"42", b"92", b"44", b"47", b"42", b"42"]


LINE = (ECHO, TWO_BURSTS, NOISE, TRUNCATED, LATE, FOREIGN, FLOOD)


@families
def test_on_a_real_line_with_everything_wrong_no_value_is_wrong(family: Family) -> None:
    profile, framing, simulator = family
    plant = make_sunny_noon()
    clock = FakeClock()
    serial_line = SerialLine(simulator(plant), clock, quirks=LINE, damaged_share=0.4)
    stop = Event()
    worker = Thread(target=serial_line.serve, args=(stop,), daemon=True)
    worker.start()
    line = ByteLine(str(serial_line.path), SystemClock(), profile.serial, timeout_s=0.2, gap_s=0.0)
    meter = Meter(profile, FramedLink(profile, framing, line, profile.device_id), clock)
    read = 0
    try:
        for _ in range(4):
            clock.advance(61)
            try:
                reading = meter.read()
            except (NoAnswer, WrongFrame):
                continue
            read += 1
            assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
            assert reading.charge_allowed in (True, None)
    finally:
        line.close()
        stop.set()
        worker.join(5)
        serial_line.close()
    assert read


# --- random content ------------------------------------------------------------------------------


@given(
    family=st.sampled_from(FAMILY),
    cells=st.lists(st.binary(min_size=2, max_size=2), max_size=16),
    temperatures=st.lists(st.binary(min_size=2, max_size=2), max_size=8),
    rest=st.binary(min_size=27, max_size=27),
)
def test_no_content_gives_a_value_out_of_its_range(
    family: Family, cells: list[bytes], temperatures: list[bytes], rest: bytes
) -> None:
    profile, framing, _ = family
    size = max(framing.formats[ANALOGUE].rest_lengths)
    lists = (bytes([len(one)]) + b"".join(one) for one in (cells, temperatures))
    info = b"\x00\x01" + b"".join(lists) + rest[:size]
    start = f"{framing.version:02X}{profile.device_id:02X}4600"
    frame = build_frame(start, info.hex().upper())
    table = index_by_name(profile.registers)
    for name, decoded in decode_family(family, frame).items():
        assert decoded.value is None or table[name].low <= decoded.value <= table[name].high
    try:
        reading = read_family(family, {ANALOGUE: frame})
    except ImplausibleDevice:
        return
    charge = reading.state_of_charge_pct
    assert charge is None or 0 <= charge <= 100
    assert all(getattr(reading, name) is None for name in reading.quality)
