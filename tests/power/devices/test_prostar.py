"""The ProStar MPPT driver: half floats, its pauses, its quirks, and what its values mean."""

import math
import struct
from collections.abc import Collection
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.model import ChargeStage, PowerReading, Quality, Stamp
from appliance.sections.pace import SimulationSettings
from appliance.settings import BatterySettings, Settings
from power.devices.prostar import ProstarMppt
from power.protocol.bus import ModbusBus
from power.protocol.errors import NoAnswer
from power.protocol.links import ModbusLink
from power.protocol.profile import Sample
from power.protocol.register import INPUT, Decoded, decode, encode
from power.reading.meter import Meter
from power.reading.set_points import IN_READINGS
from provisioning.simulated.devices.prostar import IDENTITY, SimulatedProstar
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.quirks import SILENCE, TORN32
from provisioning.simulated.plant.plant import Plant
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import NOON, make_night, make_sunny_noon, serve_on_line

TABLE, PROFILE = index_by_name(ProstarMppt.registers), ProstarMppt()


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("battery_voltage", "4A A6", 13.296875),  # by hand: 2^3 x (1 + 0x2A6 / 1024)
        ("battery_voltage", "4B 0D", 14.1015625),
        ("charge_current", "3D 33", 1.2998046875),
        ("net_battery_current", "C2 9A", -3.30078125),
        ("load_current", "00 00", 0.0),
        ("remote_temperature", "C9 00", -10.0),
        ("remote_temperature", "80 00", 0.0),  # minus nothing
        ("array_voltage", "54 D0", 77.0),
    ],
)
def test_a_half_float_decodes(name: str, word: str, value: float) -> None:
    assert decode(TABLE[name], bytes.fromhex(word)) == Decoded(value, Quality.OK)


@pytest.mark.parametrize("word", ["7E 00", "7F FF", "FE 00", "7C 01"])
def test_not_a_number_is_absent(word: str) -> None:
    assert decode(TABLE["remote_temperature"], bytes.fromhex(word)).quality is Quality.ABSENT


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("battery_voltage", "7C 00"),  # infinite
        ("battery_voltage", "FC 00"),
        ("battery_voltage", "00 00"),
        ("battery_voltage", "52 80"),  # 52 V: no ProStar
        ("charge_current", "C9 00"),
        ("charge_state", "00 0B"),
        ("load_state", "00 09"),
    ],
)
def test_what_no_prostar_can_mean_is_implausible(name: str, word: str) -> None:
    assert decode(TABLE[name], bytes.fromhex(word)).quality is Quality.IMPLAUSIBLE


@given(st.integers(0, 0xFFFF))
def test_halves_are_read_as_python_reads_them(word: int) -> None:
    data = word.to_bytes(2, "big")
    (expected,) = struct.unpack(">e", data)
    decoded = decode(TABLE["array_voltage"], data)
    if math.isnan(expected):
        assert decoded.quality is Quality.ABSENT
    elif -2 <= expected <= 130:
        assert decoded.value == expected
        assert encode(TABLE["array_voltage"], expected) == data
    else:
        assert decoded.quality is Quality.IMPLAUSIBLE


# --- a whole reply, by hand -----------------------------------------------------------------------


def build_live_reply() -> bytes:
    """0010 to 002E at noon: 20 A out of 8 A at 36 V, 3 A for the load, no remote sensor."""
    words = ["0000"] * 31
    by_address = {
        0x10: "4D00", 0x11: "4800", 0x12: "4AC0", 0x13: "5080", 0x14: "4AC0", 0x15: "4C40",
        0x16: "4200", 0x17: "0000", 0x18: "4AC0", 0x1B: "4E40", 0x1D: "7E00", 0x21: "0005",
        0x24: "4B33", 0x26: "0001", 0x27: "E240", 0x2B: "0519", 0x2E: "0001",
    }  # fmt: skip
    for address, word in by_address.items():
        words[address - 0x10] = word
    return bytes.fromhex("".join(words))


