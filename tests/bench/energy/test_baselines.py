"""The rules that the planner is measured against, and how they are tuned.

Reads and writes: nothing.
Never: reads real weather; the suns here are drawn.
"""

from typing import Any

import numpy as np
import pytest

from appliance.model import BatteryState, EnergyLevel
from power.plan import ladder
from power.plan.utility import list_options
from tests.bench.energy import plant, tuning
from tests.bench.energy.baselines import (
    FAMILIES,
    Baseline,
    Fixed,
    FullUntilCut,
    Kansal,
    Ladder,
    Slope,
    TwoLevel,
    ladder_settings,
)
from tests.bench.energy.cases import SETTINGS, Case
from tests.bench.energy.rule import REST, Observation, Rule, describe_sites, find_worst_month_w
from tests.bench.energy.tuning import BatteryArray, PlayedSets, Scores
from tests.bench.energy.weather import Site
from tests.stand_ins.fakes import FakeClock

DAY = 96
FULL = 9  # the last option
START_PCT = 40.0
MIDDLE: dict[type[Rule], dict[str, float]] = {
    Fixed: {"of_worst_month": 0.6},
    FullUntilCut: {},
    TwoLevel: {"low_pct": 12.0, "band_pct": 20.0},
    Kansal: {"alpha": 0.5, "target_pct": 55.0, "gain": 0.4, "rest_pct": 12.0},
    Ladder: {"sentinel_pct": 12.0, "eco_pct": 30.0, "full_pct": 60.0, "eco": 5.0},
    Slope: {"rest_pct": 12.0, "low_pct": 20.0, "full_pct": 70.0, "bend": 1.5},
}


def case(unit: str = "R1 half", days: int = 24, seed: int = 1, cold: bool = True) -> Case:
    """A unit under clouds that come and go for days; from the 8th to the 18th day in frost."""
    random = np.random.default_rng(seed)
    hours = np.arange(days * DAY) * plant.HOURS
    height = np.maximum(0.0, np.sin((hours % 24 - 8) / 8 * np.pi)) * (hours % 24 < 16)
    clouds = np.repeat(random.choice([0.03, 0.1, 0.4, 0.9], days), DAY)
    air_c = np.full(days * DAY, 12.0)
    if cold:
        air_c[8 * DAY : 18 * DAY] = 0.5 + 4 * np.sin(hours[8 * DAY : 18 * DAY] / 24 * 2 * np.pi)
    settings = SETTINGS[unit]
    sun = 0.7 * height * clouds
    site = Site(f"Town-{seed} 2019", 50.0, 10.0, 0.0, 2019, sun, air_c)
    name = f"{site.name} {unit}"
    peak_w = settings.panels.peak_w
    return Case(name, site, settings, sun * peak_w, air_c, list_options(settings))


def alone(one: Case, family: type[Rule], parameters: dict[str, float]) -> list[tuple[float, bool]]:
    """Charge (Wh) and cut after each step of a baseline on the plant itself."""
    controller, capacity_wh = Baseline(family, parameters, one), one.settings.battery.capacity_wh
    hidden = plant.hidden_wh(one.battery_c, capacity_wh)
    charge_wh, off, asleep, free, pv_w = START_PCT / 100 * capacity_wh, False, False, False, 0.0
    course = []
    for step in range(one.steps):
        choice, draw_w = REST, 0.0
        if not off:
            charge_pct = charge_wh / capacity_wh * 100
            choice = controller.decide(
                step,
                one.utc(step),
                charge_pct=charge_pct,
                sigma_pct=0.0,
                pv_w=pv_w,
                temperature_c=10.0,
                sun_is_free=free,
            )
            draw_w = one.choices[choice].power_w
            charge_wh -= plant.boot_wh(one) if asleep and choice != REST else 0.0
        floor_wh = float(hidden[step]) + plant.CUT_SHARE * capacity_wh
        cold = bool(one.battery_c[step] < 0)
        sun_w = float(one.sun_w[step])
        result = plant.step(
            charge_wh,
            sun_w=sun_w,
            draw_w=draw_w,
            cold=cold,
            floor_wh=floor_wh,
            capacity_wh=capacity_wh,
        )
        free = not cold and result.charge_wh == capacity_wh and result.unused_w > 0
        pv_w, charge_wh = sun_w - result.unused_w, result.charge_wh
        back_wh = floor_wh + plant.BACK_SHARE * capacity_wh
        asleep = choice == REST or result.cut
        off = result.cut or (off and charge_wh < back_wh)
        course.append((charge_wh, result.cut))
    return course


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_tuning_plays_the_same_year_as_the_plant_does(family: type[Rule]) -> None:
    other = {name: np.nextafter(value, 100) for name, value in MIDDLE[family].items()}
    sets = [MIDDLE[family], other] if other else [{}]
    cases = [case(seed=1), case("R2", seed=2)]
    columns = {name: np.array([[one[name]] for one in sets]) for name in sets[0]}
    grounds = BatteryArray(cases, (len(sets), 2), START_PCT)
    rule = family(describe_sites(cases), columns)
    played = []
    for step in range(cases[0].steps):
        grounds.step(step, rule.choose(grounds.observe(step)))
        played.append(grounds.charge_wh.copy())
    for column, one in enumerate(cases):
        course = alone(one, family, MIDDLE[family])
        charges = np.array([charge_wh for charge_wh, _ in course])
        assert np.array(played)[:, 0, column] == pytest.approx(charges, abs=1e-6)
        assert grounds.cuts[0, column] == sum(cut for _, cut in course)
        assert grounds.cuts[0, column] > 0 or family is not FullUntilCut


