"""The Renogy Rover driver on simulated Rovers: their quirks, and an independent package."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from renogymodbus import RenogyChargeController

from appliance.model import ChargeStage, PowerReading, Quality
from appliance.sections.pace import SimulationSettings
from appliance.settings import BatterySettings, Settings
from power.devices.renogy import MODEL, RenogyRover, RenogyRoverNoLoad
from power.protocol.errors import ExceptionAnswer, NoAnswer
from power.protocol.links import ModbusLink
from power.protocol.profile import Block
from power.protocol.register import HOLDING, INPUT
from power.reading.meter import Meter
from provisioning.simulated.devices.models import make_byte_device
from provisioning.simulated.devices.renogy import SimulatedRover, SimulatedRoverNoLoad
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.stand_ins import rig
from tests.stand_ins.fakes import FakeClock

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
ROVER, NO_LOAD = RenogyRover(), RenogyRoverNoLoad()


def assert_agrees(reading: PowerReading, plant: Plant) -> None:
    """The reading is the plant's state, but for the rounding of the registers."""
    assert reading.pv_power_w == pytest.approx(plant.pv_power_w, abs=0.51)
    assert reading.pv_voltage_v == pytest.approx(plant.pv_voltage_v, abs=0.051)
    assert reading.battery_voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.051)
    assert reading.battery_current_a == pytest.approx(plant.battery_current_a, abs=0.011)
    assert reading.load_power_w == pytest.approx(plant.load_power_w, rel=0.01, abs=0.3)
    assert reading.battery_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.51)
    assert reading.yield_today_wh == pytest.approx(plant.yield_today_wh, abs=0.51)
    assert reading.charge_stage is plant.stage
    assert reading.quality == {}


def make_plant(nominal_v: float = 12.8, load_w: float = 25.0, temperature_c: float = 15.0) -> Plant:
    settings = replace(
        Settings(),
        battery=BatterySettings(nominal_voltage_v=nominal_v),
        simulation=SimulationSettings(temperature_c=temperature_c),
    )
    plant = Plant(settings, NOON - timedelta(minutes=30))
    plant.advance(NOON, load_w)
    return plant


@pytest.mark.parametrize("nominal_v", [12.8, 25.6, 51.2])
@pytest.mark.parametrize("load_w", [0.0, 6.0, 300.0])
def test_the_reading_is_the_plants_state(nominal_v: float, load_w: float) -> None:
    plant = make_plant(nominal_v, load_w)
    assert_agrees(rig.make_meter(ROVER, SimulatedRover(plant)).read(), plant)


def test_at_night_it_discharges() -> None:
    plant = rig.make_night()
    reading = rig.make_meter(ROVER, SimulatedRover(plant)).read()
    assert_agrees(reading, plant)
    assert reading.battery_current_a < -1
    assert reading.charge_stage is ChargeStage.OFF


def test_in_frost_the_temperature_is_below_0_and_nothing_is_charged() -> None:
    plant = make_plant(temperature_c=-20)
    reading = rig.make_meter(ROVER, SimulatedRover(plant)).read()
    assert_agrees(reading, plant)
    assert reading.battery_temperature_c < -5


def test_on_a_real_line_it_reads_the_same() -> None:
    plant = make_plant()
    with rig.serve_on_line(ROVER, SimulatedRover(plant)) as meter:
        assert_agrees(meter.read(), plant)


def test_half_of_the_plant_is_half_of_its_powers_and_currents() -> None:
    plant = make_plant(load_w=50)
    reading = rig.make_meter(ROVER, SimulatedRover(plant, share=0.5)).read()
    assert reading.pv_power_w == pytest.approx(plant.pv_power_w / 2, abs=0.51)
    assert reading.battery_current_a == pytest.approx(plant.battery_current_a / 2, abs=0.011)
    assert reading.load_power_w == pytest.approx(25, rel=0.01)
    assert reading.battery_voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.051)