def test_a_reply_worked_out_by_hand_is_read_on_a_line() -> None:
    ask = bytes.fromhex("01 04 00 10 00 1F B0 07")
    reply = build_rtu_frame(1, bytes([INPUT, 62]) + build_live_reply())
    with replay((ask, [reply[:20], reply[20:]])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), PROFILE.serial, timeout_s=0.5, gap_s=PROFILE.gap_s)
        reading = Meter(PROFILE, ModbusLink(PROFILE, bus, 1), FakeClock()).read()
        bus.close()
    assert reading.battery_voltage_v == 13.5
    assert reading.battery_current_a == 17.0
    assert reading.pv_voltage_v == 36.0
    assert reading.pv_power_w == 288.0
    assert reading.load_power_w == 40.5
    assert reading.charge_stage is ChargeStage.BULK
    assert reading.quality == {
        "battery_temperature_c": Quality.ABSENT,
        "yield_today_wh": Quality.ABSENT,
    }
    decoded = PROFILE.decode(PROFILE.live[0], build_live_reply())
    assert decoded["charge_resettable"].value == 12345.6
    assert decoded["energy_total"].value == 130.5
    assert decoded["target_voltage"].value == pytest.approx(14.4, abs=0.01)


# --- what the values mean -------------------------------------------------------------------------


def make_reading(**values: float) -> PowerReading:
    sample = Sample({name: Decoded(number, Quality.OK) for name, number in values.items()})
    return PROFILE.make_reading(Stamp(NOON, "0", 0.0), sample)


SUN = {"array_voltage": 36.0, "array_current": 8.0, "battery_voltage": 13.5}


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (0, ChargeStage.OFF),
        (1, ChargeStage.OFF),
        (2, ChargeStage.OFF),
        (3, ChargeStage.OFF),
        (4, ChargeStage.FAULT),
        (5, ChargeStage.BULK),
        (6, ChargeStage.ABSORPTION),
        (7, ChargeStage.FLOAT),
        (8, ChargeStage.EQUALIZE),
        (9, None),
        (10, None),
    ],
)
def test_each_charge_state_has_its_stage(state: int, stage: ChargeStage | None) -> None:
    reading = make_reading(charge_state=state)
    assert reading.charge_stage is stage
    assert ("charge_stage" in reading.quality) == (stage is None)


@pytest.mark.parametrize(
    ("charge_a", "load_a", "net_a", "believed"),
    [
        (20.0, 3.0, 17.0, True),
        (20.0, 3.0, 18.5, True),  # measured one after the other
        (20.0, 3.0, 20.0, False),
        (20.0, 8.0, 20.0, False),
        (0.0, 3.0, 0.0, False),  # reserved registers that read 0
        (0.0, 3.0, -3.0, False),  # 288 W go in and nothing comes out
        (20.0, 3.0, -17.0, False),
    ],
)
def test_the_net_current_must_be_charge_less_load(
    charge_a: float, load_a: float, net_a: float, believed: bool
) -> None:
    reading = make_reading(
        **SUN, charge_current=charge_a, load_current=load_a, net_battery_current=net_a
    )
    assert reading.battery_current_a == (net_a if believed else None)
    if not believed:
        assert reading.quality["battery_current_a"] is Quality.IMPLAUSIBLE


def test_a_net_current_that_cannot_be_checked_is_unknown() -> None:
    assert make_reading(net_battery_current=-3.0).quality["battery_current_a"] is Quality.ABSENT


def test_a_pv_power_that_does_not_arrive_is_rejected() -> None:
    assert make_reading(**SUN, charge_current=20.0).pv_power_w == 288.0
    assert make_reading(**SUN, charge_current=2.0).quality["pv_power_w"] is Quality.IMPLAUSIBLE
    assert make_reading(array_voltage=36.0).pv_power_w is None


@pytest.mark.parametrize(
    ("state", "load_v", "load_w", "quality"),
    [
        (1, 13.5, 40.5, None),
        (2, 13.5, 40.5, None),
        (3, 0.0, 0.0, None),
        (3, 13.5, None, Quality.IMPLAUSIBLE),
        (4, 13.5, None, Quality.IMPLAUSIBLE),
        (5, 0.5, 1.5, None),
        (6, 0.0, 0.0, None),
        (7, 13.5, 40.5, None),
        (8, 0.0, None, Quality.ABSENT),
    ],
)
def test_the_load_agrees_with_its_state(
    state: int, load_v: float, load_w: float | None, quality: Quality | None
) -> None:
    reading = make_reading(load_voltage=load_v, load_current=3.0, load_state=state)
    assert reading.load_power_w == load_w
    assert reading.quality.get("load_power_w") is quality


def test_what_was_not_read_is_none_and_never_zero() -> None:
    reading, others = make_reading(), {*IN_READINGS, "cell_uvp_v", "lowest_cell_voltage_v"}
    for name in set(PowerReading.__dataclass_fields__) - others:
        if name.endswith(("_w", "_v", "_a", "_c", "_wh")):
            assert (getattr(reading, name), reading.quality[name]) == (None, Quality.ABSENT)


