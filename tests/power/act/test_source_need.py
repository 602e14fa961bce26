"""When the guard asks for a generator, and when a battery must not be charged."""

from dataclasses import replace

from appliance.model import BatteryState, EnergyLevel
from appliance.settings import Settings
from power.act.source_need import find_need, find_refusal
from power.guard.by_charge import judge_charge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.proven_charge import compute_lower_bound_pct
from tests.stand_ins.fakes import FakeClock

SETTINGS = Settings()
RESERVE_WH = 100.0
LIMITS = derive_limits(SETTINGS.battery, SETTINGS.energy)


def make_state(charge_pct: float, sigma_pct: float = 2.0) -> BatteryState:
    return BatteryState(
        FakeClock().stamp(),
        charge_pct,
        sigma_pct,
        charge_pct / 100 * 2560,
        2560,
        None,
        charge_blocked=False,
        method="counted",
    )


def test_the_need_comes_before_the_guard_stops_the_last_load() -> None:
    """Each charge at which the guard lets nothing run is one at which the source was wanted."""
    stopped = 0
    for tenth in range(1000, 0, -1):
        battery = make_state(tenth / 10)
        least_pct = compute_lower_bound_pct(battery)
        verdict = judge_charge(least_pct, battery, LIMITS, reserve_wh=RESERVE_WH)
        need = find_need(GuardState(), battery, SETTINGS, RESERVE_WH)
        if verdict.max_level <= EnergyLevel.HIBERNATE:
            stopped += 1
            assert need.reason
    assert stopped > 100


def test_a_low_voltage_that_lasts_is_a_need_whatever_the_count_says() -> None:
    low = GuardState(confirmed=True)
    assert "voltage" in find_need(low, make_state(80), SETTINGS, RESERVE_WH).reason


def test_a_count_that_is_lost_or_unknown_starts_nothing() -> None:
    assert not find_need(GuardState(), make_state(30, sigma_pct=29), SETTINGS, RESERVE_WH).reason
    assert not find_need(GuardState(), None, SETTINGS, RESERVE_WH).reason


def test_it_is_safe_only_well_above_the_charge_at_which_it_was_needed() -> None:
    charges = [
        find_need(GuardState(), make_state(one), SETTINGS, RESERVE_WH) for one in (19, 26, 28)
    ]
    assert [one.is_safe for one in charges] == [False, False, True]


def test_a_battery_that_takes_no_charge_refuses_the_source() -> None:
    assert find_refusal(make_state(50), None, LIMITS) == ""
    blocked = replace(make_state(50), charge_blocked=True)
    assert "cannot be charged" in find_refusal(blocked, None, LIMITS)
