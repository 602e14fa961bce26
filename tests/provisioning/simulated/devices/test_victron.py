"""The Victron drivers in front of simulated devices: by day, at night, and with each quirk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from appliance.clock import Clock, ScaledClock, boottime_s
from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading, Quality
from appliance.sections.pace import SimulationSettings
from appliance.settings import Settings
from power.devices.victron import (
    VictronMppt,
    VictronMpptHex,
    VictronMpptLoad,
    VictronMpptLoadHex,
    VictronShunt,
)
from power.devices.victron_text import VeDirectDevice
from power.protocol.bus import ByteLine
from power.protocol.errors import ExceptionAnswer, NoAnswer
from power.protocol.framing.vedirect import GET, VeDirectFraming
from power.protocol.links import FramedLink
from power.protocol.profile import Block
from power.protocol.register import Register
from power.reading.meter import Meter
from provisioning.simulated.devices.victron import (
    DC_METER,
    NOT_SYNCHRONISED,
    SOC0,
    SimulatedMppt,
    SimulatedMpptLoad,
    SimulatedShunt,
)
from provisioning.simulated.devices.victron_text import (
    ASYNC_HEX,
    BAD_CHECKSUM,
    NO_TEMPERATURE,
    ODD_HEX_END,
    OLD_FIRMWARE,
    SPLIT_BLOCKS,
)
from provisioning.simulated.lines.loopback import LoopbackLine
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import NOON, make_night, make_sunny_noon, serve_line

MPPT, MPPT_LOAD, SHUNT = VictronMppt(), VictronMpptLoad(), VictronShunt()
SENSE = Block(GET, 0xEDEC, 1)
FRAMING = VeDirectFraming()
When = Callable[[], Plant]


def make_victron_meter(profile: VeDirectDevice, device: Any, clock: Clock | None = None) -> Meter:
    line = cast("ByteLine", LoopbackLine(device))
    return Meter(profile, FramedLink(profile, FRAMING, line, 1), clock or FakeClock())


def assert_agrees(reading: PowerReading, plant: Plant, current_a: float, share: float = 1) -> None:
    assert reading.pv_power_w == pytest.approx(plant.pv_power_w * share, abs=0.51)
    assert reading.pv_voltage_v == pytest.approx(plant.pv_voltage_v, abs=0.006)
    assert reading.battery_voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
    assert reading.battery_current_a == pytest.approx(current_a * share, abs=0.006)
    assert reading.yield_today_wh == pytest.approx(plant.yield_today_wh * share, abs=10.1)
    assert reading.charge_stage is plant.stage


def get_charge_a(plant: Plant) -> float:
    return plant.charge_power_w / plant.battery_voltage_v


@pytest.mark.parametrize("when", [make_sunny_noon, make_night])
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_a_simulated_controller_without_load_output(when: When, share: float) -> None:
    plant = when()
    reading = make_victron_meter(MPPT, SimulatedMppt(plant, share=share)).read()
    assert_agrees(reading, plant, get_charge_a(plant), share)
    assert reading.load_power_w is None
    assert set(reading.quality) == {"load_power_w", "battery_temperature_c"}


@pytest.mark.parametrize("when", [make_sunny_noon, make_night])
@pytest.mark.parametrize("quirks", [(), (ASYNC_HEX,), (ASYNC_HEX, ODD_HEX_END)])
def test_a_simulated_controller_with_load_output(when: When, quirks: tuple[str, ...]) -> None:
    plant = when()
    reading = make_victron_meter(MPPT_LOAD, SimulatedMpptLoad(plant, quirks)).read()
    assert_agrees(reading, plant, plant.battery_current_a)
    assert reading.load_power_w == pytest.approx(25, abs=0.1 * plant.battery_voltage_v)
    assert set(reading.quality) == {"battery_temperature_c"}


@pytest.mark.parametrize("quirks", [(), (ASYNC_HEX,), (ASYNC_HEX, ODD_HEX_END), (ODD_HEX_END,)])
def test_with_hex_the_battery_temperature_is_known(quirks: tuple[str, ...]) -> None:
    plant = make_sunny_noon()
    for profile, kind in (
        (VictronMpptHex(), SimulatedMppt),
        (VictronMpptLoadHex(), SimulatedMpptLoad),
    ):
        reading = make_victron_meter(profile, kind(plant, quirks)).read()
        assert reading.battery_temperature_c == pytest.approx(
            plant.battery_temperature_c, abs=0.006
        )
        link = FramedLink(profile, FRAMING, cast("ByteLine", LoopbackLine(kind(plant, quirks))), 1)
        values = {**link.read(profile.settings[0]), **link.read(profile.settings[1])}
        assert values["absorption_voltage"].value == pytest.approx(4 * 3.6)
        assert values["float_voltage"].value == pytest.approx(4 * 3.4)


def test_a_sense_that_is_not_there_is_absent() -> None:
    reading = make_victron_meter(
        VictronMpptHex(), SimulatedMppt(make_sunny_noon(), [NO_TEMPERATURE])
    ).read()
    assert reading.battery_temperature_c is None
    assert reading.quality["battery_temperature_c"] is Quality.ABSENT


def test_a_register_that_the_device_does_not_have_is_refused_and_then_absent() -> None:
    class Without(SimulatedMppt):
        @property
        def registers(self) -> tuple[Register, ...]:  # type: ignore[override]
            return ()

    profile = VictronMpptHex()
    line = cast("ByteLine", LoopbackLine(Without(make_sunny_noon())))
    with pytest.raises(ExceptionAnswer) as caught:
        FramedLink(profile, FRAMING, line, 1).read(SENSE)
    assert caught.value.exception == 1
    reading = make_victron_meter(profile, Without(make_sunny_noon())).read()
    assert reading.quality["battery_temperature_c"] is Quality.ABSENT
    assert reading.battery_voltage_v is not None


def test_the_plain_models_send_nothing_so_old_firmware_never_falls_silent() -> None:
    class Strict(SimulatedMpptLoad):
        def respond(self, request: bytes) -> bytes | None:
            raise AssertionError(request)

    clock = FakeClock()
    meter = make_victron_meter(MPPT_LOAD, Strict(make_sunny_noon(), [OLD_FIRMWARE]), clock)
    for _ in range(400):
        clock.advance(10)
        assert meter.read().battery_voltage_v is not None


def test_old_firmware_sends_no_text_after_hex_and_the_driver_recovers() -> None:
    device = SimulatedMppt(make_sunny_noon(), [OLD_FIRMWARE])
    meter = make_victron_meter(VictronMpptHex(), device)
    assert meter.read().battery_voltage_v is not None  # read_with first, HEX last
    assert device.send_unasked() == b""
    assert device.send_unasked() == b""
    assert device.send_unasked() == b""
    assert device.send_unasked() != b""


@pytest.mark.parametrize(
    ("profile", "kind"),
    [(MPPT, SimulatedMppt), (MPPT_LOAD, SimulatedMpptLoad), (SHUNT, SimulatedShunt)],
)
def test_wrong_digits_split_blocks_and_hex_lines_never_make_a_wrong_value(
    profile: VeDirectDevice, kind: Any
) -> None:
    settings = replace(Settings(), simulation=SimulationSettings(cloudiness=0.0))
    plant = Plant(settings, NOON - timedelta(hours=6))
    clock = FakeClock()
    meter = make_victron_meter(profile, kind(plant, [BAD_CHECKSUM, SPLIT_BLOCKS, ASYNC_HEX]), clock)
    lost, read = 0, 0
    for minute in range(0, 1000, 5):
        plant.advance(NOON - timedelta(hours=6) + timedelta(minutes=minute), 25.0)
        clock.advance(10)
        try:
            reading = meter.read()
        except BusError:
            lost += 1
            continue
        read += 1
        mppt = isinstance(reading, PowerReading)
        voltage_v = reading.battery_voltage_v if mppt else reading.voltage_v
        current_a = reading.battery_current_a if mppt else reading.current_a
        assert voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
        true_a = get_charge_a(plant) if kind is SimulatedMppt else plant.battery_current_a
        assert current_a == pytest.approx(true_a, abs=0.006)
    assert lost < read


def test_split_history_is_found_within_the_next_blocks() -> None:
    plant = make_sunny_noon()
    reading = make_victron_meter(MPPT, SimulatedMppt(plant, [SPLIT_BLOCKS])).read()
    assert reading.yield_today_wh == pytest.approx(plant.yield_today_wh, abs=10.1)


def test_a_silent_device_is_no_answer() -> None:
    for kind, profile in ((SimulatedMppt, MPPT), (SimulatedShunt, SHUNT)):
        with pytest.raises(NoAnswer):
            make_victron_meter(profile, kind(make_sunny_noon(), ["silence"])).read()


@pytest.mark.parametrize("when", [make_sunny_noon, make_night])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_simulated_shunt(when: When, share: float) -> None:
    plant = when()
    reading = make_victron_meter(SHUNT, SimulatedShunt(plant, share=share)).read()
    assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.0006)
    assert reading.current_a == pytest.approx(plant.battery_current_a * share, abs=0.0006)
    assert reading.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.051)
    assert reading.lowest_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.51)
    assert reading.cycles == 12
    assert reading.alarms == ""
    assert reading.charge_allowed is None
    assert reading.quality == {}


def test_the_quirks_of_a_shunt_never_make_a_wrong_value() -> None:
    def read_with(quirk: str) -> BatteryReading:
        reading: BatteryReading = make_victron_meter(
            SHUNT, SimulatedShunt(make_sunny_noon(), [quirk])
        ).read()
        return reading

    cold = read_with(NO_TEMPERATURE)
    assert (cold.lowest_temperature_c, cold.highest_temperature_c) == (None, None)
    assert cold.quality["lowest_temperature_c"] is Quality.ABSENT
    fresh = read_with(NOT_SYNCHRONISED)
    assert fresh.quality == {"state_of_charge_pct": Quality.ABSENT}
    assert fresh.current_a is not None
    assert read_with(SOC0).quality == {"state_of_charge_pct": Quality.IMPLAUSIBLE}
    other = read_with(DC_METER)
    assert (other.current_a, other.state_of_charge_pct) == (None, None)
    assert other.quality["current_a"] is Quality.ABSENT


# --- on a real pseudo-terminal -------------------------------------------------------------------


@contextmanager
def on_a_wire(
    profile: VeDirectDevice, device: Any, quirks: tuple[str, ...] = ()
) -> Iterator[Meter]:
    """Unit time runs 20 times as fast as real time: the device speaks every 50 ms."""
    clock = ScaledClock(20.0, NOON, boottime_s())
    line = SerialLine(device, clock, quirks=quirks)
    with serve_line(line):
        wire = ByteLine(
            str(line.path), clock, profile.serial, timeout_s=profile.timeout_s, gap_s=profile.gap_s
        )
        try:
            yield Meter(profile, FramedLink(profile, FRAMING, wire, 1), clock)
        finally:
            wire.close()
    line.close()


@pytest.mark.parametrize("quirks", [(), ("noise", "truncated", "two-bursts")])
def test_on_a_pseudo_terminal(quirks: tuple[str, ...]) -> None:
    plant = make_sunny_noon()
    device = SimulatedMpptLoad(plant, [ASYNC_HEX, BAD_CHECKSUM, ODD_HEX_END])
    with on_a_wire(VictronMpptLoadHex(), device, quirks) as meter:
        reading = meter.read()
    assert_agrees(reading, plant, plant.battery_current_a)
    if not quirks:
        assert reading.battery_temperature_c == pytest.approx(
            plant.battery_temperature_c, abs=0.006
        )


def test_a_shunt_on_a_pseudo_terminal() -> None:
    plant = make_night()
    with on_a_wire(SHUNT, SimulatedShunt(plant, [ASYNC_HEX])) as meter:
        reading = meter.read()
    assert reading.current_a == pytest.approx(plant.battery_current_a, abs=0.0006)
    assert reading.cycles == 12


def test_a_simulated_device_takes_no_writes() -> None:
    device = SimulatedMppt(make_sunny_noon())
    before = device.register_values()
    for line in (b":8F7ED000000 69\n", b":8ABED0411\n", b":64F\n", b":83FFF\n", b":\n", b":zz\n"):
        assert device.find_request_size(line) == len(line)
        reply = device.respond(line)
        assert reply
        assert reply[1:2] in (b"3", b"4")
    assert device.register_values() == before
    assert device.respond(b":154\n") == b":51641F9\n"  # the maker's example

    got = device.find_request_size(b"noise:154\n")
    assert got == len(b"noise")
    assert device.respond(b"noise") is None
