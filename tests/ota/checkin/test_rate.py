"""How often mirrors are asked: by the energy level, told beforehand, and never in step."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import EnergyLevel
from ota.checkin.rate import EARLY_S, EVERY_S, JITTER, find_next, is_due
from tests.stand_ins.update_unit import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("level", "hours"), [("FULL", 1), ("ECO", 4), ("SENTINEL", 12), ("HIBERNATE", 24), ("OFF", 24)]
)
def test_each_level_has_its_time_and_up_to_a_tenth_more(level: str, hours: int) -> None:
    after = find_next(NOON, EnergyLevel[level], "hill 7") - NOON
    assert hours * HOUR <= after <= hours * (1 + JITTER) * HOUR


def test_less_energy_never_asks_more_often() -> None:
    assert [EVERY_S[level] for level in sorted(EVERY_S)] == sorted(EVERY_S.values(), reverse=True)


def test_units_ask_at_different_moments_and_each_at_the_one_that_it_told() -> None:
    moments = [find_next(NOON, EnergyLevel.FULL, f"unit {n}") for n in range(100)]
    assert len({f"{at:%H:%M:%S}" for at in moments}) > 80
    assert find_next(NOON, EnergyLevel.FULL, "a") == find_next(NOON, EnergyLevel.FULL, "a")


def test_it_is_due_at_its_time_and_a_little_before() -> None:
    soon = NOON + timedelta(seconds=EARLY_S)
    assert is_due(next_at=soon, last=NOON, now=NOON)
    assert not is_due(next_at=soon + timedelta(seconds=1), last=NOON, now=NOON)


def test_a_unit_that_never_asked_or_whose_clock_was_set_back_asks() -> None:
    assert is_due(next_at=None, last=None, now=NOON)
    assert is_due(next_at=NOON + 9000 * HOUR, last=NOON + HOUR, now=NOON)


@given(st.floats(0, 1e6), st.sampled_from(EnergyLevel))
def test_nobody_waits_longer_than_27_hours(passed_s: float, level: EnergyLevel) -> None:
    now = NOON + timedelta(seconds=passed_s)
    due = is_due(next_at=find_next(NOON, level, "hill 7"), last=NOON, now=now)
    assert due or passed_s < 27 * 3600
