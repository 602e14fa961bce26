"""The Victron GX driver: what a 0 means, its services, refusals, and one real TCP port."""

import struct
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BusError
from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality, Stamp
from power.devices.victron_gx import GxBattery, GxSolarcharger, GxSystem
from power.protocol.bus import Lines
from power.protocol.errors import ExceptionAnswer
from power.protocol.links import ModbusLink
from power.protocol.profile import Block, Profile, Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, INPUT, UNREAD, Decoded
from power.reading.meters import open_meter
from provisioning.simulated.devices.victron_gx import (
    PORTAL_ID,
    STATES,
    SimulatedGxBattery,
    SimulatedGxSolarcharger,
    SimulatedGxSystem,
)
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.pdu import build_read
from provisioning.simulated.lines.tcp_line import TcpLine
from tests.power.devices.gx_answer import make_gx_answer
from tests.power.register_tables import index_by_name
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import NOON, make_meter, make_night, make_sunny_noon

SYSTEM, CHARGER, BATTERY = GxSystem(), GxSolarcharger(), GxBattery()
PAIRS = (
    (SYSTEM, SimulatedGxSystem),
    (CHARGER, SimulatedGxSolarcharger),
    (BATTERY, SimulatedGxBattery),
)
STAMP = Stamp(NOON, "0", 0.0)


def make_sample(values: dict[str, float | Decoded]) -> Sample:
    return Sample({
        name: one if isinstance(one, Decoded) else Decoded(one, Quality.OK)
        for name, one in values.items()
    })  # fmt: skip


def make_power_reading(
    profile: GxSystem | GxSolarcharger, **values: float | Decoded
) -> PowerReading:
    return profile.make_reading(STAMP, make_sample(values))


def make_battery_reading(**values: float | Decoded) -> BatteryReading:
    return BATTERY.make_reading(STAMP, make_sample(values))


def encode_words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


# --- registers by hand, after attributes.csv ------------------------------------------------------


def test_registers_written_by_hand_become_the_values_that_the_csv_gives() -> None:
    block = [0] * 27  # 840 to 866
    block[0], block[1], block[2], block[3], block[4] = 134, 0xFFE2, 0xFFD8, 78, 2
    block[7:10] = [0xFFFF] * 3
    block[10], block[11], block[20] = 245, 183, 285
    reading = SYSTEM.make_reading(
        STAMP, Sample(SYSTEM.decode(SYSTEM.live[0], encode_words(*block)))
    )
    assert reading.battery_voltage_v == 13.4
    assert reading.battery_current_a == -3.0
    assert reading.pv_power_w == 245
    assert reading.load_power_w == 285


def test_a_negative_scale_flips_the_sign_of_an_unsigned_register() -> None:
    values = BATTERY.decode(BATTERY.live[0], encode_words(0, 1340, 0, 0, 0, 0, 0, 200, *[0] * 14))
    assert values["consumed"].value == -20.0


def test_reserved_registers_are_no_values() -> None:
    assert SYSTEM.decode(SYSTEM.live[0], b"\xff" * 54)["battery_voltage"] == IMPLAUSIBLE
    assert CHARGER.decode(Block(INPUT, 791, 1), encode_words(255))["tracker_mode"] == ABSENT


# --- what a 0 means -------------------------------------------------------------------------------


def test_a_gx_without_values_gives_none_at_all() -> None:
    for profile, device in PAIRS:
        reading = make_meter(profile, device(make_sunny_noon(), ["no-values"])).read()
        fields = set(type(reading).__dataclass_fields__)
        fields -= {"stamp", "device", "quality", "ages_s"}
        assert {name for name in fields if getattr(reading, name) is not None} == set()


def test_an_empty_battery_is_accepted_only_where_another_value_agrees() -> None:
    sound = {"voltage": 13.3, "state_of_charge": 0.0}
    assert make_battery_reading(**sound).state_of_charge_pct is None
    assert make_battery_reading(**sound).quality["state_of_charge_pct"] is Quality.ABSENT
    assert make_battery_reading(**sound, lowest_cell_voltage=3.3).state_of_charge_pct is None
    assert make_battery_reading(**sound, lowest_cell_voltage=2.8).state_of_charge_pct == 0
    assert make_battery_reading(**sound, low_charge=2).state_of_charge_pct == 0
    assert make_battery_reading(voltage=13.3, state_of_charge=0.4).state_of_charge_pct == 0.4


def test_a_state_of_charge_that_the_charge_drawn_cannot_explain_is_rejected() -> None:
    dropped = make_battery_reading(voltage=13.3, state_of_charge=11.0, consumed=-1.0)
    assert dropped.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    assert make_battery_reading(state_of_charge=11.0, consumed=-89.0).state_of_charge_pct == 11
    assert make_battery_reading(state_of_charge=99.0, consumed=-1.0).state_of_charge_pct == 99
    assert make_battery_reading(state_of_charge=11.0, consumed=0.0).state_of_charge_pct == 11


