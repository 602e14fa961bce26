"""The arbiter: down at once, up when earned, the guard above all."""

from dataclasses import dataclass, field, replace

import pytest

from appliance.model import EnergyBudget, EnergyLevel
from appliance.settings import EnergySettings, Settings
from power.act.arbiter import ArbiterState, arbitrate
from power.guard.verdict import Verdict
from power.plan.ladder import Proposal
from tests.stand_ins.fakes import FakeClock

SETTINGS = Settings()
FULL, ECO, SENTINEL, HIBERNATE, OFF = (
    EnergyLevel.FULL,
    EnergyLevel.ECO,
    EnergyLevel.SENTINEL,
    EnergyLevel.HIBERNATE,
    EnergyLevel.OFF,
)


@dataclass
class ArbiterRun:
    """An arbiter in use."""

    clock: FakeClock
    ruling: ArbiterState = field(default_factory=ArbiterState)

    def rule(
        self,
        proposed: EnergyLevel,
        allowed: EnergyLevel = FULL,
        may_rise: bool = True,
        wait_s: float = 0.0,
    ) -> EnergyBudget:
        self.clock.advance(wait_s)
        verdict = Verdict(allowed, "the charger has not answered for 14 min", may_rise=may_rise)
        proposal = Proposal(
            proposed, SETTINGS.get_level_power_w(proposed), "SOC 46 +- 3 %; PV 120 W"
        )
        self.ruling, budget = arbitrate(
            self.ruling, verdict, proposal, SETTINGS, self.clock.stamp()
        )
        return budget


@pytest.fixture
def run(clock: FakeClock) -> ArbiterRun:
    return ArbiterRun(clock)


def test_the_first_order_of_a_boot_is_no_rise(run: ArbiterRun) -> None:
    assert run.rule(FULL).level == FULL


def test_down_is_at_once_and_up_waits_for_a_quarter_of_an_hour(run: ArbiterRun) -> None:
    run.rule(FULL)
    assert run.rule(ECO).level == ECO
    assert run.rule(FULL, wait_s=10).level == ECO
    assert run.rule(FULL, wait_s=890).level == ECO
    assert run.rule(FULL, wait_s=10).level == FULL


def test_one_cloud_starts_the_wait_anew(run: ArbiterRun) -> None:
    run.rule(ECO)
    run.rule(FULL)
    run.rule(FULL, wait_s=800)
    run.rule(ECO, wait_s=10)
    run.rule(FULL, wait_s=10)
    assert run.rule(FULL, wait_s=899).level == ECO
    assert run.rule(FULL, wait_s=1).level == FULL


def test_a_rise_goes_only_as_far_as_was_wanted_all_the_time(run: ArbiterRun) -> None:
    run.rule(SENTINEL)
    run.rule(ECO)
    run.rule(FULL, wait_s=600)
    assert run.rule(FULL, wait_s=300).level == ECO
    assert run.rule(FULL, wait_s=899).level == ECO
    assert run.rule(FULL, wait_s=1).level == FULL


def test_nothing_rises_while_the_guard_forbids_it(run: ArbiterRun) -> None:
    run.rule(ECO)
    for _ in range(100):
        held = run.rule(FULL, may_rise=False, wait_s=60)
    assert held.level == ECO
    assert held.reason == "ECO held by the guard: the charger has not answered for 14 min"


def test_the_wall_clock_does_not_count_for_the_wait(run: ArbiterRun) -> None:
    run.rule(ECO)
    run.rule(FULL)
    run.clock.set_wall_clock(run.clock.utc.replace(year=2030))
    assert run.rule(FULL, wait_s=1).level == ECO


def test_the_guard_is_always_above_the_planner(run: ArbiterRun) -> None:
    for allowed in (FULL, ECO, SENTINEL, HIBERNATE, OFF):
        budget = run.rule(FULL, allowed=allowed)
        assert budget.level == allowed
        assert budget.power_w == SETTINGS.get_level_power_w(allowed)
    assert budget.reason == "OFF held by the guard: the charger has not answered for 14 min"


def test_the_reason_is_a_sentence_with_figures(run: ArbiterRun) -> None:
    assert run.rule(ECO).reason == "ECO: SOC 46 +- 3 %; PV 120 W, autonomy in hibernation 7 days"
    run.rule(FULL)
    waiting = run.rule(FULL, wait_s=180)
    assert waiting.reason == "ECO: SOC 46 +- 3 %; PV 120 W; FULL in 12 min if this lasts"


def test_a_planner_may_ask_for_less_power_than_its_level_allows(clock: FakeClock) -> None:
    verdict = Verdict(FULL, "good")
    for asked_w, given_w in ((7.0, 7.0), (900.0, 25.0)):
        proposal = Proposal(FULL, asked_w, "reason")
        _, budget = arbitrate(ArbiterState(), verdict, proposal, SETTINGS, clock.stamp())
        assert budget.power_w == given_w


def test_a_budget_outlives_three_polls_and_names_the_reserve(clock: FakeClock) -> None:
    slow = replace(
        SETTINGS,
        meter=replace(SETTINGS.meter, poll_every_s=60),
        energy=EnergySettings(reserve_days=10),
    )
    verdict, proposal = Verdict(FULL, "good"), Proposal(FULL, 25, "reason")
    _, budget = arbitrate(ArbiterState(), verdict, proposal, slow, clock.stamp())
    assert (budget.until - clock.utc).total_seconds() == 180
    assert budget.reserve_wh == pytest.approx(480)
