"""What devices share in saying what their values mean: nothing gets surer, and nothing younger."""

import pytest

from appliance.model import Quality
from power.protocol.conversions import (
    Said,
    allowed,
    cells_of,
    cells_that_must_be,
    checked_power_w,
    difference,
    flag,
    highest,
    lowest,
    mean_cell_v,
    product,
    said,
    scaled,
    unless_empty_by_default,
    words_for,
)
from power.protocol.profile import Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, UNREAD, Decoded

OK = Quality.OK
NAMES = ("cell_1", "cell_2", "cell_3", "cell_4", "cell_5")


def known(value: float, age_s: float = 0.0) -> Decoded:
    return Decoded(value, OK, age_s)


def cells(*volts: Decoded) -> Sample:
    return Sample(dict(zip(NAMES, volts, strict=False)))


def test_only_what_is_not_good_is_named_and_every_age_is_told() -> None:
    found = said({"a": known(1), "b": known(2, 0.5), "c": UNREAD, "d": Said("x", OK, 30)})
    assert found["quality"] == {"c": Quality.STALE}
    assert found["ages_s"] == {"b": 0.5, "d": 30}
    assert (found["a"], found["c"], found["d"]) == (1, None, "x")


@pytest.mark.parametrize(
    ("power_w", "good"),
    [(100, True), (112, True), (92, True), (120, False), (85, False), (-100, False)],
)
def test_a_power_is_believed_within_a_tenth_of_volts_times_amperes(
    power_w: float, good: bool
) -> None:
    found = checked_power_w(known(power_w), known(20), known(5))
    assert found == (known(power_w) if good else IMPLAUSIBLE)


def test_a_small_power_may_be_off_by_its_rounding_and_no_more() -> None:
    assert checked_power_w(known(2), known(20), known(0)) == known(2)
    assert checked_power_w(known(4), known(20), known(0)) == IMPLAUSIBLE
    assert checked_power_w(known(4), known(20), ABSENT) == known(4)  # nothing to check it with


def test_what_two_values_make_is_as_old_as_the_older_and_as_good_as_the_worse() -> None:
    assert product(known(12, 5), known(-2, 40)) == known(-24, 40)
    assert difference(known(12, 50), known(2, 40)) == known(10, 50)
    for join in (product, difference):
        assert join(known(1), UNREAD) == UNREAD
        assert join(IMPLAUSIBLE, known(1)) == IMPLAUSIBLE
    assert scaled(known(1.5, 7), 1000) == known(1500, 7)
    assert scaled(UNREAD, 1000) == UNREAD


def test_the_cells_that_are_there_add_up_to_the_pack() -> None:
    four = cells(*[known(3.3)] * 4, ABSENT)
    assert cells_of(four, NAMES, known(13.2)) == (known(3.3),) * 4
    assert cells_of(four, NAMES, known(13.5)) == (known(3.3),) * 4  # measured a little later
    assert cells_of(four, NAMES, known(13.7)) == (IMPLAUSIBLE,) * 4
    assert cells_of(four, NAMES, known(12.7)) == (IMPLAUSIBLE,) * 4
    assert cells_of(four, NAMES, UNREAD) == (known(3.3),) * 4


def test_one_unknown_cell_leaves_no_sum_to_check_and_no_lowest_cell() -> None:
    torn = cells_of(cells(known(3.3), IMPLAUSIBLE, known(3.3), known(3.3)), NAMES, known(13.2))
    assert torn == (known(3.3), IMPLAUSIBLE, known(3.3), known(3.3))
    assert lowest(torn) == highest(torn) == IMPLAUSIBLE


def test_a_cell_that_must_be_there_is_no_cell_that_is_not_fitted() -> None:
    broken = cells(known(3.3), ABSENT, known(3.3), known(3.3))
    found = cells_that_must_be(broken, NAMES[:4], known(13.2))
    assert found == (known(3.3), IMPLAUSIBLE, known(3.3), known(3.3))
    assert lowest(found) == IMPLAUSIBLE


def test_the_lowest_and_the_highest_keep_their_sign_and_age() -> None:
    values = (known(-7, 60), known(0), known(3))
    assert lowest(values) == known(-7, 60)
    assert highest(values) == known(3)
    assert lowest(()) == highest(()) == ABSENT


def test_bits_are_told_as_switches_and_words_with_their_age() -> None:
    assert flag(known(0b100, 9), 2) == Said(True, OK, 9)
    assert flag(known(0b100), 1) == Said(False, OK)
    assert flag(UNREAD, 1) == Said(None, Quality.STALE)
    names = {0: "too hot", 2: "too cold"}
    assert words_for(known(0b101, 9), names) == Said("too hot, too cold", OK, 9)
    assert words_for(known(0b010), names) == Said("", OK)
    assert words_for(UNREAD, names) == Said(None, Quality.STALE)


def test_an_alarm_that_stops_the_current_counts_before_the_switch() -> None:
    on = Said(True, OK)
    assert allowed(on, known(0b1000, 20), (3,)) == Said(False, OK, 20)
    assert allowed(on, known(0b0111), (3,)) == on
    assert allowed(on, UNREAD, (3,)) == on
    assert allowed(Said(None, Quality.STALE), known(0), (3,)).value is None


def test_a_charge_of_zero_is_believed_only_of_empty_cells() -> None:
    assert unless_empty_by_default(known(0), 2.9) == known(0)
    assert unless_empty_by_default(known(0), 3.2) == IMPLAUSIBLE
    assert unless_empty_by_default(known(0), None) == IMPLAUSIBLE
    assert unless_empty_by_default(known(1), 3.2) == known(1)
    assert unless_empty_by_default(UNREAD, 3.2) == UNREAD


def test_the_mean_cell_needs_a_voltage_and_a_count() -> None:
    assert mean_cell_v(known(13.2), known(4)) == pytest.approx(3.3)
    assert mean_cell_v(UNREAD, known(4)) is None
    assert mean_cell_v(known(13.2), ABSENT) is None
    assert mean_cell_v(known(13.2), known(0)) is None