def test_no_current_counts_only_beside_a_state_of_charge_or_a_power() -> None:
    nothing = {"voltage": 13.3, "current": 0.0, "power": 0.0}
    assert (
        make_battery_reading(**nothing, state_of_charge=0.0).quality["current_a"] is Quality.ABSENT
    )
    assert make_battery_reading(**nothing, state_of_charge=80.0).current_a == 0
    assert make_battery_reading(voltage=13.3, current=0.0, power=1.0).current_a == 0
    system = {"battery_voltage": 13.3, "battery_current": 0.0, "battery_power": 0.0}
    assert make_power_reading(SYSTEM, **system, state_of_charge=0).battery_current_a is None
    assert make_power_reading(SYSTEM, **system, state_of_charge=5).battery_current_a == 0


def test_a_current_that_is_not_the_power_is_rejected() -> None:
    assert make_battery_reading(voltage=13.3, current=10.0, power=133.0).current_a == 10
    wrong = make_battery_reading(voltage=13.3, current=-10.0, power=133.0)
    assert wrong.quality["current_a"] is Quality.IMPLAUSIBLE
    assert (
        make_battery_reading(voltage=13.3, current=10.0, power=0.0).current_a == 10
    )  # its power is absent


@pytest.mark.parametrize(
    ("coldest", "warmest", "body", "lowest", "highest"),
    [
        (12.0, 14.5, 13.0, 12.0, 14.5),
        (0.0, 0.0, 0.0, None, None),  # no sensors
        (0.0, 0.0, 13.0, 13.0, 13.0),  # one sensor
        (0.0, 2.0, 1.0, 0.0, 2.0),  # truly freezing
        (-2.0, 0.0, -1.0, -2.0, 0.0),
        (0.0, 25.0, 24.0, 24.0, 25.0),  # the coldest is missing
        (-12.5, -3.0, 0.0, -12.5, -3.0),
    ],
)
def test_a_missing_sensor_is_never_freezing_point(
    coldest: float, warmest: float, body: float, lowest: float | None, highest: float | None
) -> None:
    reading = make_battery_reading(
        lowest_cell_temperature=coldest, highest_cell_temperature=warmest, temperature=body
    )
    assert (reading.lowest_temperature_c, reading.highest_temperature_c) == (lowest, highest)


def test_cells_and_permissions_that_a_monitor_does_not_have_are_absent() -> None:
    reading = make_meter(BATTERY, SimulatedGxBattery(make_sunny_noon(), ["monitor-only"])).read()
    absent = {"lowest_cell_voltage_v", "highest_cell_voltage_v", "lowest_temperature_c",
              "highest_temperature_c", "charge_allowed", "discharge_allowed"}  # fmt: skip
    assert {name for name in absent if reading.quality.get(name) is Quality.ABSENT} == absent
    assert reading.current_a is not None


def test_a_permission_is_known_where_one_of_the_two_is_given() -> None:
    cold = make_battery_reading(charge_allowed=0, discharge_allowed=1)
    assert (cold.charge_allowed, cold.discharge_allowed) == (False, True)
    assert make_battery_reading(charge_allowed=0, discharge_allowed=0).charge_allowed is None
    assert (
        make_battery_reading(charge_allowed=1, discharge_allowed=UNREAD).discharge_allowed is None
    )


def test_loads_that_read_0_are_unknown_because_this_unit_is_one_of_them() -> None:
    reading = make_meter(SYSTEM, SimulatedGxSystem(make_sunny_noon(), ["no-dc-system"])).read()
    assert reading.load_power_w is None
    assert reading.quality["load_power_w"] is Quality.ABSENT


def test_no_sun_is_rejected_while_the_battery_charges_from_nothing() -> None:
    assert make_meter(SYSTEM, SimulatedGxSystem(make_night())).read().pv_power_w == 0
    gone = make_meter(SYSTEM, SimulatedGxSystem(make_sunny_noon(), ["no-solar"])).read()
    assert gone.quality["pv_power_w"] is Quality.ABSENT
    dark = {"battery_voltage": 13.3, "battery_current": 8.0, "pv_power": 0, "pv_current": 0}
    assert make_power_reading(SYSTEM, **dark, charger_power=110).pv_power_w == 0
    assert make_power_reading(SYSTEM, **dark).pv_power_w is None
    torn = make_power_reading(SYSTEM, battery_voltage=13.3, pv_power=240, pv_current=2.0)
    assert torn.quality["pv_power_w"] is Quality.IMPLAUSIBLE


