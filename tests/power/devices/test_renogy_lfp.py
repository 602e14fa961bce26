"""The Renogy LFP driver: a scanned battery, its quirks, and what its values mean."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from renogymodbus import RenogySmartBattery

from appliance.model import BatteryReading, Quality, Stamp
from appliance.sections.pace import SimulationSettings
from appliance.settings import BatterySettings, Settings
from power.devices.renogy_lfp import HOLDINGS, MODEL, PROTECTIONS, RenogyLfp
from power.protocol.errors import ExceptionAnswer, NoAnswer
from power.protocol.links import ModbusLink
from power.protocol.profile import Block, Sample
from power.protocol.register import HOLDING, Decoded
from power.reading.meter import Meter
from provisioning.simulated.devices.models import make_byte_device
from provisioning.simulated.devices.renogy_lfp import SimulatedRenogyLfp
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.plant.plant import Plant
from tests.power.register_tables import index_by_name
from tests.stand_ins import rig
from tests.stand_ins.fakes import FakeClock

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
LFP = RenogyLfp()
TABLE = index_by_name(HOLDINGS)
FIELDS = set(BatteryReading.__dataclass_fields__) - {"stamp", "device", "quality", "ages_s"}
CELL_FIELDS = {"lowest_cell_voltage_v", "highest_cell_voltage_v", "cell_voltages_v"}

# A scan of a new RBT100LFP12SH-G1 at rest; words that are not named read 0.
SCANNED = {
    5000: 4, 5001: 33, 5002: 33, 5003: 33, 5004: 33, 5017: 3, 5018: 180, 5019: 180, 5020: 180,
    5021: 180, 5036: 1, 5037: 200, 5039: 1, 5040: 190, 5042: 0, 5043: 133, 5044: 1, 5045: 3743,
    5046: 1, 5047: 34464, 5049: 148, 5050: 100, 5051: 5000, 5052: 55536, 5106: 14, 5109: 192,
    5223: 247,
}  # fmt: skip
ANSWERED = ((5000, 5033), (5035, 5052), (5100, 5141))


class ScannedBattery:
    """A bus with that battery."""

    port = "scan"

    def __init__(self, **changed: int) -> None:
        self.words = {**SCANNED, **{int(name[1:]): word for name, word in changed.items()}}
        self.asked: list[tuple[int, int, int]] = []

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        self.asked.append((function, address, count))
        assert device_id == 0xF7
        last = address + count - 1
        if not any(low <= address and last <= high for low, high in ANSWERED):
            raise ExceptionAnswer("refused", 2)
        return tuple(self.words.get(place, 0) for place in range(address, address + count))


def make_scanned_meter(**changed: int) -> BatteryReading:
    reading = Meter(LFP, ModbusLink(LFP, ScannedBattery(**changed), 0xF7), FakeClock()).read()
    assert isinstance(reading, BatteryReading)
    return reading


def test_the_scanned_battery_is_read() -> None:
    reading = make_scanned_meter()
    assert reading.voltage_v == 13.3
    assert reading.current_a == 0
    assert reading.remaining_ah == pytest.approx(69.279)
    assert reading.full_ah == 100  # 0x000186A0, the high word first
    assert reading.state_of_charge_pct == pytest.approx(69.279)
    assert reading.cycles == 0
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (18, 18)
    assert reading.charge_allowed is True
    assert reading.discharge_allowed is True
    assert reading.alarms == ""
    assert set(reading.quality) == CELL_FIELDS


def test_cells_in_steps_of_a_tenth_of_a_volt_are_absent_and_never_reach_a_guard() -> None:
    reading = make_scanned_meter(_5001=29)
    for name in CELL_FIELDS:
        assert getattr(reading, name) is None
        assert reading.quality[name] is Quality.ABSENT


def test_current_is_signed_and_positive_into_the_battery() -> None:
    assert make_scanned_meter(_5042=0xFC18).current_a == -10.0
    assert make_scanned_meter(_5042=1000).current_a == 10.0


def test_temperatures_below_0_are_twos_complement_and_only_those_that_it_has() -> None:
    reading = make_scanned_meter(_5018=0xFFCE, _5021=0xFF00)
    assert reading.lowest_temperature_c == -5.0
    assert reading.highest_temperature_c == 18.0
    none = make_scanned_meter(_5017=0)
    assert none.lowest_temperature_c is None
    assert none.quality["lowest_temperature_c"] is Quality.ABSENT
    broken = make_scanned_meter(_5018=0x7FFF)
    assert broken.quality["lowest_temperature_c"] is Quality.IMPLAUSIBLE


def test_nothing_left_at_a_sound_voltage_is_rejected() -> None:
    reading = make_scanned_meter(_5044=0, _5045=0)
    for name in ("state_of_charge_pct", "remaining_ah"):
        assert getattr(reading, name) is None
        assert reading.quality[name] is Quality.IMPLAUSIBLE
    empty = make_scanned_meter(_5044=0, _5045=0, _5043=112)
    assert empty.state_of_charge_pct == 0


def test_more_than_full_is_100_percent_or_rejected() -> None:
    assert make_scanned_meter(_5045=34464 + 3000).state_of_charge_pct == 100
    wrong = make_scanned_meter(_5044=2)
    assert wrong.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    no_full = make_scanned_meter(_5046=0, _5047=0)
    assert no_full.quality["full_ah"] is Quality.IMPLAUSIBLE
    assert no_full.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE


@pytest.mark.parametrize(("bit", "words"), PROTECTIONS.items())
def test_each_protection_is_an_alarm_in_words(bit: int, words: str) -> None:
    assert make_scanned_meter(_5106=14 | 1 << bit).alarms == words


def test_the_switches_say_what_is_allowed() -> None:
    cold = make_scanned_meter(_5106=1 << 13 | 0b100, _5109=64)
    assert cold.charge_allowed is False
    assert cold.discharge_allowed is True
    assert cold.alarms == "charge under-temperature"
    empty = make_scanned_meter(_5106=1 << 7 | 0b010)
    assert empty.charge_allowed is True
    assert empty.discharge_allowed is False


def test_a_switch_that_is_off_while_current_flows_is_rejected() -> None:
    charging = make_scanned_meter(_5106=0, _5042=1000)
    assert charging.quality["charge_allowed"] is Quality.IMPLAUSIBLE
    assert charging.discharge_allowed is False
    discharging = make_scanned_meter(_5106=0, _5042=0xFC18)
    assert discharging.quality["discharge_allowed"] is Quality.IMPLAUSIBLE
    assert discharging.charge_allowed is False


def test_old_firmware_without_5109_may_still_charge() -> None:
    assert make_scanned_meter(_5109=0).charge_allowed is True


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading = LFP.make_reading(Stamp(NOON, "0", 0.0), Sample())
    assert all(getattr(reading, name) is None for name in FIELDS)
    assert set(reading.quality) == FIELDS


def test_a_poll_asks_for_few_registers_and_only_reads() -> None:
    bus, clock = ScannedBattery(), FakeClock()
    meter = Meter(LFP, ModbusLink(LFP, bus, 0xF7), clock)
    for _ in range(5):
        meter.read()
        clock.advance(10)
    assert {function for function, _, _ in bus.asked} == {HOLDING}
    assert len(bus.asked) == 5 * 2 + 2 + 1


# --- simulated batteries --------------------------------------------------------------------------


def make_plant(nominal_v: float = 12.8, load_w: float = 25.0) -> Plant:
    settings = replace(Settings(), battery=BatterySettings(nominal_voltage_v=nominal_v))
    plant = Plant(settings, NOON - timedelta(minutes=30))
    plant.advance(NOON, load_w)
    return plant


def assert_agrees(reading: BatteryReading, plant: Plant, share: float = 1.0) -> None:
    """The reading is the plant's state, but for the rounding of the registers."""
    assert reading.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.051)
    assert reading.current_a == pytest.approx(plant.battery_current_a * share, abs=0.006)
    assert reading.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.01)
    assert reading.full_ah == pytest.approx(plant.pack.capacity_ah * share, abs=0.001)
    assert reading.lowest_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.051)
    assert reading.charge_allowed is not plant.charge_blocked
    assert reading.alarms == ("charge under-temperature" if plant.charge_blocked else "")
    assert set(reading.quality) == CELL_FIELDS


