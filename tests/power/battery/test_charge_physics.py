"""What sun and loads do to the charge."""

import pytest

from appliance.settings import BatterySettings, Chemistry
from power.battery.charge_physics import (
    CONTROLLER_EFFICIENCY,
    DISCHARGE_EFFICIENCY,
    MAX_CHARGE_C_RATE,
    ChargeModel,
    compute_charge_change_pct,
)

SMALL = ChargeModel.from_settings(BatterySettings(capacity_wh=640))
LARGE = ChargeModel.from_settings(BatterySettings(capacity_wh=2560))


def change_pct(
    battery: ChargeModel, sun_w: float, draw_w: float = 0.0, hours: float = 0.25, cold: bool = False
) -> float:
    return compute_charge_change_pct(battery, sun_w=sun_w, draw_w=draw_w, hours=hours, cold=cold)


def test_600_w_into_640_wh_give_12_percent_in_a_quarter_of_an_hour() -> None:
    """0.5 C is 320 W, of which the cells keep 99.5 % of the charge and 97 % of the voltage."""
    assert change_pct(SMALL, 600.0) == pytest.approx(12.06, abs=0.01)


def test_the_charging_current_is_limited() -> None:
    assert change_pct(LARGE, 100_000.0) == change_pct(LARGE, 10_000.0)
    assert change_pct(LARGE, 100_000.0) <= MAX_CHARGE_C_RATE * 0.25 * 100


def test_what_is_drawn_at_night_costs_more_than_the_loads_get() -> None:
    assert change_pct(LARGE, 0.0, 25.6, 1.0) == pytest.approx(-1 / DISCHARGE_EFFICIENCY)


def test_sun_and_loads_that_are_equal_change_nothing() -> None:
    assert change_pct(LARGE, 100.0, 100.0 * CONTROLLER_EFFICIENCY) == 0.0


def test_a_battery_that_is_too_cold_gains_nothing_but_still_gives() -> None:
    assert change_pct(LARGE, 100.0, 20.0, cold=True) == 0.0
    assert change_pct(LARGE, 10.0, 20.0, cold=True) == change_pct(LARGE, 10.0, 20.0) < 0


def test_lead_acid_keeps_less_of_the_charge() -> None:
    lead = ChargeModel.from_settings(
        BatterySettings(chemistry=Chemistry.LEAD_ACID, capacity_wh=2560)
    )
    assert 0 < change_pct(lead, 100.0) < change_pct(LARGE, 100.0)
