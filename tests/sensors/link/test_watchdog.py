"""What the watchdog does in a silence: the mildest first, ever later, and only so often."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.model_updates import LinkAct, LinkPhase
from appliance.sections.link import LinkSettings
from sensors.link.watchdog import DAY_S, SUPPLY_OFF_S, LinkFacts, Verdict, WatchdogState, judge

OWN = LinkSettings(enabled=True, silent_min=30, most_resets_per_day=6)
QUIET = LinkFacts(0.0, is_wanted=True, answered_s=None, phase=LinkPhase.CONNECTED, has_switch=True)
MINUTE = 60.0


@dataclass
class Site:
    """A unit whose servers do not answer."""

    own: LinkSettings = OWN
    facts: LinkFacts = QUIET
    state: WatchdogState = field(default_factory=WatchdogState)
    verdict: Verdict = field(default_factory=Verdict)
    acts: list[tuple[float, LinkAct]] = field(default_factory=list)

    def pass_time(self, minutes: float) -> "Site":
        for _ in range(round(minutes)):
            self.facts = replace(self.facts, now_s=self.facts.now_s + MINUTE)
            self.state, self.verdict = judge(self.state, self.facts, self.own)
            if self.verdict.act:
                self.acts.append((self.facts.now_s / MINUTE, self.verdict.act))
        return self

    def be(self, **changes: object) -> "Site":
        self.facts = replace(self.facts, **changes)  # type: ignore[arg-type]
        return self


def test_the_mildest_is_tried_first_and_each_next_one_later() -> None:
    site = Site().pass_time(12 * 60)
    kinds = [act for _, act in site.acts]
    assert kinds[:3] == [LinkAct.RECONNECT, LinkAct.RESET, LinkAct.POWER_CYCLE]
    assert set(kinds[3:]) == {LinkAct.POWER_CYCLE}
    times = [at for at, _ in site.acts]
    waits = [after - before for before, after in pairwise(times)]
    assert waits == sorted(waits)
    assert 30 <= times[0] <= 32


def test_without_a_switch_the_last_means_is_a_reset() -> None:
    site = Site().be(has_switch=False).pass_time(12 * 60)
    assert {act for _, act in site.acts} == {LinkAct.RECONNECT, LinkAct.RESET}


def test_an_answer_ends_the_silence_and_the_next_one_begins_mildly() -> None:
    site = Site().pass_time(100)
    assert len(site.acts) == 2
    site.be(answered_s=site.facts.now_s).pass_time(29)
    assert len(site.acts) == 2
    site.pass_time(3)
    assert site.acts[-1][1] is LinkAct.RECONNECT


def test_the_supply_goes_on_again_by_itself() -> None:
    site = Site()
    while not site.verdict.supply_off:
        site.pass_time(1)
    assert site.verdict.act is LinkAct.POWER_CYCLE
    site.be(now_s=site.facts.now_s + SUPPLY_OFF_S).pass_time(1)
    assert not site.verdict.supply_off


def test_the_bound_is_told_once_it_is_reached() -> None:
    site = Site(replace(OWN, most_resets_per_day=2)).pass_time(6 * 60)
    assert len(site.acts) == 2
    assert site.verdict.is_exhausted
    assert "has acted 2 times in 24 h: check antenna" in site.verdict.reason


def test_what_was_done_before_a_restart_counts() -> None:
    site = Site(replace(OWN, most_resets_per_day=2), state=WatchdogState(acts_s=(-10.0, -20.0)))
    assert site.pass_time(6 * 60).acts == []


@pytest.mark.parametrize("phase", [LinkPhase.NO_SIM, LinkPhase.LOCKED])
def test_nothing_is_done_where_no_act_helps(phase: LinkPhase) -> None:
    assert Site().be(phase=phase).pass_time(6 * 60).acts == []


def test_a_modem_that_is_not_there_can_only_be_switched() -> None:
    gone = Site().be(phase=LinkPhase.NO_MODEM).pass_time(60)
    assert [act for _, act in gone.acts] == [LinkAct.POWER_CYCLE]
    assert Site().be(phase=LinkPhase.NO_MODEM, has_switch=False).pass_time(300).acts == []


def test_nothing_is_done_while_an_update_is_fetched() -> None:
    site = Site().be(is_downloading=True).pass_time(300)
    assert site.acts == []
    assert "an update is being fetched" in site.verdict.reason


def test_nothing_is_done_while_the_energy_level_has_it_off_or_the_settings_forbid_it() -> None:
    assert Site().be(is_wanted=False).pass_time(600).acts == []
    assert Site(replace(OWN, watchdog=False)).pass_time(600).acts == []
    assert Site().be(has_servers=False).pass_time(600).acts == []


def test_a_silence_goes_on_over_windows() -> None:
    site = Site()
    for _ in range(3):
        site.be(is_wanted=True).pass_time(15).be(is_wanted=False).pass_time(45)
    assert [act for _, act in site.acts] == [LinkAct.RECONNECT]


def test_a_modem_that_was_just_switched_on_gets_time_to_register() -> None:
    site = Site().pass_time(29).be(is_wanted=False).pass_time(600)
    site.be(is_wanted=True).pass_time(3)
    assert site.acts == []


STEPS = st.lists(
    st.tuples(
        st.integers(1, 400),  # minutes
        st.booleans(),  # wanted
        st.booleans(),  # answered
        st.booleans(),  # downloading
        st.sampled_from(list(LinkPhase)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 8), st.booleans())
def test_there_are_never_more_acts_in_a_day_than_the_bound_and_none_while_unwanted(
    steps: list[tuple[int, bool, bool, bool, LinkPhase]],
    most: int,
    has_switch: bool,
) -> None:
    site = Site(replace(OWN, most_resets_per_day=most)).be(has_switch=has_switch)
    for minutes, wanted, answered, downloading, phase in steps:
        before = len(site.acts)
        site.be(is_wanted=wanted, is_downloading=downloading, phase=phase)
        if answered:
            site.be(answered_s=site.facts.now_s)
        site.pass_time(minutes)
        if not wanted or downloading:
            assert len(site.acts) == before
            assert wanted or not site.verdict.supply_off
    times = [at * MINUTE for at, _ in site.acts]
    for at in times:
        assert sum(at <= other < at + DAY_S for other in times) <= most
