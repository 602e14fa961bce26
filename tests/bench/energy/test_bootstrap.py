"""The paired bootstrap of the energy bench: its interval is as wide as theory says.

Reads and writes: nothing.
Never: takes more than a second.
"""

import math

import numpy as np
import pytest

from tests.bench.energy.bootstrap import bootstrap_difference


def test_the_interval_is_as_wide_as_theory_says() -> None:
    random = np.random.default_rng(7)
    apart = random.normal(0.5, 2.0, 400)
    base = random.normal(90.0, 15.0, 400)
    mean, low, high = bootstrap_difference(list(base + apart), list(base), draws=4000)
    error = float(apart.std()) / math.sqrt(400)
    assert mean == pytest.approx(float(apart.mean()))
    assert low == pytest.approx(mean - 1.96 * error, abs=0.15 * error)
    assert high == pytest.approx(mean + 1.96 * error, abs=0.15 * error)


def test_the_interval_covers_the_truth_in_about_95_of_100_studies() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for study in range(200):
        apart = random.normal(1.0, 3.0, 52)
        _, low, high = bootstrap_difference(list(apart), [0.0] * 52, draws=600, seed=study)
        covered += low <= 1.0 <= high
    assert 180 <= covered <= 197


def test_pairing_takes_out_what_the_weather_did_to_both() -> None:
    weather = list(np.random.default_rng(1).normal(50.0, 30.0, 52))
    mean, low, high = bootstrap_difference([value + 1.0 for value in weather], weather)
    assert (mean, low, high) == pytest.approx((1.0, 1.0, 1.0))


def test_turned_around_the_difference_changes_its_sign() -> None:
    a, b = [1.0, 4.0, 2.0, 8.0], [0.0, 5.0, 1.0, 3.0]
    one, other = bootstrap_difference(a, b), bootstrap_difference(b, a)
    assert one.mean == 1.5 == -other.mean
    assert one.low == pytest.approx(-other.high, abs=0.3)


def test_the_same_seed_gives_the_same_interval() -> None:
    a, b = [3.0, 1.0, 2.0], [1.0, 1.0, 0.0]
    assert bootstrap_difference(a, b, seed=5) == bootstrap_difference(a, b, seed=5)


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([], [])])
def test_weeks_that_make_no_pairs_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="make no pairs"):
        bootstrap_difference(a, b)
