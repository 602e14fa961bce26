"""Several chargers and batteries as one reading: what is added, what counts first."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality
from power.devices.epever import EpeverTracer
from power.reading.combine import Charger, combine
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock


class NoLoadOutput(EpeverTracer):
    has_load_output = False


def combine_all(
    clock: FakeClock,
    *chargers: PowerReading | None,
    packs: tuple[BatteryReading | None, ...] = (),
    loads_on_battery: bool = False,
    profile: type[EpeverTracer] = EpeverTracer,
) -> PowerReading:
    seen = [Charger(profile(), loads_on_battery, one) for one in chargers]
    found = combine(seen, packs, clock.age_s)
    assert found is not None
    return found


def test_one_controller_alone_is_the_whole(clock: FakeClock) -> None:
    alone = charger_reading(clock)
    found = combine_all(clock, alone)
    for name in ("pv_power_w", "battery_voltage_v", "battery_current_a", "load_power_w"):
        assert getattr(found, name) == getattr(alone, name)
    assert found.charge_stage is ChargeStage.BULK
    assert set(found.quality) == {"lowest_cell_voltage_v", "charge_allowed", "discharge_share"}


def test_no_answer_from_any_device_is_no_reading(clock: FakeClock) -> None:
    silent = Charger(EpeverTracer(), loads_on_battery=False, reading=None)
    assert combine([silent], [None], clock.age_s) is None


def test_two_controllers_give_their_sum(clock: FakeClock) -> None:
    found = combine_all(clock, charger_reading(clock), charger_reading(clock, pv_power_w=100.0))
    assert (found.pv_power_w, found.battery_current_a, found.yield_today_wh) == (400, 40, 1800)


def test_a_controller_that_is_lost_makes_the_sum_unknown_and_leaves_the_rest(
    clock: FakeClock,
) -> None:
    found = combine_all(clock, charger_reading(clock), None)
    assert found.pv_power_w is None
    assert found.quality["pv_power_w"] is Quality.STALE
    assert found.battery_voltage_v == 13.4


def test_the_batterys_own_values_come_before_the_controllers(clock: FakeClock) -> None:
    found = combine_all(clock, charger_reading(clock), packs=(battery_reading(clock),))
    assert found.battery_voltage_v == 13.35
    assert found.battery_current_a == 18
    assert found.battery_temperature_c == 16
    assert found.lowest_cell_voltage_v == 3.33
    assert found.charge_allowed is True


def test_what_leaves_between_controller_and_battery_is_load(clock: FakeClock) -> None:
    found = combine_all(
        clock, charger_reading(clock, load_power_w=0.0), packs=(battery_reading(clock),)
    )
    assert found.load_power_w == pytest.approx((20 - 18) * 13.35)


def test_an_output_that_was_not_read_is_no_output_of_0_w(clock: FakeClock) -> None:
    unread = {"load_power_w": Quality.STALE}
    charger = replace(charger_reading(clock), load_power_w=None, quality=unread)
    found = combine_all(clock, charger, packs=(battery_reading(clock),))
    assert found.load_power_w is None
    assert found.quality["load_power_w"] is Quality.STALE


def test_the_loads_at_the_output_and_those_on_the_battery_are_both_counted(
    clock: FakeClock,
) -> None:
    pack = battery_reading(clock)
    found = combine_all(clock, charger_reading(clock, load_power_w=25.0), packs=(pack,))
    assert found.load_power_w == pytest.approx(25 + (20 - 18) * 13.35)


def test_a_shunt_that_reads_a_little_more_than_the_controller_makes_no_negative_load(
    clock: FakeClock,
) -> None:
    more = battery_reading(clock, current_a=20.4)
    found = combine_all(clock, charger_reading(clock, load_power_w=0.0), packs=(more,))
    assert found.load_power_w == 0


def test_without_the_controllers_current_the_load_is_unknown_and_not_zero(clock: FakeClock) -> None:
    lost = combine_all(clock, charger_reading(clock), None, packs=(battery_reading(clock),))
    assert lost.load_power_w is None
    assert lost.quality["load_power_w"] is Quality.STALE
    dead = charger_reading(clock, battery_voltage_v=None)
    silent = combine_all(clock, dead, packs=(battery_reading(clock, voltage_v=None),))
    assert silent.load_power_w is None


def test_the_whole_is_as_old_as_the_oldest_of_its_parts_of_now(clock: FakeClock) -> None:
    early = replace(charger_reading(clock), ages_s={"yield_today_wh": 5.0, "pv_power_w": 3.0})
    clock.advance(1)
    late = replace(charger_reading(clock), ages_s={"yield_today_wh": 50.0})
    for order in ((early, late), (late, early)):
        found = combine_all(clock, *order)
        assert found.stamp == early.stamp
        assert found.ages_s == {"yield_today_wh": 50.0, "pv_power_w": 3.0}


def test_what_a_device_on_a_slow_line_reported_before_has_its_age(clock: FakeClock) -> None:
    """The lowest cell is that of 11 s ago, the voltage that of now, although a lower one is known:
    all devices measure the same battery, but each pack has cells of its own.
    """
    before = battery_reading(clock, voltage_v=11.6, lowest_cell_voltage_v=2.85, current_a=-9.0)
    clock.advance(8)
    later = battery_reading(clock, voltage_v=11.7, lowest_cell_voltage_v=3.2, current_a=-1.0)
    clock.advance(3)
    charger = charger_reading(clock, battery_voltage_v=13.2)
    found = combine_all(clock, charger, packs=(before, later))
    assert found.stamp == charger.stamp
    assert (found.battery_voltage_v, found.ages_s.get("battery_voltage_v")) == (13.2, None)
    assert (found.lowest_cell_voltage_v, found.ages_s["lowest_cell_voltage_v"]) == (2.85, 11.0)
    assert (found.battery_current_a, found.ages_s["battery_current_a"]) == (-10.0, 11.0)
    alone = combine_all(clock, packs=(before, later))
    assert alone.stamp == later.stamp
    assert (alone.battery_voltage_v, alone.lowest_cell_voltage_v) == (11.7, 2.85)


def test_of_parallel_packs_and_panels_the_careful_value_counts(clock: FakeClock) -> None:
    low = battery_reading(clock, voltage_v=12.1, lowest_temperature_c=-3.0)
    dark = charger_reading(clock, pv_voltage_v=2.0)
    for packs in ((low, battery_reading(clock)), (battery_reading(clock), low)):
        found = combine_all(clock, charger_reading(clock), dark, packs=packs)
        assert found.battery_voltage_v == 12.1
        assert found.battery_temperature_c == -3
        assert found.pv_voltage_v == 36


def test_a_pack_without_a_sensor_leaves_that_of_the_other(clock: FakeClock) -> None:
    bare = battery_reading(clock, lowest_temperature_c=None, lowest_cell_voltage_v=None)
    found = combine_all(clock, charger_reading(clock), packs=(bare, battery_reading(clock)))
    assert (found.battery_temperature_c, found.lowest_cell_voltage_v) == (16, 3.33)
    alone = combine_all(clock, charger_reading(clock), packs=(bare,))
    assert alone.battery_temperature_c == 18  # the controller's probe
    assert alone.quality["lowest_cell_voltage_v"] is Quality.ABSENT


def test_a_small_load_within_the_dead_band_of_a_bms_is_what_the_controller_sees(
    clock: FakeClock,
) -> None:
    night = charger_reading(clock, battery_current_a=-0.4, load_power_w=5.3)
    pack = battery_reading(clock, current_a=0.0)
    found = combine_all(clock, night, packs=(pack,))
    assert found.battery_current_a == -0.4
    assert found.load_power_w == pytest.approx(5.3)
    # A load at the battery is not seen by the controller, and a large current is no dead band.
    assert combine_all(clock, night, packs=(pack,), loads_on_battery=True).battery_current_a == 0
    sunny = charger_reading(clock, battery_current_a=-3.1)
    assert combine_all(clock, sunny, packs=(pack,)).battery_current_a == 0
    assert combine_all(clock, sunny, packs=(pack, pack)).battery_current_a == -3.1
    trickle = charger_reading(clock, battery_current_a=0.4)
    cut = battery_reading(clock, current_a=0.0, charge_allowed=False)
    assert combine_all(clock, trickle, packs=(pack,)).battery_current_a == 0.4
    assert combine_all(clock, trickle, packs=(cut,)).battery_current_a == 0
    assert combine_all(clock, night, packs=(cut,)).battery_current_a == -0.4
    # One pack that says something speaks for all of them.
    other = battery_reading(clock, current_a=-0.7)
    assert combine_all(clock, night, packs=(pack, other)).battery_current_a == -0.7


def test_parallel_packs_add_their_currents_and_the_weakest_cell_counts(clock: FakeClock) -> None:
    weak = battery_reading(clock, lowest_cell_voltage_v=2.95, current_a=-3.0)
    found = combine_all(clock, charger_reading(clock), packs=(battery_reading(clock), weak))
    assert found.battery_current_a == 15
    assert found.lowest_cell_voltage_v == 2.95


def test_a_lost_pack_makes_the_current_fall_back_on_the_controller(clock: FakeClock) -> None:
    found = combine_all(clock, charger_reading(clock), packs=(battery_reading(clock), None))
    assert found.battery_current_a == 20
    assert found.battery_voltage_v == 13.35


@pytest.mark.parametrize("wiring", [{"loads_on_battery": True}, {"profile": NoLoadOutput}], ids=str)
def test_without_a_shunt_the_current_is_unknown_where_loads_hang_on_the_battery(
    clock: FakeClock, wiring: dict[str, Any]
) -> None:
    found = combine_all(clock, charger_reading(clock), **wiring)
    assert found.battery_current_a is None
    assert found.quality["battery_current_a"] is Quality.ABSENT


def test_a_load_output_without_loads_is_not_all_that_is_drawn_where_they_hang_on_the_battery(
    clock: FakeClock,
) -> None:
    idle = charger_reading(clock, load_power_w=0.0)
    assert combine_all(clock, idle, loads_on_battery=True).load_power_w is None
    packs = (battery_reading(clock, current_a=None),)
    assert combine_all(clock, idle, packs=packs, loads_on_battery=True).load_power_w is None


def test_a_value_that_a_device_keeps_back_is_not_absent_because_others_have_none(
    clock: FakeClock,
) -> None:
    kept_back = {"battery_voltage_v": Quality.STALE, "battery_temperature_c": Quality.IMPLAUSIBLE}
    unknown = replace(
        charger_reading(clock, battery_voltage_v=None, battery_temperature_c=None),
        quality=kept_back,
    )
    probeless = charger_reading(clock, battery_voltage_v=None, battery_temperature_c=None)
    pack = battery_reading(clock, voltage_v=None, lowest_temperature_c=None)
    for found in (
        combine_all(clock, unknown),
        combine_all(clock, probeless, unknown),
        combine_all(clock, unknown, packs=(pack,)),
    ):
        assert {name: found.quality[name] for name in kept_back} == kept_back


def test_charge_is_refused_only_when_every_pack_refuses(clock: FakeClock) -> None:
    no = battery_reading(clock, charge_allowed=False)
    yes, silent = battery_reading(clock), battery_reading(clock, charge_allowed=None)
    assert combine_all(clock, packs=(no, yes)).charge_allowed is True
    assert combine_all(clock, packs=(no, no)).charge_allowed is False
    assert combine_all(clock, packs=(no, silent)).charge_allowed is None


def test_the_stage_is_that_of_the_controller_with_most_to_do(clock: FakeClock) -> None:
    full = charger_reading(clock, charge_stage=ChargeStage.FLOAT)
    assert combine_all(clock, full, charger_reading(clock)).charge_stage is ChargeStage.BULK
    ill = charger_reading(clock, charge_stage=ChargeStage.FAULT)
    assert combine_all(clock, full, ill).charge_stage is ChargeStage.FAULT
    off = charger_reading(clock, charge_stage=ChargeStage.OFF)
    assert combine_all(clock, off, full).charge_stage is ChargeStage.FLOAT
    topping = charger_reading(clock, charge_stage=ChargeStage.ABSORPTION)
    assert combine_all(clock, full, topping).charge_stage is ChargeStage.ABSORPTION


def test_batteries_without_a_controller_are_a_reading_too(clock: FakeClock) -> None:
    found = combine_all(clock, packs=(battery_reading(clock),))
    assert found.battery_current_a == 18
    assert found.pv_power_w is None
    assert found.quality["pv_power_w"] is Quality.ABSENT


def test_an_absent_load_output_counts_as_nothing_only_where_no_load_hangs_on_it(
    clock: FakeClock,
) -> None:
    unknown = charger_reading(clock, load_power_w=None)
    pack = (battery_reading(clock),)
    assert combine_all(clock, unknown, packs=pack).load_power_w is None
    found = combine_all(clock, unknown, packs=pack, loads_on_battery=True)
    assert found.load_power_w == pytest.approx((20 - 18) * 13.35)


def test_one_controller_cannot_say_that_all_are_in_float(clock: FakeClock) -> None:
    full = charger_reading(clock, charge_stage=ChargeStage.FLOAT)
    found = combine_all(clock, full, None)
    assert found.charge_stage is None
    assert found.quality["charge_stage"] is Quality.STALE
    assert combine_all(clock, charger_reading(clock), None).charge_stage is ChargeStage.BULK
