"""Energy allowances: nothing is spent beyond the income, and no camera uses another one's share."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from inference.energy.allowance import (
    Allowance,
    Allowances,
    compute_cap_j,
    find_shortage,
    share_income,
    subtract_cost,
)

COST_J = 0.5
JOULES = some.floats(0, 100)
ALLOWANCES = some.dictionaries(
    some.sampled_from(["gate", "yard", "shed", "barn"]),
    some.builds(Allowance, JOULES) | some.builds(Allowance, some.just(0.0), JOULES),
    min_size=1,
)


def sum_j(allowances: dict[str, Allowance]) -> float:
    return sum(one.held_j - one.owed_j for one in allowances.values())


@given(ALLOWANCES, JOULES, some.data())
def test_income_is_neither_made_nor_lost_but_above_the_caps(
    allowances: dict[str, Allowance], income_j: float, data: some.DataObject
) -> None:
    caps_j = {name: data.draw(some.floats(one.held_j, 300)) for name, one in allowances.items()}
    after = share_income(allowances, income_j, caps_j)
    assert list(after) == list(allowances)
    gained_j = sum_j(after) - sum_j(allowances)
    room_j = sum(caps_j[name] - one.held_j + one.owed_j for name, one in allowances.items())
    assert gained_j == pytest.approx(min(income_j, room_j), abs=1e-6)
    for name, one in after.items():
        assert 0 <= one.held_j <= caps_j[name] + 1e-9
        assert one.owed_j >= 0
        assert one.held_j < 1e-9 or one.owed_j < 1e-9, "debts first"


@given(ALLOWANCES, JOULES, some.data())
def test_who_gets_less_than_another_had_no_room_for_more(
    allowances: dict[str, Allowance], income_j: float, data: some.DataObject
) -> None:
    caps_j = {name: data.draw(some.floats(one.held_j, 300)) for name, one in allowances.items()}
    after = share_income(allowances, income_j, caps_j)
    got_j = {
        name: (after[name].held_j - after[name].owed_j) - (one.held_j - one.owed_j)
        for name, one in allowances.items()
    }
    for name, share_j in got_j.items():
        is_full = after[name].held_j >= caps_j[name] - 1e-6
        assert is_full or share_j >= max(got_j.values()) - 1e-6


def test_what_a_full_allowance_cannot_hold_goes_to_the_others() -> None:
    allowances = {"gate": Allowance(0.0), "yard": Allowance(9.5), "shed": Allowance(10.0)}
    after = share_income(allowances, 3.0, dict.fromkeys(allowances, 10.0))
    assert after == {"gate": Allowance(2.5), "yard": Allowance(10.0), "shed": Allowance(10.0)}
    again = share_income(after, 30.0, dict.fromkeys(allowances, 10.0))
    assert again == dict.fromkeys(allowances, Allowance(10.0)), "the rest stays in the battery"


def test_a_run_that_cost_more_than_the_allowance_held_is_a_debt_that_is_paid_first() -> None:
    after = subtract_cost(Allowance(0.5), 0.75)
    assert after == Allowance(0.0, 0.25)
    (after,) = share_income({"gate": after}, 0.5, {"gate": 10.0}).values()
    assert after == Allowance(0.25)


def test_a_smaller_plan_removes_what_an_allowance_may_hold_no_longer() -> None:
    assert share_income({"gate": Allowance(100.0)}, 1.0, {"gate": 60.0}) == {
        "gate": Allowance(60.0)
    }


def test_an_allowance_holds_a_minutes_income_or_ten_seconds_at_the_full_rate() -> None:
    assert compute_cap_j(income_w=2.0, frames_per_s=5, cost_j=0.5) == 120
    assert compute_cap_j(income_w=0.1, frames_per_s=5, cost_j=0.5) == 25
    assert compute_cap_j(income_w=0.1, frames_per_s=0.01, cost_j=8) == 8, (
        "or it could never cover a run"
    )


def test_a_shortage_says_how_much_of_what_and_how_long() -> None:
    short = find_shortage(Allowance(0.2), cost_j=COST_J, income_w=0.1)
    assert short is not None
    assert (short.held_j, short.cost_j) == (0.2, COST_J)
    assert short.wait_s == pytest.approx(3.0)
    assert short.format("front") == "front waits for energy: 0.2 J of 0.5 J needed"
    assert find_shortage(Allowance(0.5), cost_j=COST_J, income_w=0.1) is None
    owing = find_shortage(Allowance(0.0, 0.5), cost_j=COST_J, income_w=0.1)
    assert owing is not None
    assert owing.wait_s == pytest.approx(10)
    without_income = find_shortage(Allowance(), cost_j=COST_J, income_w=0.0)
    assert without_income is not None
    assert math.isfinite(without_income.wait_s)


@given(
    inference_w=some.floats(0.01, 20),
    steps=some.lists(
        some.tuples(some.floats(0, 5), some.sampled_from(["gate", "yard"]), some.floats(0.1, 2)),
        max_size=60,
    ),
)
def test_no_camera_spends_more_than_its_income_and_one_run(
    inference_w: float, steps: list[tuple[float, str, float]]
) -> None:
    """`steps`: seconds that pass, which camera would be analysed then, and its real cost."""
    costs_j = {"gate": COST_J, "yard": COST_J}
    allowances = Allowances(("gate", "yard"), 0.0)
    now_s = spent_j = dearest_j = 0.0
    for pause_s, camera, cost_j in steps:
        now_s += pause_s
        allowances.fill(inference_w=inference_w, frames_per_s=5, costs_j=costs_j, now_s=now_s)
        if allowances.find_shortage(camera, COST_J) is None:
            allowances.spend(camera, cost_j)
            spent_j += cost_j
            dearest_j = max(dearest_j, cost_j)
        for name in costs_j:
            assert allowances[name].held_j >= 0
            assert (
                allowances[name].held_j
                <= compute_cap_j(income_w=inference_w / 2, frames_per_s=5, cost_j=COST_J) + 1e-6
            )
        first_runs_j = 2 * COST_J
        assert spent_j <= first_runs_j + inference_w * now_s + 2 * dearest_j + 1e-6


@settings(max_examples=25)
@given(some.floats(0.05, 2), some.integers(2, 6))
def test_busy_cameras_are_analysed_equally_often_whatever_the_order(
    inference_w: float, count: int
) -> None:
    names = tuple(f"camera{number}" for number in range(count))
    allowances = Allowances(names, 0.0)
    runs = dict.fromkeys(names, 0)
    for step in range(1, 601):
        allowances.fill(
            inference_w=inference_w,
            frames_per_s=5,
            costs_j=dict.fromkeys(names, COST_J),
            now_s=step / 5,
        )
        for name in names:
            if allowances.find_shortage(name, COST_J) is None:
                allowances.spend(name, COST_J)
                runs[name] += 1
    assert max(runs.values()) - min(runs.values()) <= 1
    assert sum(runs.values()) <= inference_w * 120 / COST_J + count


def test_after_a_rest_there_is_one_run_for_each_and_debts_stay() -> None:
    costs_j = {"gate": COST_J, "yard": COST_J}
    allowances = Allowances(("gate", "yard"), 0.0)
    allowances.fill(inference_w=1.0, frames_per_s=5, costs_j=costs_j, now_s=100.0)
    assert allowances["gate"] == allowances["yard"] == Allowance(COST_J), (
        "the rest before earned nothing"
    )
    allowances.spend("gate", 1.75)
    assert allowances["gate"] == Allowance(0.0, 1.25)
    allowances.discard_unused(200.0)
    assert allowances["yard"] == Allowance()
    allowances.fill(inference_w=1.0, frames_per_s=5, costs_j=costs_j, now_s=300.0)
    assert allowances["gate"] == Allowance(0.0, 0.75)
    assert allowances["yard"] == Allowance(COST_J)
