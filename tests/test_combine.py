"""Several chargers and batteries as one reading: what is added, what counts first."""

from typing import Any

import pytest

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality
from power.combine import Charger, combine
from power.devices.epever import EpeverTracer
from tests.fakes import FakeClock
from tests.readings import battery_reading, charger_reading


class NoLoadOutput(EpeverTracer):
    has_load_output = False


def whole(
    clock: FakeClock,
    *chargers: PowerReading | None,
    packs: tuple[BatteryReading | None, ...] = (),
    loads_on_battery: bool = False,
    profile: type[EpeverTracer] = EpeverTracer,
) -> PowerReading:
    seen = [Charger(profile(), loads_on_battery, one) for one in chargers]
    found = combine(clock.stamp(), seen, packs)
    assert found is not None
    return found


def test_one_controller_alone_is_the_whole(clock: FakeClock) -> None:
    alone = charger_reading(clock)
    found = whole(clock, alone)
    for name in ("pv_power_w", "battery_voltage_v", "battery_current_a", "load_power_w"):
        assert getattr(found, name) == getattr(alone, name)
    assert found.charge_stage is ChargeStage.BULK
    assert set(found.quality) == {"lowest_cell_voltage_v", "charge_allowed"}


def test_nobody_says_anything_is_no_reading(clock: FakeClock) -> None:
    assert combine(clock.stamp(), [Charger(EpeverTracer(), False, None)], [None]) is None


def test_two_controllers_give_their_sum(clock: FakeClock) -> None:
    found = whole(clock, charger_reading(clock), charger_reading(clock, pv_power_w=100.0))
    assert (found.pv_power_w, found.battery_current_a, found.yield_today_wh) == (400, 40, 1800)


def test_a_controller_that_is_lost_makes_the_sum_unknown_and_leaves_the_rest(
    clock: FakeClock,
) -> None:
    found = whole(clock, charger_reading(clock), None)
    assert found.pv_power_w is None
    assert found.quality["pv_power_w"] is Quality.STALE
    assert found.battery_voltage_v == 13.4


def test_the_battery_knows_itself_better_than_the_controller(clock: FakeClock) -> None:
    found = whole(clock, charger_reading(clock), packs=(battery_reading(clock),))
    assert found.battery_voltage_v == 13.35
    assert found.battery_current_a == 18
    assert found.battery_temperature_c == 16
    assert found.lowest_cell_voltage_v == 3.33
    assert found.charge_allowed is True


def test_what_leaves_between_controller_and_battery_is_load(clock: FakeClock) -> None:
    found = whole(clock, charger_reading(clock, load_power_w=0.0), packs=(battery_reading(clock),))
    assert found.load_power_w == pytest.approx((20 - 18) * 13.35)


def test_parallel_packs_add_their_currents_and_the_weakest_cell_counts(clock: FakeClock) -> None:
    weak = battery_reading(clock, lowest_cell_voltage_v=2.95, current_a=-3.0)
    found = whole(clock, charger_reading(clock), packs=(battery_reading(clock), weak))
    assert found.battery_current_a == 15
    assert found.lowest_cell_voltage_v == 2.95


def test_a_lost_pack_makes_the_current_fall_back_on_the_controller(clock: FakeClock) -> None:
    found = whole(clock, charger_reading(clock), packs=(battery_reading(clock), None))
    assert found.battery_current_a == 20
    assert found.battery_voltage_v == 13.35


@pytest.mark.parametrize("wiring", [{"loads_on_battery": True}, {"profile": NoLoadOutput}], ids=str)
def test_without_a_shunt_the_current_is_unknown_where_loads_hang_on_the_battery(
    clock: FakeClock, wiring: dict[str, Any]
) -> None:
    found = whole(clock, charger_reading(clock), **wiring)
    assert found.battery_current_a is None
    assert found.quality["battery_current_a"] is Quality.ABSENT


def test_charge_is_refused_only_when_every_pack_refuses(clock: FakeClock) -> None:
    no = battery_reading(clock, charge_allowed=False)
    yes, silent = battery_reading(clock), battery_reading(clock, charge_allowed=None)
    assert whole(clock, packs=(no, yes)).charge_allowed is True
    assert whole(clock, packs=(no, no)).charge_allowed is False
    assert whole(clock, packs=(no, silent)).charge_allowed is None


def test_the_stage_is_that_of_the_controller_with_most_to_do(clock: FakeClock) -> None:
    full = charger_reading(clock, charge_stage=ChargeStage.FLOAT)
    assert whole(clock, full, charger_reading(clock)).charge_stage is ChargeStage.BULK
    ill = charger_reading(clock, charge_stage=ChargeStage.FAULT)
    assert whole(clock, full, ill).charge_stage is ChargeStage.FAULT


def test_batteries_without_a_controller_are_a_reading_too(clock: FakeClock) -> None:
    found = whole(clock, packs=(battery_reading(clock),))
    assert found.battery_current_a == 18
    assert found.pv_power_w is None
    assert found.quality["pv_power_w"] is Quality.ABSENT