class RecorderBus(LoopbackBus):
    """Notes what is asked."""

    def __init__(self, device: SimulatedRover) -> None:
        super().__init__(device)
        self.asked: list[tuple[int, int, int]] = []

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        self.asked.append((function, address, count))
        return super().read(function, address, count, device_id, reply_id)


def test_a_poll_asks_for_few_registers_and_only_reads() -> None:
    bus = RecorderBus(SimulatedRover(make_plant()))
    clock = FakeClock()
    meter = Meter(ROVER, ModbusLink(ROVER, bus, 1), clock)
    for _ in range(4):
        meter.read()
        clock.advance(10)
    assert {function for function, _, _ in bus.asked} == {HOLDING}
    assert len(bus.asked) == 4 * 2 + 1 + 2
    assert sum(count for _, _, count in bus.asked) <= 4 * 11 + 3 + 20


def test_it_is_not_asked_more_often_than_every_10_s_and_so_never_freezes() -> None:
    plant, clock = make_plant(), FakeClock()
    device = SimulatedRover(plant, ["freezes"])
    bus = RecorderBus(device)
    meter = Meter(ROVER, ModbusLink(ROVER, bus, 1), clock)
    for _ in range(100):
        assert meter.read().battery_voltage_v is not None
        clock.advance(3)
        plant.advance(plant.utc + timedelta(seconds=3), 25)
    polls = [asked for asked in bus.asked if asked[1] == 0x0101]
    assert len(polls) <= 100 * 3 / 10 + 1


def test_a_rover_that_is_asked_every_3_s_freezes_until_it_loses_power() -> None:
    plant = make_plant()
    device = SimulatedRover(plant, ["freezes"])
    bus = LoopbackBus(device)
    for _ in range(20):
        bus.read(HOLDING, 0x0101, 1, 1)
        plant.advance(plant.utc + timedelta(seconds=3), 25)
    with pytest.raises(NoAnswer):
        bus.read(HOLDING, 0x0101, 1, 1)
    plant.advance(plant.utc + timedelta(minutes=5), 25)
    with pytest.raises(NoAnswer):
        bus.read(HOLDING, 0x0101, 1, 1)


def test_the_quirks_of_real_units_give_no_wrong_value() -> None:
    plant = make_plant()
    for quirk in ("torn32", "pv-amps-x3", "elite", "freezes"):
        assert_agrees(rig.make_meter(ROVER, SimulatedRover(plant, [quirk])).read(), plant)
    reading = rig.make_meter(ROVER, SimulatedRover(plant, ["absent-probe"])).read()
    assert reading.quality == {"battery_temperature_c": Quality.ABSENT}
    reading = rig.make_meter(ROVER, SimulatedRover(plant, ["no-load-port"])).read()
    assert reading.quality == {
        "battery_current_a": Quality.ABSENT,
        "load_power_w": Quality.ABSENT,
    }
    with pytest.raises(NoAnswer):
        rig.make_meter(ROVER, SimulatedRover(plant, ["silence"])).read()
    assert len(SimulatedRover.QUIRKS) == 8


def test_a_rover_without_load_output_gives_its_charge_current() -> None:
    plant = make_plant()
    reading = rig.make_meter(NO_LOAD, SimulatedRoverNoLoad(plant)).read()
    charge_a = plant.charge_power_w / plant.battery_voltage_v
    assert reading.battery_current_a == pytest.approx(charge_a, abs=0.006)
    assert reading.quality == {"load_power_w": Quality.ABSENT}


def test_an_elite_refuses_the_settings_from_e022_on_and_a_rover_does_not() -> None:
    plant = make_plant()
    assert LoopbackBus(SimulatedRover(plant)).read(HOLDING, 0xE022, 1, 1) == (0,)
    with pytest.raises(ExceptionAnswer) as caught:
        LoopbackBus(SimulatedRover(plant, ["elite"])).read(HOLDING, 0xE022, 1, 1)
    assert caught.value.exception == 2


