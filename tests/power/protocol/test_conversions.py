"""What devices share in saying what their values mean: nothing gets surer, and nothing younger."""

import pytest

from appliance.model import Quality
from power.protocol.conversions import (
    StatusValue,
    apply_stopping_alarms,
    check_power_w,
    collect_fields,
    compute_mean_cell_v,
    decode_flag,
    find_highest_of_all,
    find_lowest_of_all,
    multiply,
    name_set_bits,
    reject_default_zero,
    scale,
    select_cells,
    select_fitted_cells,
    subtract,
)
from power.protocol.profile import Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, UNREAD, Decoded

OK = Quality.OK
NAMES = ("cell_1", "cell_2", "cell_3", "cell_4", "cell_5")


def make_known(value: float, age_s: float = 0.0) -> Decoded:
    return Decoded(value, OK, age_s)


def make_cells(*volts: Decoded) -> Sample:
    return Sample(dict(zip(NAMES, volts, strict=False)))


def test_only_what_is_not_good_is_named_and_every_age_is_kept() -> None:
    found = collect_fields(
        {"a": make_known(1), "b": make_known(2, 0.5), "c": UNREAD, "d": StatusValue("x", OK, 30)}
    )
    assert found["quality"] == {"c": Quality.STALE}
    assert found["ages_s"] == {"b": 0.5, "d": 30}
    assert (found["a"], found["c"], found["d"]) == (1, None, "x")


@pytest.mark.parametrize(
    ("power_w", "good"),
    [(100, True), (112, True), (92, True), (120, False), (85, False), (-100, False)],
)
def test_a_power_is_accepted_within_a_tenth_of_volts_times_amperes(
    power_w: float, good: bool
) -> None:
    found = check_power_w(make_known(power_w), make_known(20), make_known(5))
    assert found == (make_known(power_w) if good else IMPLAUSIBLE)


def test_a_small_power_may_be_off_by_its_rounding_and_no_more() -> None:
    assert check_power_w(make_known(2), make_known(20), make_known(0)) == make_known(2)
    assert check_power_w(make_known(4), make_known(20), make_known(0)) == IMPLAUSIBLE
    assert check_power_w(make_known(4), make_known(20), ABSENT) == make_known(
        4
    )  # nothing to check it with


def test_what_two_values_make_is_as_old_as_the_older_and_as_good_as_the_worse() -> None:
    assert multiply(make_known(12, 5), make_known(-2, 40)) == make_known(-24, 40)
    assert subtract(make_known(12, 50), make_known(2, 40)) == make_known(10, 50)
    for join in (multiply, subtract):
        assert join(make_known(1), UNREAD) == UNREAD
        assert join(IMPLAUSIBLE, make_known(1)) == IMPLAUSIBLE
    assert scale(make_known(1.5, 7), 1000) == make_known(1500, 7)
    assert scale(UNREAD, 1000) == UNREAD


def test_the_cells_that_are_there_add_up_to_the_pack() -> None:
    four = make_cells(*[make_known(3.3)] * 4, ABSENT)
    assert select_cells(four, NAMES, make_known(13.2)) == (make_known(3.3),) * 4
    assert (
        select_cells(four, NAMES, make_known(13.5)) == (make_known(3.3),) * 4
    )  # measured a little later
    assert select_cells(four, NAMES, make_known(13.7)) == (IMPLAUSIBLE,) * 4
    assert select_cells(four, NAMES, make_known(12.7)) == (IMPLAUSIBLE,) * 4
    assert select_cells(four, NAMES, UNREAD) == (make_known(3.3),) * 4


def test_one_unknown_cell_leaves_no_sum_to_check_and_no_lowest_cell() -> None:
    torn = select_cells(
        make_cells(make_known(3.3), IMPLAUSIBLE, make_known(3.3), make_known(3.3)),
        NAMES,
        make_known(13.2),
    )
    assert torn == (make_known(3.3), IMPLAUSIBLE, make_known(3.3), make_known(3.3))
    assert find_lowest_of_all(torn) == find_highest_of_all(torn) == IMPLAUSIBLE


def test_a_cell_that_must_be_there_is_no_cell_that_is_not_fitted() -> None:
    broken = make_cells(make_known(3.3), ABSENT, make_known(3.3), make_known(3.3))
    found = select_fitted_cells(broken, NAMES[:4], make_known(13.2))
    assert found == (make_known(3.3), IMPLAUSIBLE, make_known(3.3), make_known(3.3))
    assert find_lowest_of_all(found) == IMPLAUSIBLE


def test_the_lowest_and_the_highest_keep_their_sign_and_age() -> None:
    values = (make_known(-7, 60), make_known(0), make_known(3))
    assert find_lowest_of_all(values) == make_known(-7, 60)
    assert find_highest_of_all(values) == make_known(3)
    assert find_lowest_of_all(()) == find_highest_of_all(()) == ABSENT


def test_bits_are_reported_as_switches_and_words_with_their_age() -> None:
    assert decode_flag(make_known(0b100, 9), 2) == StatusValue(value=True, quality=OK, age_s=9)
    assert decode_flag(make_known(0b100), 1) == StatusValue(value=False, quality=OK)
    assert decode_flag(UNREAD, 1) == StatusValue(None, Quality.STALE)
    names = {0: "too hot", 2: "too cold"}
    assert name_set_bits(make_known(0b101, 9), names) == StatusValue("too hot, too cold", OK, 9)
    assert name_set_bits(make_known(0b010), names) == StatusValue("", OK)
    assert name_set_bits(UNREAD, names) == StatusValue(None, Quality.STALE)


def test_an_alarm_that_stops_the_current_counts_before_the_switch() -> None:
    on = StatusValue(value=True, quality=OK)
    assert apply_stopping_alarms(on, make_known(0b1000, 20), (3,)) == StatusValue(
        value=False, quality=OK, age_s=20
    )
    assert apply_stopping_alarms(on, make_known(0b0111), (3,)) == on
    assert apply_stopping_alarms(on, UNREAD, (3,)) == on
    assert (
        apply_stopping_alarms(StatusValue(None, Quality.STALE), make_known(0), (3,)).value is None
    )


def test_a_charge_of_zero_is_accepted_only_of_empty_cells() -> None:
    assert reject_default_zero(make_known(0), 2.9) == make_known(0)
    assert reject_default_zero(make_known(0), 3.2) == IMPLAUSIBLE
    assert reject_default_zero(make_known(0), None) == IMPLAUSIBLE
    assert reject_default_zero(make_known(1), 3.2) == make_known(1)
    assert reject_default_zero(UNREAD, 3.2) == UNREAD


def test_the_mean_cell_needs_a_voltage_and_a_count() -> None:
    assert compute_mean_cell_v(make_known(13.2), make_known(4)) == pytest.approx(3.3)
    assert compute_mean_cell_v(UNREAD, make_known(4)) is None
    assert compute_mean_cell_v(make_known(13.2), ABSENT) is None
    assert compute_mean_cell_v(make_known(13.2), make_known(0)) is None