@pytest.mark.parametrize("nominal_v", [12.8, 25.6, 51.2])
@pytest.mark.parametrize("load_w", [0.0, 300.0])
def test_the_reading_is_the_plants_state(nominal_v: float, load_w: float) -> None:
    plant = make_plant(nominal_v, load_w)
    assert_agrees(rig.make_meter(LFP, SimulatedRenogyLfp(plant)).read(), plant)


def test_one_of_two_batteries_has_half_of_the_current() -> None:
    plant = make_plant()
    assert_agrees(rig.make_meter(LFP, SimulatedRenogyLfp(plant, share=0.5)).read(), plant, 0.5)


def test_on_a_real_line_it_reads_the_same() -> None:
    plant = rig.make_night()
    with rig.serve_on_line(LFP, SimulatedRenogyLfp(plant)) as meter:
        reading = meter.read()
    assert_agrees(reading, plant)
    assert reading.current_a < -1


def test_too_cold_to_charge_is_reported() -> None:
    frost = replace(Settings(), simulation=SimulationSettings(temperature_c=-20))
    plant = Plant(frost, NOON)
    assert plant.charge_blocked
    reading = rig.make_meter(LFP, SimulatedRenogyLfp(plant)).read()
    assert reading.charge_allowed is False
    assert reading.discharge_allowed is True
    assert reading.lowest_temperature_c < 0
    assert reading.alarms == "charge under-temperature"


