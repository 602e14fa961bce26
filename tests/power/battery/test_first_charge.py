"""The first charge of all: beside a charger one voltage shows next to nothing."""

from dataclasses import replace

import pytest

from appliance.model import ChargeStage, PowerReading
from appliance.settings import BatterySettings, Chemistry
from power.battery.estimate import Estimate
from power.battery.estimator import report_state, update
from power.plan.ladder import is_surplus_available
from tests.power.battery.estimates import LEAD, PACK, after, night
from tests.stand_ins.fakes import FakeClock

AGM, GEL = replace(LEAD, chemistry=Chemistry.AGM), replace(LEAD, chemistry=Chemistry.GEL)
FLOODED = replace(LEAD, chemistry=Chemistry.FLOODED)
BULK, FLOAT = ChargeStage.BULK, ChargeStage.FLOAT
ABSORPTION, EQUALIZE = ChargeStage.ABSORPTION, ChargeStage.EQUALIZE


def scale(pack: BatterySettings, times: int) -> BatterySettings:
    volts, wh = pack.nominal_voltage_v * times, pack.capacity_wh * times
    return replace(pack, nominal_voltage_v=volts, capacity_wh=wh)


def start(clock: FakeClock, pack: BatterySettings, reading: PowerReading) -> Estimate:
    estimate = update(None, reading, pack)
    assert estimate is not None
    return estimate


BESIDE_A_CHARGER = [
    (PACK, 13.5, 0.0, FLOAT, None),
    (PACK, 13.5, 0.0, FLOAT, 15.0),
    (PACK, 14.2, 0.0, ABSORPTION, None),
    (PACK, 13.6, 0.0, None, 15.0),
    (PACK, 13.4, -0.1, FLOAT, 15.0),
    (PACK, 13.8, 40.0, BULK, 15.0),
    (PACK, 14.0, None, ABSORPTION, 15.0),
    (LEAD, 13.8, 0.0, FLOAT, None),
    (AGM, 13.8, 0.0, FLOAT, 20.0),
    (FLOODED, 14.8, 0.1, EQUALIZE, 20.0),
    (GEL, 13.2, 10.0, BULK, 20.0),
    (AGM, 13.2, 20.0, BULK, 20.0),
    (FLOODED, 12.85, 10.0, None, 20.0),
]


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize(("pack", "volts", "amps", "stage", "celsius"), BESIDE_A_CHARGER)
def test_a_first_start_beside_a_charger_claims_no_charge(
    clock: FakeClock,
    pack: BatterySettings,
    volts: float,
    amps: float | None,
    stage: ChargeStage | None,
    celsius: float | None,
    times: int,
) -> None:
    reading = night(clock, volts * times, charge_stage=stage, battery_temperature_c=celsius)
    reading = replace(reading, battery_current_a=amps, pv_power_w=60.0)
    estimate = start(clock, scale(pack, times), reading)
    assert estimate.charge_pct - 1.5 * estimate.sigma_pct < 10, "a nearly empty one is possible"
    assert estimate.charge_pct + 2 * estimate.sigma_pct > 90, "and so is a full one"
    state = report_state(estimate, reading, scale(pack, times), clock.stamp())
    assert not is_surplus_available(state, reading, scale(pack, times))


def test_a_first_start_on_a_battery_that_is_discharged_is_as_sure_as_its_voltage(
    clock: FakeClock,
) -> None:
    estimate = start(clock, PACK, night(clock, 13.45, -2.0, charge_stage=FLOAT))
    assert estimate.charge_pct > 90
    assert estimate.sigma_pct < 14


def test_a_charger_that_holds_little_shows_the_most_that_may_be_in_the_battery(
    clock: FakeClock,
) -> None:
    estimate = start(clock, PACK, night(clock, 12.4, 0.0, charge_stage=FLOAT))
    assert 0 < estimate.charge_pct < 15
    assert estimate.charge_pct < 2 * estimate.sigma_pct


@pytest.mark.parametrize("pack", [PACK, scale(PACK, 4)])
def test_the_night_after_a_start_beside_an_open_charge_path_shows_the_true_charge(
    clock: FakeClock, pack: BatterySettings
) -> None:
    times = pack.nominal_voltage_v / 12.8
    first = start(clock, pack, night(clock, 13.5 * times, 0.0, charge_stage=FLOAT))
    held = after(first, clock, 4, pack, volts=13.5 * times, amps=0.0, charge_stage=FLOAT)
    dusk = after(held, clock, 4, pack, volts=13.1 * times, amps=-2.0)
    assert abs(dusk.charge_pct - 45) < 2 * dusk.sigma_pct
    assert dusk.charge_pct - dusk.sigma_pct < 50


@pytest.mark.parametrize("stage", [FLOAT, ABSORPTION, EQUALIZE])
def test_a_low_voltage_that_the_charger_holds_corrects_no_count_upwards(
    clock: FakeClock, stage: ChargeStage
) -> None:
    lost = replace(start(clock, PACK, night(clock)), charge_pct=45.0, sigma_pct=30.0)
    held = after(lost, clock, 2, PACK, volts=13.36, amps=0.0, charge_stage=stage)
    assert held.charge_pct < 50
    assert held.sigma_pct > 20