# --- the probe ------------------------------------------------------------------------------------


def build_signature(device: SimulatedProstar) -> bytes:
    return ModbusLink(PROFILE, LoopbackBus(device), 1).read_raw(PROFILE.signature)


def test_a_prostar_is_recognised_by_its_own_supplies() -> None:
    found = PROFILE.recognise(build_signature(SimulatedProstar(make_sunny_noon())))
    assert found == ("a ProStar MPPT, version 5, set for 12 V", True)
    pwm = PROFILE.recognise(build_signature(SimulatedProstar(make_sunny_noon(), ["pwm"])))
    assert pwm is not None
    assert not pwm.certain
    assert "PWM" in pwm.text


@pytest.mark.parametrize("reply", [bytes(18), b"\xff" * 18, bytes(range(18)), b"", b"\x7e\x00" * 9])
def test_another_device_is_not_taken_for_a_prostar(reply: bytes) -> None:
    assert PROFILE.recognise(reply) is None


# --- the meter on simulated devices ---------------------------------------------------------------


def make_prostar_meter(device: SimulatedProstar) -> Meter:
    return Meter(PROFILE, ModbusLink(PROFILE, LoopbackBus(device), 1), FakeClock())


def encode_half(value: float) -> object:
    """As near as a half float comes, twice (a product of two)."""
    return pytest.approx(value, rel=0.001, abs=0.002)


def assert_agrees(reading: PowerReading, plant: Plant) -> None:
    """The reading is the plant's state, but for the rounding of half floats."""
    assert reading.pv_power_w == encode_half(plant.pv_power_w)
    assert reading.pv_voltage_v == encode_half(plant.pv_voltage_v)
    assert reading.battery_voltage_v == encode_half(plant.battery_voltage_v)
    assert reading.battery_current_a == encode_half(plant.battery_current_a)
    assert reading.load_power_w == encode_half(plant.load_power_w)
    assert reading.charge_stage is plant.stage
    assert set(reading.quality) == {"yield_today_wh"}


@pytest.mark.parametrize("plant", [make_sunny_noon, make_night])
@pytest.mark.parametrize("quirks", [(), (TORN32,)])
def test_it_reads_the_plant(plant: type[Plant], quirks: Collection[str]) -> None:
    there = plant()  # type: ignore[call-arg]
    assert_agrees(make_prostar_meter(SimulatedProstar(there, quirks)).read(), there)


def test_it_reads_a_24_volt_plant_and_a_share_of_it() -> None:
    plant = make_sunny_noon(Settings(battery=BatterySettings(nominal_voltage_v=25.6)))
    reading = make_prostar_meter(SimulatedProstar(plant, share=0.5)).read()
    assert reading.pv_power_w == encode_half(plant.pv_power_w / 2)
    assert reading.battery_current_a == encode_half(plant.battery_current_a / 2)
    assert reading.battery_voltage_v == encode_half(plant.battery_voltage_v)


def test_one_request_a_poll_and_nothing_else() -> None:
    assert len(PROFILE.live) == 1
    assert not PROFILE.slow
    assert len(PROFILE.settings) == 1  # once an hour
    assert PROFILE.gap_s >= 0.5


def test_without_a_remote_sensor_there_is_no_battery_temperature() -> None:
    reading = make_prostar_meter(SimulatedProstar(make_sunny_noon(), ["no-remote-sensor"])).read()
    assert reading.battery_temperature_c is None
    assert reading.quality["battery_temperature_c"] is Quality.ABSENT
    plant = make_sunny_noon()
    fitted = make_prostar_meter(SimulatedProstar(plant)).read()
    assert fitted.battery_temperature_c == pytest.approx(plant.battery_temperature_c, abs=0.02)


def test_the_states_of_the_dark_are_all_off() -> None:
    meter = make_prostar_meter(SimulatedProstar(make_night(), ["start-up"]))
    assert {meter.read().charge_stage for _ in range(6)} == {ChargeStage.OFF}


def test_a_load_that_is_cut_draws_nothing_and_one_that_is_not_there_is_absent() -> None:
    plant = make_night()
    cut = make_prostar_meter(SimulatedProstar(plant, ["load-cut"])).read()
    assert (cut.load_power_w, cut.battery_current_a) == (0.0, 0.0)
    unused = make_prostar_meter(SimulatedProstar(plant, ["load-not-used"])).read()
    assert unused.load_power_w is None
    assert unused.quality["load_power_w"] is Quality.ABSENT