def test_a_solar_charger_that_is_unplugged_does_not_make_night() -> None:
    there = {"pv_power": 0, "charge_current": 0, "state": 0, "generated_today": 0}
    gone = make_power_reading(CHARGER, **there, battery_voltage=ABSENT)
    assert {gone.pv_power_w, gone.battery_current_a, gone.charge_stage, gone.yield_today_wh} == {
        None
    }
    sleeping = make_power_reading(CHARGER, **there, battery_voltage=13.2)
    assert sleeping.charge_stage is ChargeStage.OFF
    assert (sleeping.pv_power_w, sleeping.yield_today_wh) == (0, 0)


# --- stages and alarms ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "mode", "stage"),
    [
        (0, 0, ChargeStage.OFF),
        (2, 0, ChargeStage.FAULT),
        (3, 2, ChargeStage.BULK),
        (4, 1, ChargeStage.ABSORPTION),
        (5, 1, ChargeStage.FLOAT),
        (6, 1, ChargeStage.FLOAT),
        (7, 1, ChargeStage.EQUALIZE),
        (11, 2, None),
        (252, 2, ChargeStage.BULK),
        (252, 1, None),
        (252, 0, None),
        (99, 2, None),
    ],
)
def test_the_charge_stage_is_775_and_under_external_control_791(
    state: int, mode: int, stage: ChargeStage | None
) -> None:
    reading = make_power_reading(CHARGER, battery_voltage=13.2, state=state, tracker_mode=mode)
    assert reading.charge_stage is stage
    assert ("charge_stage" in reading.quality) is (stage is None)


def test_the_simulator_shows_each_stage_by_its_own_number() -> None:
    assert set(STATES) == set(ChargeStage)


def test_alarms_are_named_and_warnings_are_not_alarms() -> None:
    there = {"voltage": 13.2}
    assert make_battery_reading(
        **there, low_voltage=2, high_current=2, cell_imbalance=1
    ).alarms == ("low voltage, high current")
    assert make_battery_reading(**there, low_voltage=0).alarms == ""
    assert make_battery_reading(**there, low_voltage=0, alarm=2).alarms == "alarm"
    assert make_battery_reading(**there, low_voltage=0, contactor=UNREAD).alarms is None
    assert make_battery_reading(**there, low_voltage=2, contactor=UNREAD).alarms == "low voltage"
    assert make_battery_reading(voltage=ABSENT, low_voltage=0).alarms is None


# --- the simulated devices ------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_three_services_report_what_the_plant_does(share: float) -> None:
    plant = make_sunny_noon()
    whole = make_meter(SYSTEM, SimulatedGxSystem(plant, share=share)).read()
    sun = make_meter(CHARGER, SimulatedGxSolarcharger(plant, share=share)).read()
    pack = make_meter(BATTERY, SimulatedGxBattery(plant, share=share)).read()
    current_a = pytest.approx(plant.battery_current_a * share, abs=0.06)
    assert whole.battery_current_a == pack.current_a == current_a
    assert whole.pv_power_w == pytest.approx(plant.charge_power_w * share, abs=0.6)
    assert whole.load_power_w == pytest.approx(plant.load_power_w * share, abs=0.6)
    assert sun.pv_power_w == pytest.approx(plant.pv_power_w * share, abs=0.06)
    assert sun.pv_voltage_v == pytest.approx(plant.pv_voltage_v, abs=0.006)
    assert sun.yield_today_wh == pytest.approx(plant.yield_today_wh * share, abs=51)
    assert sun.charge_stage is plant.stage
    assert pack.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.06)
    assert pack.charge_allowed is True
    assert pack.lowest_cell_voltage_v == pytest.approx(plant.battery_voltage_v / 4, abs=0.02)
    assert set(whole.quality) == {
        "pv_voltage_v", "battery_temperature_c", "charge_stage", "yield_today_wh"
    }  # fmt: skip
    assert set(sun.quality) == {"load_power_w"}
    assert set(pack.quality) == {"remaining_ah", "full_ah"}


@pytest.mark.parametrize(
    ("profile", "device", "quirk"),
    [(*pair, quirk) for pair in PAIRS for quirk in pair[1].QUIRKS if quirk != "silence"],
)
def test_no_quirk_makes_a_wrong_value(profile: Profile, device: Any, quirk: str) -> None:
    plant = make_sunny_noon()
    for hours in range(0, 24, 2):
        plant.advance(NOON + timedelta(hours=hours), 25.0)
        if not plant.controller_powered:
            continue
        honest = make_meter(profile, device(plant)).read()
        try:
            reading = make_meter(profile, device(plant, [quirk])).read()
        except BusError:
            assert quirk == "service-gone"
            continue
        if quirk == "no-solar" and plant.battery_current_a < 0.2:
            continue  # 0 W beside a battery that discharges cannot be told from a dark day
        for name in set(type(reading).__dataclass_fields__) - {"quality", "ages_s"}:
            value = getattr(reading, name)
            assert value is None or value == getattr(honest, name), name