def test_the_simulator_answers_to_255_and_refuses_what_a_rover_refuses() -> None:
    device = SimulatedRover(make_plant(), device_id=17)
    bus = LoopbackBus(device)
    assert bus.read(HOLDING, 0x001A, 1, 0xFF) == bus.read(HOLDING, 0x001A, 1, 17) == (17,)
    with pytest.raises(NoAnswer):
        bus.read(HOLDING, 0x001A, 1, 1)
    for pdu, number in (("04 0101 0001", 1), ("06 010A 0001", 1), ("03 0200 0001", 2)):
        reply = device.answer(bytes.fromhex(pdu))
        assert reply is not None
        assert reply[1] == number
    with pytest.raises(ExceptionAnswer):
        bus.read(INPUT, 0x0101, 1, 17)


def test_settings_are_on_the_12_v_base_whatever_the_system() -> None:
    for nominal_v in (12.8, 25.6, 51.2):
        bus = LoopbackBus(SimulatedRover(make_plant(nominal_v)))
        words = bus.read(HOLDING, 0xE003, 12, 1)
        values = ROVER.decode(Block(HOLDING, 0xE003, 12), struct.pack(">12H", *words))
        assert values["system_voltage"].value == round(nominal_v / 1.0667)
        assert values["boost_voltage"].value == 14.4
        assert values["over_voltage_disconnect"].value == 14.8
        assert values["boost_reconnect_voltage"].value == 13.2
        assert values["low_voltage_disconnect"].value == 11.6


def test_the_probe_recognises_the_simulator() -> None:
    bus = LoopbackBus(SimulatedRover(make_plant()))
    words = bus.read(HOLDING, MODEL.address, MODEL.count, 1)
    identification = ROVER.recognise(struct.pack(">8H", *words))
    assert identification is not None
    assert identification.certain
    assert "RNG-CTRL-RVR40" in identification.text
    assert ROVER.signature == MODEL


# --- against the renogymodbus package -------------------------------------------------------------


class ColdRover(SimulatedRover):
    """With temperatures below 0."""

    def values(self) -> dict[str, float]:
        return {**super().values(), "battery_temperature": -5, "controller_temperature": -12}


def test_the_renogymodbus_package_reads_the_same_values() -> None:
    device = ColdRover(make_plant())
    line = SerialLine(make_byte_device([device], "pty"), FakeClock())
    words = LoopbackBus(device).read(HOLDING, 0x0100, 0x23, 1)
    ours = ROVER.decode(Block(HOLDING, 0x0100, 0x23), struct.pack(">35H", *words))
    with rig.serve_line(line):
        theirs = RenogyChargeController(str(line.path), 1)
        pairs = {
            "state_of_charge": theirs.get_battery_state_of_charge(),
            "battery_voltage": theirs.get_battery_voltage(),
            "battery_temperature": theirs.get_battery_temperature(),
            "controller_temperature": theirs.get_controller_temperature(),
            "load_voltage": theirs.get_load_voltage(),
            "load_current": theirs.get_load_current(),
            "load_power": theirs.get_load_power(),
            "pv_voltage": theirs.get_solar_voltage(),
            "pv_current": theirs.get_solar_current(),
            "pv_power": theirs.get_solar_power(),
            "highest_charge_power_today": theirs.get_maximum_solar_power_today(),
            # The package calls 0110 the least solar power; the document: the most load power.
            "highest_load_power_today": theirs.get_minimum_solar_power_today(),
            "highest_battery_voltage_today": theirs.get_maximum_battery_voltage_today(),
            "lowest_battery_voltage_today": theirs.get_minimum_battery_voltage_today(),
        }
        theirs.serial.close()
    line.close()
    assert {name: ours[name].value for name in pairs} == pytest.approx(pairs)
    assert pairs["battery_temperature"] == -5