def test_in_shelf_mode_it_is_silent_until_it_is_charged() -> None:
    plant = rig.make_night()
    clock = FakeClock()
    meter = rig.make_meter(LFP, SimulatedRenogyLfp(plant, ["shelf"]), clock)
    with pytest.raises(NoAnswer):
        meter.read()
    clock.advance(10)
    plant.advance(plant.utc + timedelta(hours=11), 5)
    assert plant.battery_current_a > 0
    assert_agrees(meter.read(), plant)


def test_the_other_quirks_give_no_wrong_value() -> None:
    plant = make_plant()
    assert set(SimulatedRenogyLfp.QUIRKS) == {
        "silence", "torn32", "shelf", "no-probes", "zero-remaining",
    }  # fmt: skip
    reading = rig.make_meter(LFP, SimulatedRenogyLfp(plant, ["no-probes"])).read()
    assert reading.quality["lowest_temperature_c"] is Quality.ABSENT
    reading = rig.make_meter(LFP, SimulatedRenogyLfp(plant, ["zero-remaining"])).read()
    assert reading.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert reading.voltage_v is not None
    with pytest.raises(NoAnswer):
        rig.make_meter(LFP, SimulatedRenogyLfp(plant, ["silence"])).read()


def test_the_simulator_answers_to_255_and_refuses_5034() -> None:
    bus = LoopbackBus(SimulatedRenogyLfp(make_plant(), device_id=0x30))
    assert bus.read(HOLDING, 5223, 1, 0xFF) == bus.read(HOLDING, 5223, 1, 0x30) == (0x30,)
    with pytest.raises(NoAnswer):
        bus.read(HOLDING, 5223, 1, 0xF7)
    with pytest.raises(ExceptionAnswer) as caught:
        bus.read(HOLDING, 5033, 3, 0x30)
    assert caught.value.exception == 2


