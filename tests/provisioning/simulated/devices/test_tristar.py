"""The TriStar MPPT driver on simulated controllers: in process, on a serial line, over TCP."""

from collections.abc import Collection
from datetime import timedelta
from threading import Event, Thread

import pytest

from appliance.model import ChargeStage, PowerReading, Quality
from appliance.sections.pace import SimulationSettings
from appliance.settings import BatterySettings, PanelsSettings, Settings
from power.devices.tristar import TristarMppt
from power.protocol.bus import Lines
from power.protocol.errors import NoAnswer
from power.protocol.links import ModbusLink, ModbusLinkFactory
from power.reading.meter import Meter
from provisioning.simulated.devices.tristar import IDENTITY, SimulatedTristar
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.framing import build_mbap_frame, parse_mbap_head
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.pdu import build_identity_reply
from provisioning.simulated.lines.quirks import SILENCE, TORN32
from provisioning.simulated.lines.tcp_line import TcpConnection, TcpLine, make_answer
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import NOON, make_night, make_sunny_noon, serve_on_line

PROFILE = TristarMppt()

# --- the meter on simulated devices ---------------------------------------------------------------


def make_tristar_meter(device: SimulatedTristar, clock: FakeClock | None = None) -> Meter:
    return Meter(PROFILE, ModbusLink(PROFILE, LoopbackBus(device), 1), clock or FakeClock())


def assert_agrees(reading: PowerReading, plant: Plant, share: float = 1.0) -> None:
    """The reading is the plant's state, but for the rounding of the registers."""
    given_a = plant.charge_power_w * share / plant.battery_voltage_v
    assert reading.pv_power_w == pytest.approx(plant.pv_power_w * share, abs=0.1)
    assert reading.pv_voltage_v == pytest.approx(plant.pv_voltage_v, abs=0.01)
    assert reading.battery_voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.01)
    assert reading.battery_current_a == pytest.approx(given_a, abs=0.01)
    assert reading.charge_stage is plant.stage
    assert reading.yield_today_wh == pytest.approx(plant.yield_today_wh * 0.97 * share, abs=11)
    assert set(reading.quality) <= {"load_power_w", "battery_temperature_c"}


@pytest.mark.parametrize("quirks", [(), ("other-scaling",), (TORN32,), ("ten-wh",)])
def test_it_reads_the_plant_whatever_the_scaling(quirks: Collection[str]) -> None:
    plant = make_sunny_noon()
    assert_agrees(make_tristar_meter(SimulatedTristar(plant, quirks)).read(), plant)


def test_it_reads_a_48_volt_plant_and_a_share_of_it() -> None:
    battery = BatterySettings(nominal_voltage_v=51.2)
    plant = make_sunny_noon(Settings(battery=battery, panels=PanelsSettings(peak_w=2500)))
    assert_agrees(make_tristar_meter(SimulatedTristar(plant, share=0.5)).read(), plant, 0.5)


def test_one_request_a_poll_and_the_counters_once_a_minute() -> None:
    device, clock, asked = SimulatedTristar(make_sunny_noon()), FakeClock(), []
    answer = device.answer

    def counting(pdu: bytes) -> bytes | None:
        asked.append(pdu.hex())
        return answer(pdu)

    device.answer = counting  # type: ignore[method-assign]
    meter = make_tristar_meter(device, clock)
    for _ in range(3):
        meter.read()
    assert asked.count("040000003c") == 3
    assert asked.count("0400430002") == 1
    clock.advance(61)
    assert meter.read().yield_today_wh is not None
    assert asked.count("0400430002") == 2


def test_a_changed_scaling_counts_from_the_next_poll_on() -> None:
    plant, clock = make_sunny_noon(), FakeClock()
    device = SimulatedTristar(plant)
    meter = make_tristar_meter(device, clock)
    meter.read()
    device.quirks = frozenset({"other-scaling"})
    assert_agrees(meter.read(), plant)


def test_without_a_remote_sensor_there_is_no_battery_temperature() -> None:
    reading = make_tristar_meter(SimulatedTristar(make_sunny_noon(), ["no-remote-sensor"])).read()
    assert reading.battery_temperature_c is None
    assert reading.quality["battery_temperature_c"] is Quality.ABSENT
    plant = make_sunny_noon()
    fitted = make_tristar_meter(SimulatedTristar(plant)).read()
    assert fitted.battery_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.5)


def test_the_states_of_the_dark_are_all_off() -> None:
    meter = make_tristar_meter(SimulatedTristar(make_night(), ["start-up"]))
    assert {meter.read().charge_stage for _ in range(6)} == {ChargeStage.OFF}


