"""What a run comes to: the charge that is left, weeks of frost, units without a BMS, the cache."""

from pathlib import Path

import numpy as np
import pytest

from appliance.model import Stamp
from power.plan.backtest import BacktestResult
from tests.bench.energy import cache, controllers, runs
from tests.bench.energy.cases import Case, find_frost_weeks, find_scarce_weeks, make_case
from tests.bench.energy.controllers import PlannerController
from tests.bench.energy.drive import YearSimulation
from tests.bench.energy.publication import SOUND, Judgement, make_targets
from tests.bench.energy.rule import compute_hourly_clear_w
from tests.bench.energy.runs import (
    PLANNER,
    Outcome,
    make_outcome,
    simulate_clairvoyant,
    simulate_rule,
)
from tests.bench.energy.score import Score
from tests.bench.energy.tuning import TUNED
from tests.bench.energy.weather import STEPS, Site

NOON = 52
FIRST_DAY, DAYS = 120, 42


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "CACHE", tmp_path)
    return tmp_path


def make_year(unit: str = "R1") -> Case:
    """A site of no place: clouds of days, a winter with frost from the 140th day after 1 July."""
    step = np.arange(STEPS)
    light = np.clip(np.cos((step % 96 - NOON) / 96 * 2 * np.pi), 0, None)
    clear = np.random.default_rng(3).choice([0.03, 0.08, 0.2, 0.4], STEPS // 96).repeat(96)
    day = (step // 96 - 181) % 365  # after 1 July
    air_c = np.where((day >= 140) & (day < 175), -5.0, 8.0)
    return make_case(
        Site("Nowhere 2019", 48.0, 11.0, 500.0, 2019, 0.5 * light * clear, air_c), unit
    )


def run_rule(case: Case, name: str) -> Outcome:
    return simulate_rule(case, name, TUNED[name])


@pytest.mark.parametrize("name", ["kansal", "long_term_neutral"])
def test_what_each_week_lost_sums_up_to_what_is_missing_with_the_charge_that_is_left(
    name: str,
) -> None:
    case = make_year("R1 double").part(FIRST_DAY, DAYS)
    best, score = simulate_clairvoyant(case).score, run_rule(case, name).score
    assert best.left_h == 0
    assert score.brownouts == 0
    assert max(map(abs, best.regret)) < 0.3
    assert sum(score.regret) == pytest.approx(best.annual - score.annual, abs=1.0)
    assert min(score.regret) > -0.5, "nobody is better than the clairvoyant"


def test_who_saves_until_the_last_evening_is_not_judged_below_who_spends_all() -> None:
    """Four weeks of autumn: full until the disconnect earns more in them, and then has nothing."""
    case = make_year().part(FIRST_DAY, 28)
    spends, saves = run_rule(case, "full_until_cut").score, run_rule(case, "kansal").score
    assert spends.left_h < -20
    assert saves.left_h > spends.left_h + 20


def test_the_scarce_weeks_of_a_part_are_those_of_its_year() -> None:
    case = make_year()
    year = find_scarce_weeks(case)
    part = case.part(7 * 20, 7 * 8)
    assert [week + 20 for week in find_scarce_weeks(part)] == [w for w in year if 20 <= w < 28]


def test_weeks_whose_sun_falls_on_a_frozen_battery_are_weeks_of_frost() -> None:
    assert find_frost_weeks(make_year()) == [20, 21, 22, 23, 24]


def test_a_unit_without_a_bms_has_coarse_voltages_and_no_reported_charge() -> None:
    case = make_year("R1 charger").part(FIRST_DAY, 2)
    clear_w = compute_hourly_clear_w(case)
    run = YearSimulation(case, PlannerController(case, clear_w), None, clear_w, 1)
    reading, reported_pct = run._reading(Stamp(case.utc(50), "bench", 1000.0), 50)
    assert reported_pct is None
    assert reading is not None
    assert reading.battery_voltage_v == round(reading.battery_voltage_v or 0.0, 1)


def test_the_planner_that_is_judged_falls_back_to_the_ladder_as_the_one_that_ships(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    better = BacktestResult(30, planner_utility=100.0, ladder_utility=120.0)
    monkeypatch.setattr(controllers, "run_backtest", lambda *_, **__: better)
    case = make_year().part(FIRST_DAY, 17)
    clear_w = compute_hourly_clear_w(case)
    planner = PlannerController(case, clear_w)
    run = YearSimulation(case, planner, None, clear_w, 1)
    run.simulate()
    assert planner.fallback_nights > 0
    assert run.state is not None
    assert "by the ladder" in planner.propose(run.state, None, None).reason


def test_the_cache_gives_back_what_was_computed_for_the_same_inputs_only(own_cache: Path) -> None:
    computed = []

    def load(inputs: tuple[object, ...]) -> int:
        def compute() -> int:
            computed.append(inputs)
            return len(computed)

        return cache.load_or_compute("clairvoyant", inputs, compute)

    assert [load((np.arange(3),)), load((np.arange(3),)), load((np.arange(4),))] == [1, 1, 2]
    for path in own_cache.iterdir():
        path.write_bytes(b"half")
    assert load((np.arange(3),)) == 3


def test_a_change_of_the_clairvoyants_code_makes_what_is_kept_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = cache.make_key("clairvoyant", (1,))
    monkeypatch.setattr(cache, "hash_sources", lambda _: b"other code")
    assert cache.make_key("clairvoyant", (1,)) != before


def test_the_json_has_the_ladder_beside_each_planner_and_a_target_for_each() -> None:
    case = make_year().part(FIRST_DAY, 14)
    found: list[Score] = [simulate_clairvoyant(case).score]
    for name in (PLANNER, "ladder", SOUND, "ladder_no_faults"):
        wanted = runs.Run(("", ""), name, TUNED)
        record = runs.simulate_controller(case, wanted)
        found.append(make_outcome(case, name, record).score)
    document = Judgement(found).to_json()
    for name, targets in make_targets().items():
        judged = document[PLANNER if name == "moonshot" else name]
        assert set(targets) <= set(judged), name
