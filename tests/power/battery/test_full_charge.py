"""When a battery counts as full: a small current after a charge, at the battery's temperature."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model import ChargeStage
from appliance.settings import BatterySettings, Chemistry
from power.battery.estimate import Estimate
from power.battery.synchronise import SYNCHRONISED_FULL
from power.battery.voltage_curve import Resistance
from tests.power.battery.estimates import LEAD, PACK, after, make_estimate
from tests.stand_ins.fakes import FakeClock

AGM = replace(LEAD, chemistry=Chemistry.AGM)  # 213 Ah: C/50 is 4.3 A, C/200 1.1 A
FLOODED = replace(LEAD, chemistry=Chemistry.FLOODED)
FLOAT, ABSORPTION = ChargeStage.FLOAT, ChargeStage.ABSORPTION


def charge(
    estimate: Estimate,
    clock: FakeClock,
    *,
    volts: float,
    amps: float,
    pack: Any = PACK,
    **more: Any,
) -> Estimate:
    """Ten minutes of sun in absorption, read every 10 s."""
    more = {"charge_stage": ABSORPTION, "pv_power_w": None, "load_power_w": None} | more
    return after(estimate, clock, 1 / 6, pack, 10.0, volts=volts, amps=amps, **more)


@pytest.mark.parametrize(
    ("volts", "amps", "stage"),
    [(13.45, 20.0, FLOAT), (13.5, 0.0, FLOAT), (14.2, 20.0, ABSORPTION), (14.4, 0.0, FLOAT)],
)
def test_no_charge_stage_alone_makes_a_battery_full(
    clock: FakeClock, volts: float, amps: float, stage: ChargeStage
) -> None:
    """A wrong stage beside a large current, and a charge path that is open, without any probe."""
    day: dict[str, Any] = {"charge_stage": stage, "battery_temperature_c": 25.0}
    start = after(make_estimate(clock, 40, 2), clock, 0.5, step_s=10.0, volts=13.35, amps=20.0)
    held = after(
        start,
        clock,
        1.5,
        step_s=10.0,
        volts=volts,
        amps=amps,
        pv_power_w=None,
        load_power_w=None,
        **day,
    )
    assert held.method != SYNCHRONISED_FULL
    assert held.full_at is None
    assert held.charge_pct < 51 + amps / 2  # what has flowed in, and no more


def test_a_current_that_ends_at_once_is_an_open_charge_path_and_no_full_battery(
    clock: FakeClock,
) -> None:
    """Through a thin wire 30 A lift what the controller measures to 13.9 V at half charge."""
    start = charge(make_estimate(clock, 50, 3), clock, volts=13.9, amps=30.0)
    fading = charge(start, clock, volts=14.4, amps=0.0)
    assert fading.method != SYNCHRONISED_FULL


@pytest.mark.parametrize("amps", [3.0, 1.0])
def test_a_charging_current_that_becomes_small_at_absorption_is_a_full_battery(
    clock: FakeClock, amps: float
) -> None:
    start = charge(make_estimate(clock, 90, 4), clock, volts=14.2, amps=20.0)
    assert start.method != SYNCHRONISED_FULL
    assert charge(start, clock, volts=14.2, amps=amps).method == SYNCHRONISED_FULL


def test_float_after_a_small_charging_current_is_a_full_battery(clock: FakeClock) -> None:
    start = charge(make_estimate(clock, 90, 4), clock, volts=14.1, amps=6.0)
    for _ in range(4):
        start = charge(start, clock, volts=13.5, amps=0.1, charge_stage=FLOAT)
    assert start.method == SYNCHRONISED_FULL
    assert start.sigma_pct == 2


def test_a_full_charge_of_yesterday_makes_no_float_of_today_full(clock: FakeClock) -> None:
    """LFP stays above 13.4 V for a night: a weak sun beside a wrong FLOAT then looks like float."""
    full = charge(make_estimate(clock, 90, 4), clock, volts=14.1, amps=2.0)
    night = after(full, clock, 15, step_s=300, volts=13.45, amps=-1.9)
    today = night
    for _ in range(4):
        today = charge(today, clock, volts=13.46, amps=0.4, charge_stage=FLOAT)
    assert night.charge_pct == pytest.approx(85.8, abs=1)
    assert today.method != SYNCHRONISED_FULL


def test_a_discharge_at_a_voltage_that_is_still_high_is_no_tail(clock: FakeClock) -> None:
    full = charge(make_estimate(clock, 90, 4), clock, volts=14.1, amps=2.0)
    later = after(full, clock, 2, step_s=10.0, volts=13.75, amps=-1.8)
    assert later.method != SYNCHRONISED_FULL
    assert later.charge_pct == pytest.approx(98.2, abs=0.2)


def test_a_gentle_absorption_leaves_a_lithium_battery_a_little_less_full(clock: FakeClock) -> None:
    found = charge(make_estimate(clock, 90, 4), clock, volts=13.8, amps=2.0)
    assert (found.charge_pct, found.sigma_pct) == (98, 2)


@pytest.mark.parametrize(
    ("pack", "celsius", "volts"),
    [
        (AGM, 45.0, 14.04),  # -3 mV a cell and C from 14.4 V
        (AGM, -20.0, 15.2),
        (FLOODED, -20.0, 15.41),
        (FLOODED, -33.0, 16.31),
        (LEAD, 18.0, 14.2),  # a charger that does not compensate
        (PACK, 45.0, 13.75),  # an absorption of 13.8 V, less a wire's and a meter's error
        (PACK, 5.0, 13.75),
    ],
)
def test_a_charger_that_compensates_for_the_temperature_still_shows_a_full_battery(
    clock: FakeClock, pack: BatterySettings, celsius: float, volts: float
) -> None:
    start = make_estimate(clock, 90, 4)
    full = charge(start, clock, volts=volts, amps=2.0, pack=pack, battery_temperature_c=celsius)
    assert full.method == SYNCHRONISED_FULL


@pytest.mark.parametrize(("celsius", "volts"), [(-20.0, 14.4), (25.0, 14.0), (45.0, 13.5)])
def test_a_voltage_that_is_low_for_its_temperature_is_no_full_lead_acid_battery(
    clock: FakeClock, celsius: float, volts: float
) -> None:
    start = make_estimate(clock, 80, 4)
    day = charge(start, clock, volts=volts, amps=2.0, pack=AGM, battery_temperature_c=celsius)
    assert day.method != SYNCHRONISED_FULL


@pytest.mark.parametrize(
    ("pack", "set_points", "celsius", "volts", "full"),
    [
        (PACK, {"absorption_v": 13.6}, 25.0, 13.55, True),  # below what LFP is usually charged to
        (PACK, {}, 25.0, 13.55, False),
        (PACK, {"absorption_v": 14.6}, 25.0, 13.55, False),  # it does not hold its own voltage
        (PACK, {"absorption_v": 13.2}, 25.0, 13.2, False),  # no LFP cell is full at 3.30 V
        (AGM, {"absorption_v": 13.9}, 45.0, 13.45, True),
        (AGM, {"absorption_v": 14.4, "compensation_v_per_c": -0.024}, 45.0, 13.85, True),
        (AGM, {"absorption_v": 14.4, "compensation_v_per_c": 0.0}, 0.0, 14.35, True),
        (AGM, {"absorption_v": 14.4, "compensation_v_per_c": -0.018}, 0.0, 14.35, False),
    ],
)
def test_a_charger_that_holds_its_own_absorption_voltage_with_a_small_current_shows_full(
    clock: FakeClock,
    pack: BatterySettings,
    set_points: dict[str, float],
    celsius: float,
    volts: float,
    full: bool,
) -> None:
    """Half an hour of it, and with the uncertainty of FLOAT."""
    day: dict[str, Any] = {"pack": pack, "battery_temperature_c": celsius, **set_points}
    found = charge(make_estimate(clock, 80, 4), clock, volts=volts, amps=2.0, **day)
    for _ in range(4):
        found = charge(found, clock, volts=volts, amps=0.3, **day)
    assert (found.method == SYNCHRONISED_FULL) is full


def test_float_at_a_voltage_that_is_not_the_charger_s_own_is_not_believed(clock: FakeClock) -> None:
    day: dict[str, Any] = {"charge_stage": FLOAT, "float_v": 13.8}
    found = charge(make_estimate(clock, 70, 4), clock, volts=13.45, amps=2.0, **day)
    for _ in range(4):
        found = charge(found, clock, volts=13.45, amps=0.3, **day)
    assert found.method != SYNCHRONISED_FULL


@pytest.mark.parametrize(
    ("pack", "volts", "known"),
    [(LEAD, 16.31, True), (LEAD, 17.5, True), (LEAD, 19.0, False), (PACK, 17.5, False)],
)
def test_what_a_charger_gives_in_the_cold_is_no_reading_error(
    clock: FakeClock, pack: BatterySettings, volts: float, known: bool
) -> None:
    reading = after(make_estimate(clock, 50, 2), clock, 0.01, pack, 10.0, volts=volts).inputs
    assert (reading.voltage_v == volts) is known


def test_a_current_that_a_timer_ends_behind_a_thin_wire_is_no_full_battery(
    clock: FakeClock,
) -> None:
    thin = replace(make_estimate(clock, 75, 10), resistance=Resistance((), 0.066, 0.007))
    unknown = make_estimate(clock, 75, 10)
    for start, amps in ((thin, 8.0), (unknown, 9.5)):
        held = charge(start, clock, volts=14.2, amps=amps)
        for _ in range(4):
            held = charge(held, clock, volts=13.5, amps=0.5, charge_stage=FLOAT)
        assert held.method != SYNCHRONISED_FULL
