"""SunSpec devices: what the values of batteries and PV inputs mean."""

import struct
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import BusError
from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality
from power.protocol.errors import NoAnswer
from power.protocol.profile import Block, Profile, Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, UNREAD, Decoded
from power.protocol.sunspec import CHAIN, parse_directory
from provisioning.simulated.devices.sunspec import SimulatedSunspec
from provisioning.simulated.lines.loopback import LoopbackBus
from provisioning.simulated.lines.pdu import build_read
from tests.power.register_tables import index_by_name
from tests.stand_ins.rig import NOON, make_night, make_sunny_noon
from tests.stand_ins.sunspec_rig import (
    PACK,
    STAMP,
    SUN,
    build_model,
    make_link,
    read_content,
    read_simulated,
)

# --- what the values mean -------------------------------------------------------------------------


def make_sample(values: dict[str, float | Decoded]) -> Sample:
    return Sample({
        name: one if isinstance(one, Decoded) else Decoded(one, Quality.OK)
        for name, one in values.items()
    })  # fmt: skip


def make_pack_reading(**values: float | Decoded) -> BatteryReading:
    return PACK.make_reading(STAMP, make_sample(values))


def make_sun_reading(**values: float | Decoded) -> PowerReading:
    return SUN.make_reading(STAMP, make_sample(values))


@pytest.mark.parametrize(
    ("current", "status", "read_a"),
    [(5.0, 4, 5.0), (-5.0, 4, 5.0), (5.0, 3, -5.0), (-5.0, 3, -5.0), (0.0, 6, 0.0)],
)
def test_the_charge_status_gives_the_direction_of_the_current(
    current: float, status: int, read_a: float
) -> None:
    assert make_pack_reading(current=current, charge_status=status).current_a == read_a
    assert make_pack_reading(current=current, control_status=status).current_a == read_a


@pytest.mark.parametrize("status", [1, 2, 5, 6, 7, ABSENT, UNREAD])
def test_a_current_without_a_direction_is_unknown(status: float | Decoded) -> None:
    assert make_pack_reading(current=5.0, charge_status=status).current_a is None
    assert make_pack_reading(current=UNREAD, charge_status=4).quality["current_a"] is Quality.STALE


def test_an_empty_battery_is_accepted_only_where_another_value_agrees() -> None:
    for name in ("charge", "storage_charge", "control_charge"):
        assert (
            make_pack_reading(**{name: 0.0}).quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
        )
        assert make_pack_reading(**{name: 0.0}, lowest_cell_voltage=3.3).state_of_charge_pct is None
        assert make_pack_reading(**{name: 0.0}, lowest_cell_voltage=2.7).state_of_charge_pct == 0
        assert make_pack_reading(**{name: 0.0}, charge_status=2).state_of_charge_pct == 0
        assert make_pack_reading(**{name: 0.0}, events=1 << 13).state_of_charge_pct == 0
    assert (
        make_pack_reading(
            charge=ABSENT, storage_charge=0.0, control_charge=55.0
        ).state_of_charge_pct
        == 55
    )
    assert make_pack_reading(charge=40.0, storage_charge=0.0).state_of_charge_pct == 40
    assert make_pack_reading().quality["state_of_charge_pct"] is Quality.ABSENT


@pytest.mark.parametrize(
    ("charge_a", "discharge_a", "state", "allowed"),
    [
        (70.0, 90.0, 3, (True, True)),
        (0.0, 90.0, 3, (False, True)),
        (70.0, 0.0, 3, (True, False)),
        (0.0, 0.0, 3, (None, None)),  # zeros for what is not there
        (0.0, 0.0, 1, (False, False)),
        (ABSENT, ABSENT, 3, (None, None)),
        (UNREAD, 90.0, 3, (None, True)),
    ],
)
def test_the_limits_say_what_the_battery_allows(
    charge_a: Any, discharge_a: Any, state: float, allowed: tuple[bool | None, bool | None]
) -> None:
    reading = make_pack_reading(
        most_charge_current=charge_a, most_discharge_current=discharge_a, state=state
    )
    assert (reading.charge_allowed, reading.discharge_allowed) == allowed


def test_alarms_are_named_and_warnings_are_not_alarms() -> None:
    assert (
        make_pack_reading(events=1 << 3 | 1 << 4 | 1 << 11).alarms
        == "under temperature, under voltage"
    )
    assert make_pack_reading(events=1 << 4).alarms == ""
    assert make_pack_reading(events=ABSENT).alarms is None


def build_battery_model(power_w: int, volts: int = 1320, current: int = 1000) -> bytes:
    words = [0xFFFF] * 62
    words[32], words[42], words[45] = volts, current & 0xFFFF, power_w & 0xFFFF
    words[50:62] = [0, 0, 0, 0, 0, 0, 0, -2, -3, -2, 0, 0]
    return build_model(802, *words)


