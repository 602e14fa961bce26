"""The EPEver driver: captured frames of a real Tracer, its quirks, and what its values mean."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from appliance.errors import BusError, SettingsError
from appliance.model import ChargeStage, PowerReading, Quality, Stamp
from appliance.sections.pace import SimulationSettings
from appliance.settings import PanelsSettings, Settings
from power.devices import find_charger
from power.devices.epever import EpeverTracer
from power.protocol.bus import ModbusBus, ModbusReader
from power.protocol.errors import ExceptionAnswer, NoAnswer
from power.protocol.links import ModbusLink
from power.protocol.profile import Sample
from power.protocol.register import (
    ABSENT,
    HOLDING,
    IMPLAUSIBLE,
    INPUT,
    UNREAD,
    Decoded,
    decode,
    decode_block,
    encode,
)
from power.reading.meter import Meter
from power.reading.set_points import IN_READINGS
from provisioning.simulated.devices.epever import (
    ABSENT_PROBE,
    SMALL_BLOCKS,
    SOC606,
    SimulatedEpever,
)
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.pdu import build_identity_reply
from provisioning.simulated.lines.quirks import SILENCE, TORN32
from provisioning.simulated.plant.plant import Plant
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import make_meter

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
TABLE = index_by_name(EpeverTracer.registers)


def read_recorded(request: str, reply: str, function: int, address: int, count: int = 1) -> object:
    """What the bus makes of a captured exchange, on a real pseudo-terminal."""
    with replay((bytes.fromhex(request), [bytes.fromhex(reply)])) as peer:
        return ModbusBus(peer.port, FakeClock(), timeout_s=0.5).read(function, address, count, 1)


def decode_value(words: object, name: str) -> float | None:
    assert isinstance(words, tuple)
    return decode(TABLE[name], struct.pack(f">{len(words)}H", *words)).value


def test_captured_values_of_a_tracer2215bn() -> None:
    pv = read_recorded("01 04 31 00 00 01 3F 36", "01 04 02 00 C5 79 63", INPUT, 0x3100)
    battery = read_recorded("01 04 31 04 00 01 7E F7", "01 04 02 05 10 BB AC", INPUT, 0x3104)
    charge = read_recorded("01 04 31 1A 00 01 1E F1", "01 04 02 00 46 38 C2", INPUT, 0x311A)
    lowest = read_recorded("01 03 90 18 00 01 29 0D", "01 03 02 F0 60 FC 6C", HOLDING, 0x9018)
    clock = read_recorded(
        "01 03 90 13 00 03 D9 0E", "01 03 06 18 05 02 02 0F 07 0A E7", HOLDING, 0x9013, 3
    )
    assert decode_value(pv, "pv_voltage") == 1.97
    assert decode_value(battery, "battery_voltage") == 12.96
    assert decode_value(charge, "state_of_charge") == 70
    assert decode_value(lowest, "battery_lower_temperature") == -40.0
    # 24 min 5 s, day 2 at 2 h, year 15 month 7: 2015-07-02 02:24:05
    assert clock == (24 << 8 | 5, 2 << 8 | 2, 15 << 8 | 7)


def test_the_simulator_identifies_itself_as_a_captured_tracer2215bn_does() -> None:
    reply = (
        bytes.fromhex("2B 0E 01 01 00 00 03 00 15") + b"EPsolar Tech co., Ltd"
        b"\x01\x0cTracer2215BN\x02\x0dV02.05+V07.12"
    )
    assert build_identity_reply(("EPsolar Tech co., Ltd", "Tracer2215BN", "V02.05+V07.12")) == reply


@pytest.mark.parametrize(
    ("request_hex", "reply_hex", "function", "address"),
    [
        ("01 03 31 00 00 01 8A F6", "01 83 02 C0 F1", HOLDING, 0x3100),
        ("01 04 90 00 00 01 1C CA", "01 84 02 C2 C1", INPUT, 0x9000),
    ],
)
def test_the_captured_refusal_of_a_wrong_function(
    request_hex: str, reply_hex: str, function: int, address: int
) -> None:
    with pytest.raises(ExceptionAnswer) as caught:
        read_recorded(request_hex, reply_hex, function, address)
    assert caught.value.exception == 2


def test_a_torn_pair_is_never_a_value() -> None:
    high = read_recorded("01 04 33 1C 00 01 FF 48", "01 04 02 FF FF B8 80", INPUT, 0x331C)
    assert high == (0xFFFF,)
    assert decode_block(EpeverTracer.registers, INPUT, 0x331C, b"\xff\xff") == {}
    torn, whole = bytes.fromhex("0000 FFFF"), bytes.fromhex("FF9C FFFF")
    assert decode(TABLE["net_battery_current"], torn) == IMPLAUSIBLE  # -655.36 A
    assert decode(TABLE["net_battery_current"], whole).value == -1.0


def test_negative_temperatures_stay_negative() -> None:
    data = encode(TABLE["battery_temperature"], -12.34)
    assert data == bytes.fromhex("FB2E")
    assert decode(TABLE["battery_temperature"], data).value == -12.34


# --- what the values mean ------------------------------------------------------------------------


def make_reading(**values: float) -> PowerReading:
    sample = Sample({name: Decoded(number, Quality.OK) for name, number in values.items()})
    return EpeverTracer().make_reading(Stamp(NOON, "0", 0.0), sample)


@pytest.mark.parametrize(
    ("status", "battery_v", "stage"),
    [
        (0x4000, 13.0, ChargeStage.OFF),
        (0x0009, 13.2, ChargeStage.BULK),
        (0x0009, 14.4, ChargeStage.ABSORPTION),
        (0x0005, 13.6, ChargeStage.FLOAT),
        (0x000D, 14.6, ChargeStage.EQUALIZE),
        (0x000B, 13.2, ChargeStage.BULK),  # D1 alone is no fault: some units always set it
        (0x2009, 13.2, ChargeStage.FAULT),  # charge transistor shorted
        (0x8000, 13.2, ChargeStage.FAULT),  # PV voltage too high
    ],
)
def test_the_charge_stage_is_read_from_3201(
    status: int, battery_v: float, stage: ChargeStage
) -> None:
    reading = make_reading(charger_status=status, battery_voltage=battery_v, boost_voltage=14.4)
    assert reading.charge_stage is stage


def test_boost_without_a_known_setpoint_is_bulk() -> None:
    assert make_reading(charger_status=9, battery_voltage=14.4).charge_stage is ChargeStage.BULK


def test_a_pv_power_that_is_not_volts_times_amperes_is_rejected() -> None:
    torn = make_reading(pv_power=655.36 + 100, pv_voltage=35.0, pv_current=2.9)
    assert torn.pv_power_w is None
    assert torn.quality["pv_power_w"] is Quality.IMPLAUSIBLE
    assert make_reading(pv_power=100, pv_voltage=35.0, pv_current=2.9).pv_power_w == 100


def test_the_probe_that_is_not_there_is_absent_and_not_25_degrees() -> None:
    absent = make_reading(battery_temperature=25.0, remote_temperature=0.0)
    assert absent.battery_temperature_c is None
    assert absent.quality["battery_temperature_c"] is Quality.ABSENT
    warm = make_reading(battery_temperature=25.0, remote_temperature=25.0)
    assert warm.battery_temperature_c == 25.0
    for lost in (UNREAD, ABSENT):  # the reply of 311B is lost, or the model refuses it
        values = {"battery_temperature": Decoded(25.0, Quality.OK), "remote_temperature": lost}
        unsure = EpeverTracer().make_reading(Stamp(NOON, "0", 0.0), Sample(values))
        assert unsure.battery_temperature_c is None
    assert make_reading(battery_temperature=25.01).battery_temperature_c == 25.01


def test_without_331b_the_net_current_is_charge_minus_load() -> None:
    assert make_reading(charge_current=2.0, load_current=5.5).battery_current_a == -3.5
    by_power = make_reading(charge_power=26.0, load_power=52.0, battery_voltage=13.0)
    assert by_power.battery_current_a == -2.0
    assert make_reading(charge_current=2.0).quality["battery_current_a"] is Quality.ABSENT


WITHOUT_VALUE = (
    *("stamp", "device", "quality", "ages_s"),
    *("lowest_cell_voltage_v", "charge_allowed", "discharge_share"),  # what only a BMS knows
    "cell_uvp_v",
    *IN_READINGS,  # tests/power/reading/test_set_points.py
)


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading = make_reading()
    fields = set(PowerReading.__dataclass_fields__) - set(WITHOUT_VALUE)
    assert all(getattr(reading, name) is None for name in fields)
    assert set(reading.quality) == fields


# --- the meter, on simulated devices without a wire -----------------------------------------------


def make_plant(settings: Settings, **simulation: float) -> Plant:
    changed = replace(settings.simulation, **simulation)  # type: ignore[arg-type]
    plant = Plant(replace(settings, simulation=changed), NOON - timedelta(hours=1))
    plant.advance(NOON, 25.0)
    return plant


class RecorderBus:
    """A bus that counts, refuses blocks of more than `most` words, and can lose its device."""

    def __init__(self, bus: ModbusReader, most: int = 125) -> None:
        self.bus = bus
        self.most = most
        self.asked: list[tuple[int, int]] = []
        self.lost_after: int | None = None

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        self.asked.append((address, count))
        if self.lost_after is not None and len(self.asked) > self.lost_after:
            raise NoAnswer("gone")
        if count > self.most:
            raise ExceptionAnswer("too many", 2)
        return self.bus.read(function, address, count, device_id)


def make_tracer_meter(plant: Plant, clock: FakeClock, quirks: Sequence[str] = ()) -> Meter:
    return make_meter(EpeverTracer(), SimulatedEpever(plant, quirks), clock)


def assert_agrees(reading: PowerReading, plant: Plant) -> None:
    """The reading is the plant's state, but for the rounding of the registers."""
    assert reading.pv_power_w == pytest.approx(plant.pv_power_w, abs=0.006)
    assert reading.pv_voltage_v == pytest.approx(plant.pv_voltage_v, abs=0.006)
    assert reading.battery_voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
    assert reading.battery_current_a == pytest.approx(plant.battery_current_a, abs=0.006)
    assert reading.load_power_w == pytest.approx(plant.load_power_w, abs=0.006)
    assert reading.yield_today_wh == pytest.approx(plant.yield_today_wh, abs=6)
    assert reading.charge_stage is plant.stage
    assert reading.quality == {}


