"""The SOC ladder: bands, hysteresis, sigma, and the surplus of a full battery."""

from dataclasses import replace

import pytest

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings
from power.plan.ladder import Ladder, choose_level
from tests.stand_ins.fakes import FakeClock

NOW = FakeClock().stamp()
FULL, ECO, SENTINEL, HIBERNATE = (
    EnergyLevel.FULL,
    EnergyLevel.ECO,
    EnergyLevel.SENTINEL,
    EnergyLevel.HIBERNATE,
)
LADDER = Ladder(Settings())


def a_state(charge: float | None, sigma: float = 3.0, blocked: bool = False) -> BatteryState:
    return BatteryState(
        NOW,
        charge,
        sigma_pct=sigma,
        energy_wh=None,
        capacity_wh=2560,
        time_to_go_s=None,
        charge_blocked=blocked,
        method="counted",
    )


def a_reading(sun_w: float | None, stage: ChargeStage, amps: float | None) -> PowerReading:
    return PowerReading(NOW, "test", sun_w, None, 13.2, amps, None, None, stage, None)


@pytest.mark.parametrize(
    ("careful", "previous", "level"),
    [
        (60, None, FULL),
        (60, FULL, FULL),
        (60, ECO, ECO),
        (65, ECO, FULL),
        (59, FULL, ECO),
        (44, SENTINEL, SENTINEL),
        (45, SENTINEL, ECO),
        (19, FULL, HIBERNATE),
        (24, HIBERNATE, HIBERNATE),
        (90, HIBERNATE, FULL),
    ],
)
def test_a_level_holds_from_its_threshold_and_is_entered_above_it(
    careful: float, previous: EnergyLevel | None, level: EnergyLevel
) -> None:
    assert choose_level(careful, previous, EnergySettings()) == level


def test_the_sigma_is_taken_off_the_charge_before_a_level_is_chosen() -> None:
    assert LADDER.propose(a_state(66, sigma=1), None, ECO).level == FULL
    assert LADDER.propose(a_state(66, sigma=10), None, ECO).level == ECO
    bold = Ladder(replace(Settings(), energy=EnergySettings(sigma_weight=0)))
    assert bold.propose(a_state(66, sigma=10), None, ECO).level == FULL


def test_the_reason_has_charge_sigma_next_step_and_sun() -> None:
    proposal = LADDER.propose(a_state(46), a_reading(120, ChargeStage.BULK, 7), ECO)
    assert proposal.reason == "SOC 46 +- 3 %, FULL from 65 %; PV 120 W"
    assert proposal.power_w == Settings().energy.eco_power_w


def test_an_unknown_charge_lets_cameras_listen_and_no_more() -> None:
    proposal = LADDER.propose(a_state(None), None, FULL)
    assert proposal.level == SENTINEL
    assert proposal.reason == "the charge is unknown; PV power unknown"


@pytest.mark.parametrize("stage", [ChargeStage.FLOAT, ChargeStage.ABSORPTION])
def test_surplus_is_available_where_a_full_battery_curtails_the_panels(stage: ChargeStage) -> None:
    proposal = LADDER.propose(a_state(98), a_reading(80, stage, 1.0), ECO)
    assert (proposal.level, proposal.sun_is_free) == (FULL, True)
    assert "surplus available" in proposal.reason


@pytest.mark.parametrize(
    ("charge", "stage", "amps"),
    [
        (25, ChargeStage.ABSORPTION, 10.0),
        (40, ChargeStage.FLOAT, 20.0),
        (45, ChargeStage.FLOAT, 0.0),  # a charge path that is open
        (98, ChargeStage.ABSORPTION, 10.0),
        (98, ChargeStage.FLOAT, -1.0),
        (98, ChargeStage.FLOAT, None),
        (98, ChargeStage.BULK, 1.0),
        (92, ChargeStage.FLOAT, 1.0),  # less its sigma: 89 %
    ],
)
def test_no_surplus_is_available_where_the_battery_is_not_full_or_still_takes_charge(
    charge: float, stage: ChargeStage, amps: float | None
) -> None:
    proposal = LADDER.propose(a_state(charge), a_reading(80, stage, amps), ECO)
    assert not proposal.sun_is_free
    assert proposal.level == choose_level(charge - 3, ECO, Settings().energy)


def test_a_battery_that_can_take_no_charge_leaves_no_surplus() -> None:
    full = a_state(98, blocked=True)
    proposal = LADDER.propose(full, a_reading(80, ChargeStage.FLOAT, 0.0), ECO)
    assert not proposal.sun_is_free
    assert "charging is disabled" in proposal.reason


@pytest.mark.parametrize("chemistry", [Chemistry.AGM, Chemistry.FLOODED, Chemistry.LEAD_ACID])
def test_the_finishing_charge_of_lead_acid_is_not_surplus_until_float(chemistry: Chemistry) -> None:
    lead = replace(BatterySettings(), chemistry=chemistry, nominal_voltage_v=12.0)
    ladder = Ladder(replace(Settings(), battery=lead))
    for stage in (ChargeStage.ABSORPTION, ChargeStage.EQUALIZE):
        assert not ladder.propose(a_state(98), a_reading(80, stage, 2.0), ECO).sun_is_free
    assert ladder.propose(a_state(98), a_reading(80, ChargeStage.FLOAT, 1.0), ECO).sun_is_free


def test_every_rung_can_be_reached_by_a_full_battery() -> None:
    high = EnergySettings(full_from_pct=97, eco_from_pct=95, hysteresis_pct=20)
    assert choose_level(99, HIBERNATE, high) == FULL