def test_a_unit_id_without_its_service_is_refused_with_0a() -> None:
    with pytest.raises(ExceptionAnswer) as caught:
        make_meter(BATTERY, SimulatedGxBattery(make_sunny_noon(), ["service-gone"])).read()
    assert caught.value.exception == 10


def test_an_older_firmware_is_read_register_by_register() -> None:
    for profile, device in PAIRS:
        reading = make_meter(profile, device(make_sunny_noon(), ["old-firmware"])).read()
        assert reading == make_meter(profile, device(make_sunny_noon())).read()


def test_both_functions_give_the_same_and_wrong_requests_are_refused() -> None:
    device = SimulatedGxSolarcharger(make_sunny_noon())
    inputs, holdings = device.answer(build_read(4, 771, 19)), device.answer(build_read(3, 771, 19))
    assert inputs is not None
    assert holdings is not None
    assert (inputs[0], holdings[0], inputs[1:]) == (4, 3, holdings[1:])
    assert inputs[2 + 22 : 2 + 26] == b"\xff\xff\xff\xff"
    assert device.answer(build_read(4, 771, 24)) == bytes([0x84, 2])  # crosses 794
    assert device.answer(build_read(3, 770, 2)) == bytes([0x83, 2])
    assert device.answer(build_read(4, 771, 126)) == bytes([0x84, 3])
    assert device.answer(build_read(4, 771, 0)) == bytes([0x84, 3])
    assert device.answer(bytes([6, 3, 6, 0, 1])) == bytes([0x86, 1])
    assert SimulatedGxSystem(make_sunny_noon(), ["silence"]).answer(build_read(4, 840, 1)) is None


# --- the probe ------------------------------------------------------------------------------------


def build_signature(profile: Profile, device: Any) -> bytes:
    link = ModbusLink(profile, LoopbackBus(device), device.device_id)
    return link.read_raw(profile.signature)


def test_each_service_is_known_by_its_signature_and_by_no_other() -> None:
    for profile, device in PAIRS:
        content = build_signature(profile, device(make_sunny_noon()))
        found = profile.recognise(content)
        assert found is not None
        assert found.certain is (profile is SYSTEM)
        others = [one for one, _ in PAIRS if one is not profile]
        assert [one.recognise(content) for one in others] == [None, None]
    portal = SYSTEM.recognise(PORTAL_ID)
    assert portal is not None
    assert portal.text.endswith("c0619ab1b2c3")


def test_a_charger_is_known_by_the_reserved_registers_too() -> None:
    content = build_signature(CHARGER, SimulatedGxSolarcharger(make_sunny_noon()))
    assert CHARGER.recognise(content[:22] + bytes(4) + content[26:]) is None


def test_other_answers_are_not_taken_for_a_gx() -> None:
    for profile, _ in PAIRS:
        size = profile.signature.count * 2
        for data in (bytes(size), b"\xff" * size, b"\x00\x01" * (size // 2), b"", b"c0619a"):
            assert profile.recognise(data) is None


@given(data=st.binary(max_size=60))
def test_random_content_never_leaves_a_rows_range(data: bytes) -> None:
    for profile, _ in PAIRS:
        rows = index_by_name(profile.registers)
        values: dict[str, Decoded] = {}
        for block in (*profile.live, *profile.slow):
            values.update(profile.decode(block, data))
        for name, one in values.items():
            assert one.value is None or rows[name].low <= one.value <= rows[name].high
        profile.make_reading(STAMP, Sample(values))
        profile.recognise(data)


def test_three_services_of_one_gx_answer_on_one_tcp_port() -> None:
    plant, clock, stop = make_sunny_noon(), FakeClock(), Event()
    line = TcpLine(make_gx_answer(*(device(plant) for _, device in PAIRS)), "127.0.0.1", 0)
    worker = Thread(target=line.serve, args=(stop,), daemon=True)
    worker.start()
    lines = Lines(clock)
    try:
        for profile, device in PAIRS:
            meter = open_meter(lines, profile, line.url, None, clock)
            found = check_within(profile, device(plant), clock)
            assert replace(meter.read(), stamp=found.stamp) == found
        with pytest.raises(ExceptionAnswer) as caught:
            open_meter(lines, BATTERY, line.url, 238, clock).read()
        assert caught.value.exception == 10
    finally:
        lines.close()
        stop.set()
        worker.join(5)


def check_within(profile: Profile, device: Any, clock: FakeClock) -> Any:
    return make_meter(profile, device, clock).read()