def observe(charge_pct: float, step: int = 1, pv_w: float = 0.0, **flags: bool) -> Observation:
    free, was_cut = flags.get("free", False), flags.get("was_cut", False)
    one: Any = lambda value: np.array([[value]])  # noqa: E731
    return Observation(step, one(charge_pct), one(pv_w), one(free), one(was_cut))


def rule_of(family: type[Rule], **parameters: float) -> Rule:
    columns = {name: np.array([[value]]) for name, value in parameters.items()}
    return family(describe_sites([case()]), columns)


def test_the_ladder_that_is_tuned_is_the_ladder_that_ships() -> None:
    one, parameters = case(), MIDDLE[Ladder]
    ships = ladder.Ladder(settings := ladder_settings(one, parameters))
    tuned = rule_of(Ladder, **parameters)
    random, charge_pct, level = np.random.default_rng(4), 50.0, None
    indices = {EnergyLevel.HIBERNATE: 0, EnergyLevel.SENTINEL: 1, EnergyLevel.FULL: FULL}
    levels = set()
    for _ in range(4000):
        charge_pct = min(100.0, max(0.0, charge_pct + random.normal(0, 2)))
        stamp = FakeClock().stamp()
        battery = BatteryState(
            stamp,
            charge_pct,
            sigma_pct=0.0,
            energy_wh=1.0,
            capacity_wh=2560,
            time_to_go_s=None,
            charge_blocked=False,
            method="counted",
        )
        proposal = ships.propose(battery, None, level)
        level = proposal.level
        levels.add(level)
        choice = int(tuned.choose(observe(charge_pct))[0, 0])
        assert choice == indices.get(level, int(parameters["eco"]))
        assert one.choices[choice].power_w == settings.get_level_power_w(level)
    assert len(levels) == 4


def test_a_fixed_duty_draws_its_constant_in_the_mean() -> None:
    one = case()
    rule = rule_of(Fixed, of_worst_month=1.3)
    wanted_w = 1.3 * float(rule.site.worst_month_w[0])
    choices = [int(rule.choose(observe(50.0))[0, 0]) for _ in range(400)]
    assert np.mean([one.choices[choice].power_w for choice in choices]) == pytest.approx(
        wanted_w, rel=0.02
    )
    assert len(set(choices)) == 2


def test_the_worst_month_is_the_darkest() -> None:
    one = case(days=59)
    one.sun_w[:] = 10.0
    one.sun_w[31 * DAY :] = 6.0
    assert find_worst_month_w(one) == pytest.approx(6 * 0.97**3)


def test_a_fixed_duty_that_cannot_pay_for_listening_rests() -> None:
    assert int(rule_of(Fixed, of_worst_month=0.1).choose(observe(90.0))[0, 0]) == REST


def test_full_until_disconnect_comes_back_at_15_per_cent() -> None:
    rule = rule_of(FullUntilCut)
    assert int(rule.choose(observe(3.0))[0, 0]) == FULL
    assert int(rule.choose(observe(14.0, was_cut=True))[0, 0]) == REST
    assert int(rule.choose(observe(23.9))[0, 0]) == REST
    assert int(rule.choose(observe(24.0))[0, 0]) == FULL
    assert int(rule.choose(observe(15.0))[0, 0]) == FULL