@pytest.mark.parametrize("plant", [make_sunny_noon, make_night])
def test_a_pwm_model_never_passes_for_a_current_of_0(plant: type[Plant]) -> None:
    there = plant()  # type: ignore[call-arg]
    reading = make_prostar_meter(SimulatedProstar(there, ["pwm"])).read()
    assert reading.battery_current_a is None
    assert reading.quality["battery_current_a"] is Quality.IMPLAUSIBLE
    assert reading.battery_voltage_v == encode_half(there.battery_voltage_v)
    assert reading.load_power_w == encode_half(there.load_power_w)


def test_a_silent_controller_is_an_error() -> None:
    with pytest.raises(NoAnswer):
        make_prostar_meter(SimulatedProstar(make_sunny_noon(), [SILENCE])).read()


def test_a_day_of_every_quirk_brings_no_wrong_value() -> None:
    weather = SimulationSettings(cloudiness=0.0, battery_charge_pct=85.0)
    plant = Plant(Settings(simulation=weather), NOON - timedelta(hours=10))
    meter = make_prostar_meter(SimulatedProstar(plant, ["no-remote-sensor", "start-up", TORN32]))
    stages = set()
    for minute in range(0, 1440, 15):
        plant.advance(NOON + timedelta(minutes=minute - 600), 15.0)
        reading = meter.read()
        stages.add(reading.charge_stage)
        assert reading.pv_power_w == encode_half(plant.pv_power_w)
        assert reading.battery_current_a == pytest.approx(plant.battery_current_a, abs=0.02)
        assert reading.charge_stage is plant.stage
    assert len(stages) >= 3


def test_the_simulator_ignores_what_comes_too_soon() -> None:
    clock = FakeClock()
    device = SimulatedProstar(make_sunny_noon(), ["too-fast"], now_s=clock.media_s)
    ask = codec.build_read(INPUT, 0x0010, 31)
    assert device.answer(ask) is not None
    clock.advance(0.4)
    assert device.answer(ask) is None
    clock.advance(0.4)
    assert device.answer(ask) is None  # the ignored one counts as well
    clock.advance(0.5)
    assert device.answer(ask) is not None


@pytest.mark.parametrize("pdu", ["0600100100", "10e022000102ffff", "0500020000", "050002ff00"])
def test_the_simulator_takes_no_write(pdu: str) -> None:
    reply = SimulatedProstar(make_sunny_noon()).answer(bytes.fromhex(pdu))
    assert reply is not None
    assert reply[0] & 0x80


# --- lines ----------------------------------------------------------------------------------------


def test_the_driver_keeps_the_pause_that_a_prostar_needs() -> None:
    plant, clock = make_sunny_noon(), FakeClock()
    device = SimulatedProstar(plant, ["too-fast"], now_s=clock.media_s)
    with serve_on_line(PROFILE, device, clock=clock) as meter:
        for _ in range(4):
            assert_agrees(meter.read(), plant)


def test_the_simulated_prostar_identifies_itself() -> None:
    reply = SimulatedProstar(make_sunny_noon()).answer(bytes.fromhex("2B 0E 01 00"))
    assert reply == codec.build_identity_reply(IDENTITY)


def test_it_reads_the_plant_on_a_line_with_an_echo_and_bursts() -> None:
    plant = make_sunny_noon()
    with serve_on_line(PROFILE, SimulatedProstar(plant), quirks=["echo", "two-bursts"]) as meter:
        assert_agrees(meter.read(), plant)


# --- whatever comes -------------------------------------------------------------------------------


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.binary(min_size=62, max_size=62), st.binary(min_size=18, max_size=18))
def test_no_bytes_make_a_value_out_of_range(live: bytes, supplies: bytes) -> None:
    values = PROFILE.decode(PROFILE.live[0], live)
    for name, decoded in values.items():
        row = TABLE[name]
        assert decoded.value is None or row.low <= decoded.value <= row.high
    reading = PROFILE.make_reading(Stamp(NOON, "0", 0.0), Sample(values))
    assert reading.battery_current_a is None or abs(reading.battery_current_a) <= 50
    assert reading.battery_voltage_v is None or 7 <= reading.battery_voltage_v <= 40
    PROFILE.recognise(supplies)
