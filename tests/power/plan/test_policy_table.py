"""The policy table: how it is stored, and what is read from it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyPolicy
from appliance.store.store import Store
from power.plan.plan import make_policy
from power.plan.policy_table import (
    compute_hour,
    compute_value_curve,
    interpolate_clear_w,
    interpolate_value,
    unpack_table,
)
from power.plan.weather_model import CLASS_CLEAR_SKY_INDEX
from tests.conftest import OpenStore
from tests.power.plan.site_days import MIDNIGHT, a_plan, past_of

POLICY = make_policy(a_plan(past=past_of(*(CLASS_CLEAR_SKY_INDEX * 12))))
TABLE = unpack_table(POLICY)


def test_a_stored_policy_comes_back_as_the_same_table(open_store: OpenStore) -> None:
    store: Store = open_store("plan")
    store.add(POLICY)
    row = store.last(EnergyPolicy)
    assert row is not None
    assert unpack_table(row) == TABLE
    assert (TABLE.bounds_h[0], TABLE.bounds_h[-1]) == (0.0, 72.0)
    assert len(TABLE.values) == len(TABLE.bounds_h) == len(TABLE.floors_pct) + 1


@pytest.mark.parametrize("cut", [1, 4, 4000])
def test_a_table_that_is_not_whole_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=r"not whole|multiple of"):
        unpack_table(replace(POLICY, worth=POLICY.worth[:-cut]))


def test_the_value_between_two_moments_lies_between_theirs() -> None:
    weather = TABLE.weather[0]
    early = compute_value_curve(TABLE, 0.0, weather, cold=False)
    late = compute_value_curve(TABLE, 2.0, weather, cold=False)
    middle = compute_value_curve(TABLE, 1.0, weather, cold=False)
    assert middle == pytest.approx([(a + b) / 2 for a, b in zip(early, late, strict=True)])
    # Before the table and after it: its ends.
    assert compute_value_curve(TABLE, -5.0, weather, cold=False) == pytest.approx(early)
    assert compute_value_curve(TABLE, 99.0, weather, cold=False) == pytest.approx(
        compute_value_curve(TABLE, 72.0, weather, cold=False)
    )


def test_interpolation_is_linear_and_ends_at_the_ends() -> None:
    curve = [0.0, 10.0, 14.0]
    assert [interpolate_value(curve, charge) for charge in (-5, 0, 25, 50, 75, 100, 130)] == [
        0.0, 0.0, 5.0, 10.0, 12.0, 14.0, 14.0,
    ]  # fmt: skip


def test_the_clear_sky_is_linear_between_the_middles_of_the_hours() -> None:
    noon = TABLE.clear_w[11], TABLE.clear_w[12]
    assert interpolate_clear_w(TABLE, 11.5) == pytest.approx(noon[0])
    assert interpolate_clear_w(TABLE, 12.0) == pytest.approx(sum(noon) / 2)
    assert interpolate_clear_w(TABLE, -3.0) == TABLE.clear_w[0]


def test_hours_are_counted_from_the_tables_start() -> None:
    assert compute_hour(TABLE, MIDNIGHT + timedelta(hours=5.5)) == 5.5