def test_a_poll_is_few_requests_and_the_settings_are_read_once_an_hour(
    settings: Settings, clock: FakeClock
) -> None:
    bus = RecorderBus(LoopbackBus(SimulatedEpever(make_plant(settings))))
    meter = Meter(EpeverTracer(), ModbusLink(EpeverTracer(), bus, 1), clock)
    for _ in range(3):
        meter.read()
    assert len(bus.asked) == 3 * 5 + 4
    clock.advance(3590)
    meter.read()
    assert bus.asked.count((0x9000, 15)) == 1
    clock.advance(11)
    meter.read()
    assert bus.asked.count((0x9000, 15)) == 2


def test_a_device_with_small_blocks_is_read_register_by_register(
    settings: Settings, clock: FakeClock
) -> None:
    plant = make_plant(settings)
    bus = RecorderBus(LoopbackBus(SimulatedEpever(plant)), most=2)
    meter = Meter(EpeverTracer(), ModbusLink(EpeverTracer(), bus, 1), clock)
    assert_agrees(meter.read(), plant)
    before = len(bus.asked)
    meter.read()
    assert max(count for _, count in bus.asked[before:]) == 2  # what was refused is not asked again


def test_a_pair_that_comes_word_by_word_is_read_high_low_high(
    settings: Settings, clock: FakeClock
) -> None:
    plant = make_plant(settings)
    bus = RecorderBus(LoopbackBus(SimulatedEpever(plant)), most=1)
    meter = Meter(EpeverTracer(), ModbusLink(EpeverTracer(), bus, 1), clock)
    assert_agrees(meter.read(), plant)
    asked = [address for address, count in bus.asked if address in (0x3102, 0x3103) and count == 1]
    assert asked == [0x3103, 0x3102, 0x3103]