def test_two_levels_switch_apart() -> None:
    rule = rule_of(TwoLevel, low_pct=20.0, band_pct=10.0)
    choices = [int(rule.choose(observe(pct))[0, 0]) for pct in (50, 21, 19, 29, 30, 21)]
    assert choices == [FULL, FULL, 1, 1, FULL, FULL]


@pytest.mark.parametrize("family", [Kansal, Ladder, Slope], ids=lambda family: family.name)
def test_free_sun_is_used_and_an_empty_battery_rests(family: type[Rule]) -> None:
    rule = rule_of(family, **MIDDLE[family])
    assert int(rule.choose(observe(35.0, free=True))[0, 0]) == FULL
    assert int(rule.choose(observe(5.0, step=2))[0, 0]) == REST


def test_kansal_spends_what_the_days_before_brought() -> None:
    one = case("R1", cold=False)
    rule = rule_of(Kansal, alpha=0.5, target_pct=55.0, gain=0.0, rest_pct=12.0)
    drawn_w = []
    for step in range(20 * DAY):
        sun_w = 40.0 if step % DAY < 32 else 0.0
        drawn_w.append(one.choices[int(rule.choose(observe(55.0, step, sun_w))[0, 0])].power_w)
    efficiency = plant.CONTROLLER * plant.CHARGING
    assert np.mean(drawn_w[-5 * DAY :]) == pytest.approx(40 * 32 / DAY * efficiency, rel=0.02)
    assert isinstance(rule, Kansal)
    assert float(rule._day_w[0, 0]) == pytest.approx(40 * 32 / DAY, rel=0.01)


def test_kansal_makes_up_within_a_day_for_a_day_that_brought_less() -> None:
    rule = rule_of(Kansal, alpha=0.7, target_pct=55.0, gain=0.0, rest_pct=12.0)
    one, drawn_w = case(), []
    for step in range(24 * DAY):
        sun_w = 40.0 if step % DAY < 32 and not 20 <= step // DAY < 21 else 0.0
        drawn_w.append(one.choices[int(rule.choose(observe(55.0, step, sun_w))[0, 0])].power_w)
    daily_w = np.array(drawn_w).reshape(-1, DAY).mean(axis=1)
    assert daily_w[20] < 0.7 * daily_w[19]
    assert daily_w[21] < 0.9 * daily_w[19]
    assert daily_w[23] > daily_w[21]


def test_kansal_spends_more_from_a_fuller_battery() -> None:
    fuller, emptier = (
        rule_of(Kansal, alpha=0.5, target_pct=55.0, gain=0.4, rest_pct=12.0) for _ in range(2)
    )
    more, less = (
        np.mean([rule.choose(observe(pct, step))[0, 0] for step in range(30)])
        for rule, pct in ((fuller, 90.0), (emptier, 40.0))
    )
    assert more > less


def test_a_slope_draws_more_from_a_fuller_battery() -> None:
    one, parameters = case(), MIDDLE[Slope]
    means_w = []
    for pct in (15.0, 20.0, 40.0, 60.0, 70.0, 95.0):
        rule = rule_of(Slope, **parameters)
        choices = [int(rule.choose(observe(pct))[0, 0]) for _ in range(200)]
        means_w.append(float(np.mean([one.choices[choice].power_w for choice in choices])))
    part = ((40 - 20) / 50) ** 1.5
    assert means_w == sorted(means_w)
    assert means_w[:2] == [2.0, 2.0]
    assert means_w[2] == pytest.approx(2 + 23 * part, rel=0.03)
    assert means_w[-2:] == [25.0, 25.0]


def test_sigma_is_taken_off_the_charge() -> None:
    one = case()
    sure, unsure = (
        Baseline(TwoLevel, {"low_pct": 50.0, "band_pct": 5.0}, one).decide(
            0,
            one.utc(0),
            charge_pct=55.0,
            sigma_pct=sigma_pct,
            pv_w=0.0,
            temperature_c=10.0,
            sun_is_free=False,
        )
        for sigma_pct in (1.0, 10.0)
    )
    assert (sure, unsure) == (FULL, 1)


