"""When a generator is started and stopped, played cycle by cycle without a unit around it."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

from appliance.model_sources import SourceCause, SourcePhase, SourceState
from appliance.sections.sources import SourceSettings, SourceStart
from power.act.source_evidence import Evidence
from power.act.source_rules import follow_source
from power.act.source_start import SourceInputs, is_quiet
from power.plan.source_decision import SourceDecision
from tests.stand_ins.fakes import FakeClock

GENERATOR = SourceSettings(
    switch="generator", power_w=500, tank_kwh=5, least_run_s=1800, most_run_s=7200, rest_s=600
)
WANTED = SourceDecision(runs=True, reason="a kWh is worth 9.00 and costs 2.00", worth_per_kwh=9.0)
UNWANTED = SourceDecision(
    runs=False, reason="a kWh is worth 1.00 and costs 2.00", worth_per_kwh=1.0
)


@dataclass
class Played:
    """One source with what is around it, set by hand; `gives`: what is seen while it is ordered."""

    source: SourceSettings = GENERATOR
    clock: FakeClock = field(default_factory=FakeClock)
    gives: bool | None = True
    charge_pct: float | None = 40.0
    need: str = ""
    is_safe: bool = True
    refusal: str = ""
    decision: SourceDecision | None = UNWANTED
    local_h: float | None = 12.0
    state: SourceState = field(init=False)
    switched: list[tuple[float, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = SourceState(self.clock.stamp(), "main", fuel_left_kwh=5.0)

    def pass_time(self, seconds: float, every_s: float = 30.0) -> SourceState:
        for _ in range(int(seconds / every_s)):
            self.clock.advance(every_s)
            was = self.state.is_ordered
            self.state = follow_source(self.state, self.source, self._look())
            if self.state.is_ordered is not was:
                self.switched.append((self.clock.uptime_s, self.state.is_ordered))
        return self.state

    def _look(self) -> SourceInputs:
        seen = self.gives if self.state.is_ordered else False
        return SourceInputs(
            now=self.clock.stamp(),
            local_h=self.local_h,
            charge_pct=self.charge_pct,
            refusal=self.refusal,
            need=self.need,
            is_safe=self.is_safe,
            decision=self.decision,
            evidence=Evidence(seen, self.source.power_w if seen else None),
        )


def test_nothing_starts_a_generator_that_nobody_wants() -> None:
    played = Played()
    assert played.pass_time(86_400).phase is SourcePhase.OFF
    assert played.switched == []


def test_the_plan_starts_it_and_its_reason_has_the_figures() -> None:
    played = Played(decision=WANTED)
    state = played.pass_time(60)
    assert state.phase is SourcePhase.GIVING
    assert (state.cause, state.reason) == (SourceCause.PLAN, WANTED.reason)


def test_it_runs_for_its_least_time_whatever_the_plan_says_next() -> None:
    played = Played(decision=WANTED)
    played.pass_time(30)
    played.decision = UNWANTED
    assert played.pass_time(1770).is_ordered
    assert not played.pass_time(60).is_ordered


def test_it_rests_between_two_runs() -> None:
    played = Played(decision=WANTED)
    played.pass_time(30)
    played.decision = UNWANTED
    played.pass_time(1800)
    played.decision = WANTED
    assert "rests" in played.pass_time(570).reason
    assert played.pass_time(60).is_ordered


def test_it_runs_no_longer_than_its_longest_time() -> None:
    played = Played(decision=WANTED)
    played.pass_time(12 * 3600)
    ons = [at_s for at_s, on in played.switched if on]
    offs = [at_s for at_s, on in played.switched if not on]
    assert all(off_s - on_s <= 7200 + 30 for on_s, off_s in zip(ons, offs, strict=False))
    assert all(on_s - off_s >= 600 for on_s, off_s in zip(ons[1:], offs, strict=False))


def test_the_guard_starts_it_whatever_the_plan_says_and_lets_it_run_until_it_is_safe() -> None:
    played = Played(need="there may be only 17 % left to draw", is_safe=False)
    assert played.pass_time(30).cause is SourceCause.GUARD
    played.need = ""
    assert played.pass_time(3600).is_ordered
    played.is_safe = True
    assert not played.pass_time(60).is_ordered


def test_the_guard_does_not_start_one_that_must_rest_or_that_it_may_not_start() -> None:
    played = Played(decision=WANTED)
    played.pass_time(30)
    played.decision = UNWANTED
    played.pass_time(1830)
    played.need = "low"
    assert not played.pass_time(300).is_ordered
    forbidden = Played(replace(GENERATOR, guard_may_start=False), need="low")
    assert not forbidden.pass_time(3600).is_ordered


def test_quiet_hours_go_over_midnight() -> None:
    source = replace(GENERATOR, quiet_from_h=22.0, quiet_until_h=6.0)
    assert [is_quiet(source, hour) for hour in (21.9, 22.0, 3.0, 6.0)] == [False, True, True, False]
    assert not is_quiet(GENERATOR, 3.0)
    assert not is_quiet(source, None)


def test_in_quiet_hours_only_a_need_that_the_settings_put_above_them_starts_it() -> None:
    quiet = replace(GENERATOR, quiet_from_h=22.0)
    played = Played(quiet, decision=WANTED, local_h=23.0, need="low")
    assert "quiet hours" in played.pass_time(3600).reason
    assert not played.state.is_ordered
    loud = Played(replace(quiet, guard_ignores_quiet_hours=True), local_h=23.0, need="low")
    assert loud.pass_time(60).is_ordered


def test_quiet_hours_end_a_run_after_its_least_time() -> None:
    played = Played(replace(GENERATOR, quiet_from_h=22.0), decision=WANTED)
    played.pass_time(30)
    played.local_h = 22.5
    assert played.pass_time(1500).is_ordered
    assert "quiet hours" in played.pass_time(300).reason


def test_a_generator_that_gives_nothing_is_tried_three_times_and_then_locked() -> None:
    played = Played(decision=WANTED, gives=False)
    state = played.pass_time(24 * 3600)
    assert (state.failures, state.locked, state.starts) == (3, True, 3)
    assert not state.is_ordered
    assert state.energy_wh == 0


def test_not_even_the_guard_starts_one_that_is_locked() -> None:
    played = Played(decision=WANTED, gives=False)
    played.pass_time(24 * 3600)
    played.gives, played.need = True, "low"
    assert not played.pass_time(3600).is_ordered
    assert "locked" in played.state.reason


def test_one_that_gives_again_is_forgiven_its_failures() -> None:
    played = Played(decision=WANTED, gives=False)
    played.pass_time(600)
    assert played.state.failures == 1
    played.gives = True
    assert played.pass_time(1200).failures == 0


def test_one_that_runs_dry_is_stopped_and_counts_as_a_failure() -> None:
    played = Played(decision=WANTED)
    played.pass_time(900)
    played.gives = False
    state = played.pass_time(360)
    assert not state.is_ordered
    assert (state.failures, "any more" in state.failure) == (1, True)


def test_one_whose_power_is_not_measured_is_neither_failed_nor_stopped() -> None:
    played = Played(decision=WANTED, gives=None)
    state = played.pass_time(3600)
    assert state.phase is SourcePhase.STARTING
    assert (state.failures, state.gave_s) == (0, None)


def test_a_battery_that_must_not_be_charged_ends_a_run_at_once_and_allows_none() -> None:
    played = Played(decision=WANTED)
    played.pass_time(300)
    played.refusal, played.need = "the battery cannot be charged now", "low"
    assert not played.pass_time(30).is_ordered
    assert not played.pass_time(7200).is_ordered


def test_it_stops_at_the_charge_of_the_settings() -> None:
    played = Played(decision=WANTED)
    played.pass_time(1860)
    played.charge_pct = 80.0
    assert not played.pass_time(30).is_ordered


def test_by_charge_it_runs_from_the_one_limit_to_the_other() -> None:
    played = Played(replace(GENERATOR, starts_by=SourceStart.CHARGE), decision=WANTED)
    assert not played.pass_time(600).is_ordered
    played.charge_pct = 24.0
    assert played.pass_time(30).cause is SourceCause.CHARGE
    played.charge_pct = 60.0
    assert played.pass_time(3600).is_ordered
    played.charge_pct = 81.0
    assert not played.pass_time(30).is_ordered


def test_without_a_plan_the_charge_starts_it_and_without_a_charge_nothing_does() -> None:
    assert Played(decision=None, charge_pct=20.0).pass_time(60).cause is SourceCause.CHARGE
    assert not Played(decision=None, charge_pct=None).pass_time(3600).is_ordered


def test_a_test_run_comes_after_days_without_a_run_and_a_run_puts_it_off() -> None:
    source = replace(GENERATOR, test_every_days=14)
    played = Played(source)
    played.pass_time(13 * 86_400, every_s=60)
    assert played.switched == []
    played.decision = WANTED
    played.pass_time(120)
    played.decision = UNWANTED
    played.pass_time(13 * 86_400, every_s=60)
    assert len(played.switched) == 2
    played.pass_time(2 * 86_400, every_s=60)
    (on_s, _), (off_s, _) = played.switched[2:]
    assert off_s - on_s == 600


def test_fuel_is_counted_from_what_it_gave_and_an_empty_tank_is_not_started() -> None:
    played = Played(replace(GENERATOR, most_run_s=3600), decision=WANTED)
    played.pass_time(3660)
    assert played.state.fuel_left_kwh is not None
    assert abs(played.state.fuel_left_kwh - 4.5) < 0.01
    assert abs(played.state.cost - (1.0 + 0.5 * 2.0)) < 0.02
    played.pass_time(24 * 3600)
    assert played.state.fuel_left_kwh == 0
    assert "tank" in played.state.reason
    assert not played.state.is_ordered


def test_the_guard_tries_one_whose_tank_is_empty_by_the_count_alone() -> None:
    """Somebody filled it and did not say so. One that is dry is locked after its tries."""
    played = Played(replace(GENERATOR, most_run_s=3600), decision=WANTED)
    played.pass_time(24 * 3600)
    assert played.state.fuel_left_kwh == 0
    played.need = "low"
    assert played.pass_time(30).cause is SourceCause.GUARD


def test_one_without_a_price_is_not_started_for_the_last_percent_of_the_charge() -> None:
    played = Played(decision=WANTED, charge_pct=95.0)
    assert "it would stop at 80 %" in played.pass_time(6 * 3600).reason
    played.charge_pct = 78.0
    played.pass_time(6 * 3600)
    assert played.state.starts == 0
    played.charge_pct = 60.0
    assert played.pass_time(60).is_ordered


def test_what_is_kept_in_the_tank_is_for_the_guard_alone() -> None:
    played = Played(replace(GENERATOR, kept_kwh=6.0), decision=WANTED)
    assert "kept for the guard" in played.pass_time(600).reason
    played.need = "low"
    assert played.pass_time(30).cause is SourceCause.GUARD


def test_shore_power_without_a_switch_is_there_or_not_and_is_never_ordered() -> None:
    played = Played(replace(GENERATOR, switch=""), need="low", decision=WANTED)
    assert played.pass_time(600).phase is SourcePhase.OFF
    there = follow_source(
        played.state,
        played.source,
        replace(played._look(), evidence=Evidence(gives=True, power_w=300.0)),
    )
    assert (there.phase, there.power_w, there.is_ordered) == (SourcePhase.THERE, 300.0, False)


def test_no_sequence_of_wishes_runs_it_outside_its_times() -> None:
    """A wish that changes with every cycle, of the plan and of the guard in turn."""
    played = Played(replace(GENERATOR, rest_s=900))
    for turn in range(4000):
        played.decision = WANTED if turn % 3 else UNWANTED
        played.need = "low" if turn % 7 == 0 else ""
        played.charge_pct = 20.0 + turn % 70
        played.pass_time(30)
    times = played.switched
    assert len(times) > 10
    for (one_s, on), (next_s, _) in pairwise(times):
        assert next_s - one_s >= (1800 if on else 900), "shorter than its settings allow"


def test_a_gap_between_two_cycles_is_not_counted_as_a_run() -> None:
    played = Played(decision=WANTED)
    played.pass_time(60)
    before = played.state.energy_wh
    played.clock.advance(50_000)
    played.pass_time(30)
    assert played.state.energy_wh - before < 20