def test_the_offset_in_the_dark_is_passed_on_as_it_is() -> None:
    reading = make_tristar_meter(SimulatedTristar(make_night(), ["night-offset"])).read()
    assert reading.battery_current_a == pytest.approx(-0.21484375)
    assert reading.pv_power_w == 0


def test_a_slave_does_not_report_its_stage() -> None:
    reading = make_tristar_meter(SimulatedTristar(make_sunny_noon(), ["slave"])).read()
    assert reading.charge_stage is None
    assert reading.quality["charge_stage"] is Quality.ABSENT
    assert reading.pv_power_w is not None


def test_a_silent_controller_is_an_error() -> None:
    with pytest.raises(NoAnswer):
        make_tristar_meter(SimulatedTristar(make_sunny_noon(), [SILENCE])).read()


def test_a_day_of_every_quirk_brings_no_wrong_value() -> None:
    quirks = ["other-scaling", "no-remote-sensor", "start-up", "ten-wh", TORN32]
    weather = SimulationSettings(cloudiness=0.0, battery_charge_pct=85.0)
    plant = Plant(Settings(simulation=weather), NOON - timedelta(hours=10))
    meter = make_tristar_meter(SimulatedTristar(plant, quirks))
    stages = set()
    for minute in range(0, 1440, 15):
        plant.advance(NOON + timedelta(minutes=minute - 600), 15.0)
        reading = meter.read()
        stages.add(reading.charge_stage)
        assert reading.pv_power_w == pytest.approx(plant.pv_power_w, abs=0.2)
        assert reading.battery_voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.01)
        assert reading.charge_stage is plant.stage
    assert len(stages) >= 3


def test_a_controller_that_refuses_long_blocks_is_read_in_parts() -> None:
    plant = make_sunny_noon()
    device = SimulatedTristar(plant)
    device.most_words = 4  # type: ignore[misc]
    assert_agrees(make_tristar_meter(device).read(), plant)


@pytest.mark.parametrize("pdu", ["06005a0100", "100058000102ffff", "0500020000", "050002ff00"])
def test_the_simulator_takes_no_write(pdu: str) -> None:
    reply = SimulatedTristar(make_sunny_noon()).answer(bytes.fromhex(pdu))
    assert reply is not None
    assert reply[0] & 0x80


def test_the_simulator_answers_both_functions_and_refuses_what_is_not_there() -> None:
    device = SimulatedTristar(make_sunny_noon())
    both = [device.answer(codec.build_read(function, 0x18, 8)) for function in (3, 4)]
    assert both[0] is not None
    assert both[1] is not None
    assert both[0][1:] == both[1][1:]
    assert device.answer(codec.build_read(4, 0x0050, 20)) == bytes([0x84, 2])
    assert device.answer(codec.build_read(2, 0, 3)) == codec.build_bits_reply(2, [False] * 3)
    assert device.answer(codec.build_read(1, 0x10, 1)) == bytes([0x81, 2])
    model = device.answer(codec.build_read(3, 0xE0CC, 1))
    assert model == bytes([3, 2, 0, 1])


# --- lines ----------------------------------------------------------------------------------------


def test_it_reads_the_plant_on_a_serial_line_with_an_echo() -> None:
    plant = make_sunny_noon()
    with serve_on_line(PROFILE, SimulatedTristar(plant), quirks=["echo"]) as meter:
        assert_agrees(meter.read(), plant)


def test_it_identifies_itself() -> None:
    request = bytes.fromhex("2B 0E 01 00")
    assert SimulatedTristar(make_sunny_noon()).answer(request) == build_identity_reply(IDENTITY)


class OneReplyConnection(TcpConnection):
    """v10 page 2: the TCP socket is closed after each response."""

    def handle(self) -> None:
        request = parse_mbap_head(head) if len(head := self.rfile.read(7)) == 7 else None
        if request is not None:
            transaction, size, device_id = request
            reply = self.server.answer(device_id, self.rfile.read(size)) or b""
            self.wfile.write(build_mbap_frame(transaction, device_id, reply))


@pytest.mark.parametrize("conversation", [TcpConnection, OneReplyConnection])
def test_it_reads_the_plant_over_tcp(conversation: type[TcpConnection]) -> None:
    plant, clock, stop = make_sunny_noon(), FakeClock(), Event()
    server = TcpLine(make_answer([SimulatedTristar(plant)]), "127.0.0.1", 0)
    server.RequestHandlerClass = conversation
    worker = Thread(target=server.serve, args=(stop,), daemon=True)
    worker.start()
    lines = Lines(clock)
    meter = Meter(PROFILE, ModbusLinkFactory().make_link(lines, PROFILE, server.url, 1), clock)
    for _ in range(3):
        assert_agrees(meter.read(), plant)
    lines.close()
    stop.set()
    worker.join(5)
