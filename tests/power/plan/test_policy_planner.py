"""The policy planner as the power service asks it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import ChargeStage, EnergyLevel, EnergyPolicy, Stamp
from power.plan.ladder import Ladder, Proposal
from power.plan.plan import make_policy
from power.plan.policy_planner import PolicyPlanner
from power.plan.policy_table import compute_hour, unpack_table
from power.plan.rollout import TableController, TimeStep
from power.plan.utility import list_options
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_plan, a_reading, a_state, past_of

POLICY = make_policy(a_plan(past=past_of(*[0.4] * 60)))
DARK = make_policy(a_plan(past=past_of(*[0.02] * 120)))


def at(hours: float, boot: str = "00000001") -> Stamp:
    return Stamp(MIDNIGHT + timedelta(hours=hours), boot, 1000.0 + hours * 3600)


class Desk:
    """A planner and the policy that it is given when it asks."""

    def __init__(self, policy: EnergyPolicy | None = POLICY, predicts_change: bool = False) -> None:
        self.policy = policy
        self.planner = PolicyPlanner(SMALL, self.fetch, predicts_change=predicts_change)

    def fetch(self) -> EnergyPolicy | None:
        return self.policy

    def propose(
        self, hours: float, charge_pct: float | None, sun_w: float | None = 0.0, **changed: object
    ) -> Proposal:
        stamp = at(hours)
        state = a_state(stamp, charge_pct)
        reading = None if sun_w is None else a_reading(stamp, sun_w, **changed)
        return self.planner.propose(state, reading, None)


def ladder(charge_pct: float | None) -> Proposal:
    state = a_state(at(1), charge_pct)
    return Ladder(SMALL).propose(state, a_reading(at(1), 0.0), None)


@pytest.mark.parametrize("hours", [-0.1, 72.0, 200.0])
def test_without_a_plan_that_holds_now_the_ladder_decides_and_says_so(hours: float) -> None:
    for desk in (Desk(), Desk(None)):
        if desk.policy is None or not 0 <= hours < 72:
            found = desk.propose(hours, 70.0)
            assert found.level == ladder(70.0).level
            assert found.reason.endswith("by the ladder, since there is no plan")


def test_an_unknown_charge_is_the_ladders_case() -> None:
    assert Desk().propose(1.0, None) == ladder(None)


def test_a_damaged_policy_is_no_plan() -> None:
    for broken in (
        replace(POLICY, worth=POLICY.worth[:-400]),
        replace(POLICY, worth=POLICY.worth[:-3]),
        replace(POLICY, facts={}),
        replace(POLICY, facts={**POLICY.facts, "levels": 0}),
        replace(POLICY, facts=dict.fromkeys(POLICY.facts, "seven")),  # type: ignore[arg-type]
        replace(POLICY, worth="text"),  # type: ignore[arg-type]
        replace(POLICY, worth=b"\0" * len(POLICY.worth)),
        replace(POLICY, starts=POLICY.starts.replace(tzinfo=None)),
    ):
        found = Desk(broken).propose(1.0, 70.0)
        assert "by the ladder, since the plan cannot be used" in found.reason
        assert found.level == ladder(70.0).level


def test_a_plan_that_cannot_be_used_is_not_tried_again_and_the_next_one_is_followed() -> None:
    desk = Desk(replace(POLICY, worth=b"\0" * len(POLICY.worth)))
    for hours in (1.0, 1.5):
        assert "since the plan cannot be used" in desk.propose(hours, 70.0).reason
    desk.policy = replace(POLICY, stamp=replace(POLICY.stamp, uptime_s=POLICY.stamp.uptime_s + 1))
    assert "ladder" not in desk.propose(2.0, 70.0).reason


def test_the_level_rises_with_the_charge_and_the_power_is_an_options() -> None:
    found = [Desk().propose(1.0, charge_pct) for charge_pct in range(5, 101, 5)]
    levels = [one.level for one in found]
    assert levels == sorted(levels)
    assert {levels[0], levels[-1]} == {EnergyLevel.HIBERNATE, EnergyLevel.FULL}
    assert {one.power_w for one in found} <= {option.power_w for option in list_options(SMALL)}


def test_a_site_that_is_dark_saves_what_a_bright_one_spends() -> None:
    assert Desk(DARK).propose(1.0, 55.0).power_w < Desk(POLICY).propose(1.0, 55.0).power_w


def test_what_the_plan_shows_is_what_it_does() -> None:
    """power/plan/rollout.py decides as this does, where the sun is as expected."""
    table, options = unpack_table(POLICY), list_options(SMALL)
    for charge_pct in range(5, 101, 5):
        for hours in (1.0, 20.0):
            starts = at(hours).utc
            hour = compute_hour(table, starts)
            step = TimeStep(
                starts=starts, hour=hour, hours=0.25, sun_w=0.0, cold=False, hidden_pct=0.0
            )
            shown = TableController(table, options, SMALL.battery).choose(step, charge_pct)
            done = Desk().propose(hours, charge_pct)
            assert (done.level, done.power_w) == (shown.level, shown.power_w)


def test_it_decides_again_after_a_quarter_of_an_hour_or_when_the_charge_has_fallen() -> None:
    desk = Desk()
    first = desk.propose(1.0, 80.0)
    assert desk.propose(1.05, 79.5) is first
    assert desk.propose(1.1, 60.0) is not first
    second = desk.propose(1.15, 60.0)
    assert desk.propose(1.5, 60.0) is not second


def test_a_new_policy_is_taken_up_when_it_is_there() -> None:
    desk = Desk()
    before = desk.propose(1.0, 55.0)
    desk.policy = replace(DARK, stamp=replace(DARK.stamp, uptime_s=DARK.stamp.uptime_s + 1))
    after = desk.propose(1.1, 55.0)
    assert after.power_w < before.power_w
    assert "two grey days expected" in after.reason


def test_surplus_is_spent_whatever_the_plan_says() -> None:
    full = {"charge_stage": ChargeStage.FLOAT, "battery_current_a": 0.5}
    found = Desk(DARK).propose(12.0, 97.0, 100.0, **full)
    assert found.level == EnergyLevel.FULL
    assert "surplus available" in found.reason


def drawn_after(noon: dict[str, object]) -> float:
    """What is drawn at 14 h, over all charges, after a clear morning and a noon of 5 W."""
    total = 0.0
    for charge_pct in range(28, 60, 4):
        desk = Desk(POLICY)
        for quarter in range(4 * 6, 4 * 14):
            early = quarter < 4 * 10
            sun_w = 0.86 * unpack_table(POLICY).clear_w[quarter // 4] if early else 5.0
            desk.propose(quarter / 4, 90.0, sun_w, **({} if early else noon))
        total += desk.propose(14.0, float(charge_pct), None).power_w
    return total


def test_throttled_sun_does_not_make_the_day_dark() -> None:
    assert drawn_after({"charge_stage": ChargeStage.FLOAT}) > drawn_after({})


def test_the_sentence_has_charge_expectation_sun_and_when_it_will_change() -> None:
    desk = Desk(predicts_change=True)
    found = desk.propose(18.5, 45.0, 0.0)
    assert "SOC 45 +- 4 %" in found.reason
    assert POLICY.reason in found.reason
    assert found.reason.endswith("PV 0 W")
    assert Desk(predicts_change=True).propose(1.0, 80.0, None).reason.endswith("PV power unknown")


def test_a_restart_within_the_night_decides_the_same() -> None:
    """Nothing is carried from boot to boot: the table and the charge are all that counts."""
    stamp = at(2.0, boot="00000002")
    again = Desk()
    found = again.planner.propose(a_state(stamp, 50.0), a_reading(stamp, 0.0), None)
    assert found.level == Desk().propose(2.0, 50.0).level
