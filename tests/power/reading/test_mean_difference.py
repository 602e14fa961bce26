"""Two meters of one current in the mean of a day, and what is connected directly to the battery."""

import pytest

from power.reading.mean_difference import MeanDifference
from tests.bench.readings.cases import FAULTY, SOUND
from tests.bench.readings.run import run_case


def test_the_mean_is_known_after_nearly_a_day() -> None:
    difference = MeanDifference()
    for _ in range(100):
        difference.add(own_a=-3.0, other_a=-1.0, seconds=600)
    assert difference.known_a is None
    for _ in range(50):
        difference.add(own_a=-3.0, other_a=-1.0, seconds=600)
    assert difference.known_a == pytest.approx(-2.0)


def test_what_a_dead_band_hides_is_not_compared() -> None:
    difference = MeanDifference()
    difference.add(own_a=0.0, other_a=-2.0, seconds=600)
    assert difference.seconds == 0


def test_a_load_beside_the_load_output_is_told_and_counted() -> None:
    result = run_case(FAULTY["30 W beside the load output"], hours=24)
    assert list(result.texts) == ["disagreement-bms-pack0"]
    assert "connected directly to the battery" in result.texts["disagreement-bms-pack0"]
    assert result.false_h == 0


def test_a_zero_point_that_is_one_ampere_off_is_no_load() -> None:
    assert run_case(SOUND["a zero point 1 A off"], hours=24).texts == {}