def test_a_pair_whose_high_word_changes_between_its_two_reads_is_rejected(
    settings: Settings, clock: FakeClock
) -> None:
    class Turning(RecorderBus):
        def read(self, *what: Any) -> tuple[int, ...]:
            words = super().read(*what)
            return (len(self.asked),) if what[1] == 0x3103 else words

    bus = Turning(LoopbackBus(SimulatedEpever(make_plant(settings))), most=1)
    reading = Meter(EpeverTracer(), ModbusLink(EpeverTracer(), bus, 1), clock).read()
    assert reading.pv_power_w is None
    assert reading.quality["pv_power_w"] is Quality.STALE


def test_a_3210a_without_331b_still_gives_the_battery_current(
    settings: Settings, clock: FakeClock
) -> None:
    plant = make_plant(settings)
    reading = make_tracer_meter(plant, clock, [SMALL_BLOCKS]).read()
    assert reading.battery_current_a == pytest.approx(plant.battery_current_a, abs=0.02)
    assert reading.quality == {}


def test_a_device_that_falls_silent_in_a_poll_leaves_the_rest_stale(
    settings: Settings, clock: FakeClock
) -> None:
    bus = RecorderBus(LoopbackBus(SimulatedEpever(make_plant(settings))))
    bus.lost_after = 2
    reading = Meter(EpeverTracer(), ModbusLink(EpeverTracer(), bus, 1), clock).read()
    assert reading.battery_voltage_v is not None
    assert reading.yield_today_wh is None
    assert reading.quality["yield_today_wh"] is Quality.STALE


