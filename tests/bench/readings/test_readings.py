"""A short draw of the bench of readings: a sound site raises nothing, a faulty one is found."""

import pytest

from tests.bench.readings.cases import FAULTY, SOUND
from tests.bench.readings.run import run_case

DRAWN = ("BMS with the mean of 5 min", "a steady load for days, coarse devices")
FOUND_SOON = (
    "wrong sign",
    "a torn-off sensor of the controller",
    "a controller that counts threefold",
)


@pytest.mark.parametrize("name", DRAWN)
def test_a_sound_site_raises_no_fault(name: str) -> None:
    assert run_case(SOUND[name], hours=3).texts == {}


@pytest.mark.parametrize("name", FOUND_SOON)
def test_the_fault_of_a_site_is_found_within_its_limits(name: str) -> None:
    case = FAULTY[name]
    result = run_case(case, hours=case.found_h + 0.25)
    assert list(result.first_h) == [case.fault]
    assert result.first_h[case.fault] <= case.found_h
    assert result.false_h <= case.false_h


def test_the_table_has_enough_sound_sites() -> None:
    assert len(SOUND) >= 25