def test_who_is_not_asked_for_a_while_has_been_cut() -> None:
    one = case()
    controller = Baseline(FullUntilCut, {}, one)
    choices = [
        controller.decide(
            step,
            one.utc(step),
            charge_pct=pct,
            sigma_pct=0.0,
            pv_w=0.0,
            temperature_c=10.0,
            sun_is_free=False,
        )
        for step, pct in (
            (0, 5.0),
            (1, 4.0),
            (30, 12.0),
            (31, 13.0),
            (80, 22.0),
            (84, 31.0),
            (88, 32.0),
        )
    ]
    # Back at 12 %, it rests until 22 %; cut again, and back at 22 %, until 32 %.
    assert choices == [FULL, FULL, REST, REST, REST, REST, FULL]


def test_who_rests_may_ask_once_an_hour_and_misses_nothing() -> None:
    one, parameters = case(), MIDDLE[Kansal]
    often, hourly = Baseline(Kansal, parameters, one), Baseline(Kansal, parameters, one)
    for step in range(DAY):
        charge_pct = 8.0 if step < 50 else 80.0
        choice = often.decide(
            step,
            one.utc(step),
            charge_pct=charge_pct,
            sigma_pct=0.0,
            pv_w=20.0,
            temperature_c=10.0,
            sun_is_free=False,
        )
        if step > 48 or step % 4 == 0:
            hourly_choice = hourly.decide(
                step,
                one.utc(step),
                charge_pct=charge_pct,
                sigma_pct=0.0,
                pv_w=20.0,
                temperature_c=10.0,
                sun_is_free=False,
            )
            assert hourly_choice == choice
    assert choice > 1


def test_asked_twice_in_one_step_a_baseline_says_the_same() -> None:
    one = case()
    controller = Baseline(Fixed, {"of_worst_month": 1.3}, one)
    choices = [
        [
            controller.decide(
                step,
                one.utc(step),
                charge_pct=50.0,
                sigma_pct=0.0,
                pv_w=0.0,
                temperature_c=10.0,
                sun_is_free=False,
            )
            for _ in range(2)
        ]
        for step in range(50)
    ]
    assert all(first == again for first, again in choices)
    assert len({first for first, _ in choices}) == 2


def test_the_best_set_is_chosen_without_the_city_that_is_left_out() -> None:
    sets = [{"a": 1.0}, {"a": 2.0}]
    found = Scores(sets, ["Oslo", "Rome", "Rome"], np.array([[0.9, 0.5, 0.5], [0.1, 0.6, 0.6]]))
    assert found.best() == {"a": 1.0}
    assert found.best(without_city="Oslo") == {"a": 2.0}
    with pytest.raises(ValueError, match="no case is left"):
        Scores(sets, ["Oslo"], np.array([[0.9], [0.1]])).best(without_city="Oslo")


def test_each_grid_holds_only_sets_that_make_sense() -> None:
    for family in FAMILIES:
        assert family.list_sets()
        assert len(family.list_sets()) < 450
    for one in Ladder.list_sets():
        ladder_settings(case(), one)
        assert one["sentinel_pct"] < one["eco_pct"] < one["full_pct"]


class Two(TwoLevel):
    """A grid in which one set is plainly better."""

    grid = {"low_pct": (5.0, 30.0), "band_pct": (20.0,)}


def test_a_brown_out_counts_against_a_set_as_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    worth_h, cuts = np.array([[1000.0], [990.0]]), np.array([[1.0], [0.0]])
    monkeypatch.setattr(tuning, "play", lambda *_: PlayedSets(worth_h, worth_h, cuts))
    found = tuning.score_sets(Two, [case()])
    assert found.score[:, 0] == pytest.approx([1 - 0.024, 0.99])
    assert found.best() == Two.list_sets()[1]


def test_tuning_finds_the_better_of_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tuning, "find_scarce_weeks", lambda one: [0, 1, 2])
    found = tuning.score_sets(Two, [case(seed=1), case(seed=3)])
    played = tuning.play(Two, Two.list_sets(), [case(seed=1), case(seed=3)])
    assert found.best() == tuning.tune(Two, [case(seed=1), case(seed=3)])
    assert found.best()["low_pct"] == 30
    assert played.cuts[0].sum() > played.cuts[1].sum()
    assert (played.scarce_h < played.worth_h).all()
    assert found.cities == ["Town-1", "Town-3"]