def test_the_probe_recognises_it_by_its_name_alone() -> None:
    words = LoopbackBus(SimulatedRenogyLfp(make_plant())).read(HOLDING, MODEL.address, 8, 0xF7)
    identification = LFP.recognise(struct.pack(">8H", *words))
    assert identification is not None
    assert identification.certain
    for other in (b"  RNG-CTRL-RVR40", bytes(16), b"\xff" * 16, b"", b"RIV4835CSH1S    "):
        assert LFP.recognise(other) is None
    assert (LFP.signature, LFP.device_id, LFP.ids) == (MODEL, 247, (48,))


# --- against the renogymodbus package -------------------------------------------------------------


def test_the_renogymodbus_package_reads_the_same_values() -> None:
    device = SimulatedRenogyLfp(rig.make_night())
    line = SerialLine(make_byte_device([device], "pty"), FakeClock())
    ours: dict[str, Decoded] = {}
    for address, count in ((5000, 34), (5035, 18)):
        words = LoopbackBus(device).read(HOLDING, address, count, 0xF7)
        data = struct.pack(f">{count}H", *words)
        ours.update(LFP.decode(Block(HOLDING, address, count), data))
    with rig.serve_line(line):
        theirs = RenogySmartBattery(str(line.path), 0xF7)
        pairs = {
            "current": theirs.get_current(),
            "voltage": theirs.get_voltage(),
            "remaining": theirs.get_remaining_capacity(),
            "full": theirs.get_total_capacity(),
            "cycles": theirs.get_cycle_number(),
            "charge_voltage_limit": theirs.get_charge_voltage_limit(),
            "discharge_voltage_limit": theirs.get_discharge_voltage_limit(),
            "charge_current_limit": theirs.get_charge_current_limit(),
            "discharge_current_limit": theirs.get_discharge_current_limit(),
            "bms_temperature": theirs.get_bms_temperature(),
        }
        cells, temperatures = theirs.get_cell_voltages(), theirs.get_cell_temperatures()
        theirs.serial.close()
    line.close()
    assert {name: ours[name].value for name in pairs} == pytest.approx(pairs)
    assert [ours[f"cell_{number}"].value for number in range(1, 5)] == cells[:4]
    assert [ours[f"temperature_{number}"].value for number in range(1, 5)] == temperatures[:4]
    # It gives all 16 places, so that cells which are not there are 0 V; here they are absent.
    assert cells[4:] == [0] * 12
    assert ours["cell_5"].quality is Quality.ABSENT


def test_the_package_is_wrong_about_temperatures_below_0() -> None:
    """It takes them as unsigned: -5.0 C is 6548.6 C there. The document says signed."""
    raw = struct.pack(">h", -50)
    assert int.from_bytes(raw, "big") / 10 == 6548.6
    values = LFP.decode(Block(HOLDING, 5018, 1), raw)
    assert values["temperature_1"].value == -5.0


# --- whatever comes ------------------------------------------------------------------------------


@given(st.data())
def test_random_bytes_never_give_a_value_outside_its_range(data: st.DataObject) -> None:
    values: dict[str, Decoded] = {}
    for block in (*LFP.live, *LFP.slow, *LFP.settings, Block(HOLDING, 5000, 34)):
        raw = data.draw(st.binary(min_size=2 * block.count, max_size=2 * block.count))
        values.update(LFP.decode(block, raw))
    for name, decoded in values.items():
        assert (decoded.value is None) is (decoded.quality is not Quality.OK)
        assert decoded.value is None or TABLE[name].low <= decoded.value <= TABLE[name].high
    reading = LFP.make_reading(Stamp(NOON, "0", 0.0), Sample(values))
    for name in FIELDS:
        assert (getattr(reading, name) is None) is (name in reading.quality)
    assert reading.state_of_charge_pct is None or 0 <= reading.state_of_charge_pct <= 100


@given(st.binary(max_size=32))
def test_any_name_is_recognised_or_not_without_an_error(name: bytes) -> None:
    identification = LFP.recognise(name)
    assert identification is None or identification.certain