def test_a_current_that_is_not_the_power_is_rejected() -> None:
    block = Block(802)
    assert PACK.decode(block, build_battery_model(132))["current"].value == 10
    assert PACK.decode(block, build_battery_model(-132))["current"].value == 10  # its sign is open
    assert PACK.decode(block, build_battery_model(132, current=-1000))["current"].value == -10
    assert PACK.decode(block, build_battery_model(200))["current"] == IMPLAUSIBLE
    assert PACK.decode(block, build_battery_model(0x8000))["current"].value == 10  # no power given


Tracker = tuple[int, int, int, int]  # A, V, W, state


def build_trackers(
    *modules: Tracker, labels: Sequence[str] = (), count: int | None = None, watt_exponent: int = 0
) -> bytes:
    """Model 160 by hand: A and V in tenths, W in ones."""
    words = [-1, -1, watt_exponent, 0, 0, 0, len(modules) if count is None else count, 0xFFFF]
    for number, (amps, volts, watts, state) in enumerate(modules):
        label = labels[number] if number < len(labels) else ""
        text = struct.unpack(">8H", label.encode().ljust(16, b"\0"))
        words += [number + 1, *text, amps, volts, watts, 0, 0, 0xFFFF, 0xFFFF, 0x8000, state, 0, 0]
    return build_model(160, *words)


def build_sun(data: bytes) -> PowerReading:
    return SUN.make_reading(STAMP, Sample(SUN.decode(Block(160), data)))


def test_the_trackers_are_added_and_the_battery_among_them_is_not() -> None:
    two = build_sun(build_trackers((50, 400, 200, 4), (25, 360, 90, 4)))
    assert (two.pv_power_w, two.pv_voltage_v) == (290, 40)
    assert two.charge_stage is ChargeStage.BULK
    hybrid = build_trackers(
        (50, 400, 200, 4), (0, 0, 0, 4), (60, 520, 312, 4), (0, 520, 0, 4),
        labels=("MPPT 1", "MPPT 2", "StCha 3", "StDisCha 4"),
    )  # fmt: skip
    assert build_sun(hybrid).pv_power_w == 200


def test_a_half_known_sum_is_not_a_sum() -> None:
    none = 0xFFFF
    good = (50, 400, 200, 4)
    assert (
        build_sun(build_trackers(good, (none, none, none, none))).pv_power_w == 200
    )  # is not fitted
    assert build_sun(build_trackers(good, (25, 360, none, 4))).pv_power_w == 290  # from V x I
    assert (
        build_sun(build_trackers(good, (none, 360, none, 4))).quality["pv_power_w"]
        is Quality.ABSENT
    )
    assert (
        build_sun(build_trackers(good, (25, 360, 300, 4))).quality["pv_power_w"]
        is Quality.IMPLAUSIBLE
    )
    assert (
        build_sun(build_trackers((none,) * 4, (none,) * 4)).quality["pv_power_w"] is Quality.ABSENT
    )
    assert (
        build_sun(build_trackers(good, good, count=1)).pv_power_w == 200
    )  # it says that it has one
    assert build_sun(build_trackers(good, good, count=0)).pv_power_w == 400  # it does not say


def test_a_coarse_power_is_not_taken_for_a_wrong_one() -> None:
    assert (
        build_sun(build_trackers((35, 400, 1, 4), watt_exponent=2)).pv_power_w == 100
    )  # 140 W in hundreds
    assert (
        build_sun(build_trackers((60, 400, 1, 4), watt_exponent=2)).pv_power_w is None
    )  # 240 W are not 100


@pytest.mark.parametrize(
    ("states", "stage"),
    [
        ((4, 4), ChargeStage.BULK),
        ((5, 4), ChargeStage.BULK),
        ((4, 7), ChargeStage.FAULT),
        ((5, 5), None),
        ((2, 1), ChargeStage.OFF),
        ((8, 3), ChargeStage.OFF),
        ((0xFFFF, 4), None),
        ((10, 4), None),
    ],
)
def test_the_stage_is_that_of_the_tracker_that_has_most_to_do(
    states: tuple[int, int], stage: ChargeStage | None
) -> None:
    reading = build_sun(build_trackers(*((50, 400, 200, state) for state in states)))
    assert reading.charge_stage is stage
    assert ("charge_stage" in reading.quality) is (stage is None)


def test_a_port_of_model_714_says_only_whether_it_is_on() -> None:
    assert make_sun_reading(port_state=0).charge_stage is ChargeStage.OFF
    assert make_sun_reading(port_state=1).charge_stage is None
    assert make_sun_reading(port_state=3).charge_stage is ChargeStage.FAULT


def test_only_the_suns_ports_of_model_714_are_added() -> None:
    device = SimulatedSunspec(make_sunny_noon())
    values = SUN.decode(Block(714), read_content(device, 714))
    assert values["port_power"].value == pytest.approx(device.plant.pv_power_w, abs=0.1)