def test_a_silent_device_is_asked_twice_and_is_an_error(
    settings: Settings, clock: FakeClock
) -> None:
    bus = RecorderBus(LoopbackBus(SimulatedEpever(make_plant(settings), [SILENCE])))
    with pytest.raises(NoAnswer):
        Meter(EpeverTracer(), ModbusLink(EpeverTracer(), bus, 1), clock).read()
    assert len(bus.asked) == 2


def test_another_make_of_device_is_an_error_that_names_the_setting(clock: FakeClock) -> None:
    class Refusing:
        port = "nowhere"

        def read(self, *what: object) -> tuple[int, ...]:
            raise ExceptionAnswer("no", 2)

    with pytest.raises(BusError, match=r"check `model` in the settings"):
        Meter(EpeverTracer(), ModbusLink(EpeverTracer(), Refusing(), 1), clock).read()


def test_torn_pairs_606_percent_and_a_missing_probe_never_reach_a_reading(
    settings: Settings, clock: FakeClock
) -> None:
    panels = PanelsSettings(peak_w=1200)
    plant = Plant(
        replace(settings, panels=panels, simulation=SimulationSettings(cloudiness=0.0)),
        NOON - timedelta(hours=6),
    )
    quirks = [TORN32, SOC606, ABSENT_PROBE]
    meter = make_tracer_meter(plant, clock, quirks)
    torn = 0
    for minute in range(0, 1000, 5):
        load_w = 25.0 if minute % 10 else 700.0
        plant.advance(NOON - timedelta(hours=6) + timedelta(minutes=minute), load_w)
        reading = meter.read()
        torn += Quality.IMPLAUSIBLE in reading.quality.values()
        assert reading.battery_temperature_c is None
        for found, true in (
            (reading.pv_power_w, plant.pv_power_w),
            (reading.battery_current_a, plant.battery_current_a),
        ):
            assert found is None or found == pytest.approx(true, abs=0.02)
    assert torn > 5  # the quirk did show


def test_an_unknown_model_names_the_nearest_known_one(clock: FakeClock) -> None:
    with pytest.raises(SettingsError, match="did you mean 'epever-tracer'"):
        find_charger("epever-tracker")
    assert find_charger("epever-tracer").name == "epever-tracer"