# --- the simulated device -------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_the_readings_are_the_plant(share: float) -> None:
    for plant in (make_sunny_noon(), make_night()):
        pack, pv = read_simulated(PACK, plant, share=share), read_simulated(SUN, plant, share=share)
        assert pack.voltage_v == pytest.approx(plant.battery_voltage_v, abs=0.006)
        assert pack.current_a == pytest.approx(plant.battery_current_a * share, abs=0.006)
        assert pack.state_of_charge_pct == pytest.approx(plant.state_of_charge_pct, abs=0.06)
        assert pack.full_ah == pytest.approx(plant.pack.capacity_ah * share, abs=0.06)
        assert pack.lowest_temperature_c < plant.battery_temperature_c < pack.highest_temperature_c
        assert pack.charge_allowed is True
        assert set(pack.quality) == {"remaining_ah"}
        assert pv.pv_power_w == pytest.approx(plant.pv_power_w * share, abs=0.11)
        assert pv.pv_voltage_v == pytest.approx(plant.pv_voltage_v, abs=0.06)
        assert pv.charge_stage is plant.stage


@pytest.mark.parametrize("quirk", [one for one in SimulatedSunspec.QUIRKS if one != "silence"])
@pytest.mark.parametrize("profile", [PACK, SUN], ids=["battery", "pv"])
def test_no_quirk_makes_a_wrong_value(profile: Profile, quirk: str) -> None:
    plant = make_sunny_noon()
    for hours in range(0, 24, 3):
        plant.advance(NOON + timedelta(hours=hours), 25.0)
        honest = read_simulated(profile, plant)
        try:
            reading = read_simulated(profile, plant, quirk)
        except BusError:
            assert (quirk, plant.stage) == ("no-ports", ChargeStage.OFF)
            continue
        for name in set(type(reading).__dataclass_fields__) - {"quality", "ages_s"}:
            found, true = getattr(reading, name), getattr(honest, name)
            close = isinstance(found, float) and found == pytest.approx(true, abs=0.2)
            assert found is None or found == true or close, name


def test_what_is_not_implemented_is_absent_and_never_zero() -> None:
    reading = read_simulated(PACK, make_sunny_noon(), "not-implemented")
    absent = {"current_a", "cycles", "lowest_cell_voltage_v", "highest_cell_voltage_v",
              "charge_allowed", "discharge_allowed", "remaining_ah"}  # fmt: skip
    assert {name for name, one in reading.quality.items() if one is Quality.ABSENT} == absent


def test_a_silent_device_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        read_simulated(PACK, make_sunny_noon(), "silence")


def test_the_simulated_device_refuses_what_a_real_one_would() -> None:
    device = SimulatedSunspec(make_sunny_noon())
    assert device.answer(build_read(4, 40000, 2)) == bytes([0x84, 1])
    assert device.answer(build_read(3, 39999, 2)) == bytes([0x83, 2])
    assert device.answer(build_read(3, 40000, 126)) == bytes([0x83, 3])
    assert device.answer(bytes([6, 0, 0, 0, 0])) == bytes([0x86, 1])
    last = 40000 + len(device.registers()) // 2
    assert device.answer(build_read(3, last - 1, 2)) == bytes([0x83, 2])


# --- the probe ------------------------------------------------------------------------------------


def test_a_device_is_known_by_its_chain() -> None:
    data = make_link(PACK, LoopbackBus(SimulatedSunspec(make_sunny_noon()))).read_raw(
        PACK.signature
    )
    assert parse_directory(data) == ((1, 160, 714, 802, 803, 713, 124), "Simulated Hybrid 5")
    for profile in (PACK, SUN):
        found = profile.recognise(data)
        assert found is not None
        assert found.certain
        assert "Simulated Hybrid 5" in found.text


def test_a_chain_without_the_models_of_a_profile_is_another_device() -> None:
    def chain(*numbers: int) -> bytes:
        return b"".join(struct.pack(">HH", one, 10) for one in numbers) + b"\xff\xff\0\0"

    assert PACK.recognise(chain(1, 103)) is None
    assert SUN.recognise(chain(1, 802)) is None
    inverter = PACK.recognise(chain(1, 103, 124))
    assert inverter is not None
    assert not inverter.certain
    for data in (b"", b"\0" * 8, b"\xff\xff\0\0", b"\xff\xff\0\0abc", bytes(range(80))):
        assert PACK.recognise(data) is None


# --- fuzz -----------------------------------------------------------------------------------------


@given(data=st.binary(max_size=700))
@settings(max_examples=150, deadline=None)
def test_random_content_never_leaves_a_rows_range(data: bytes) -> None:
    for profile in (PACK, SUN):
        rows = index_by_name(profile.registers)
        values: dict[str, Decoded] = {}
        for block in (*profile.live, *profile.slow, Block(CHAIN)):
            decoded = profile.decode(block, data)
            assert set(decoded) == set(profile.names(block))
            values.update(decoded)
        for name, one in values.items():
            assert one.value is None or rows[name].low <= one.value <= rows[name].high
        profile.make_reading(STAMP, Sample(values))
        profile.recognise(data)
