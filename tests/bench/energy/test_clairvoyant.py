"""The clairvoyant optimum of the energy bench, against a mixed-integer program of the same plant.

Reads and writes: nothing.
Never: lets the two solvers share more than the plant's numbers: the program states its rules anew.

The program (HiGHS) chooses, for each step, the time given to each option (so it may change within a
step, which can only earn more), whether the computer is awake (0 or 1), what goes into the battery
and what comes out. In it the floor holds in all steps, also where the sun keeps the loads up.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
from scipy.sparse import coo_array  # type: ignore[import-untyped]

from tests.bench.energy import plant
from tests.bench.energy.cases import make_case
from tests.bench.energy.clairvoyant import (
    POINTS,
    Optimum,
    World,
    compute_values,
    find_optimum,
    play_choices,
)
from tests.bench.energy.weather import Site

CAPACITY_WH = 2560.0
POWER_W = np.array([0.3, 2.0, 3.8, 8.0, 14.0, 25.0])
UTILITY = np.array([0.0, 0.3, 0.43, 0.62, 0.8, 1.0])
DAY = 96


def world(
    days: int, seed: int, peak_w: float = 120, air_c: float = 10, boot_wh: float = 0.4
) -> World:
    """Some days of clouded sun on too few panels."""
    random = np.random.default_rng(seed)
    hours = np.arange(days * DAY) * plant.HOURS
    height = np.maximum(0.0, np.sin((hours % 24 - 8) / 8 * np.pi)) * (hours % 24 < 16)
    clouds = np.repeat(random.uniform(0.05, 1.0, days), DAY) * random.uniform(0.6, 1.0, days * DAY)
    battery_c = air_c + 5 * np.sin((hours - 9) / 24 * 2 * np.pi)
    hidden = plant.hidden_wh(battery_c, CAPACITY_WH)
    return World(
        sun_w=peak_w * height * clouds,
        cold=battery_c < 0,
        floor_wh=hidden + 0.02 * CAPACITY_WH,
        back_wh=hidden + 0.07 * CAPACITY_WH,
        power_w=POWER_W,
        utility=UTILITY,
        boot_wh=boot_wh,
        capacity_wh=CAPACITY_WH,
    )


def iterated(known: World, start: float, left_per_wh: float, points: int) -> tuple[Optimum, float]:
    """What the value iteration does, and all that it earned, with what is left at the end."""
    ending = np.tile(np.linspace(0, CAPACITY_WH, points) * left_per_wh, (2, 1))
    found = play_choices(known, compute_values(known, ending), start * CAPACITY_WH)
    return found, found.utility.sum() + left_per_wh * found.charge_wh[-1]


class Columns:
    """Where the program's unknowns stand: for each step a share per option, and five more."""

    def __init__(self, steps: int, options: int) -> None:
        self.steps, self.options = steps, options
        self.size = steps * (options + 5)

    def share(self, step: int, option: int) -> int:
        return step * self.options + option

    def other(self, number: int, step: int) -> int:
        return self.steps * (self.options + number) + step


INTO, OUT_OF, CHARGE, AWAKE, BOOTS = range(5)
Row = tuple[list[tuple[int, float]], float, float]


def rows_of(known: World, start_wh: float, at: Columns) -> Iterator[Row]:
    """The plant's rules: (factors, least, most) each."""
    for step in range(at.steps):
        shares = [(at.share(step, option), 1.0) for option in range(at.options)]
        yield shares, 1, 1
        yield [*shares[1:], (at.other(AWAKE, step), -1)], 0, 0
        drawn = [(at.share(step, option), POWER_W[option]) for option in range(at.options)]
        yield (
            [*drawn, (at.other(INTO, step), 1), (at.other(OUT_OF, step), -1)],
            -np.inf,
            0.97 * known.sun_w[step],
        )
        stored = [(at.other(CHARGE, step), 1.0), (at.other(INTO, step), -0.97 * 0.25)]
        stored += [(at.other(OUT_OF, step), 0.25 / 0.97), (at.other(BOOTS, step), known.boot_wh)]
        if step == 0:
            yield stored, start_wh, start_wh
            continue
        yield [*stored, (at.other(CHARGE, step - 1), -1)], 0, 0
        awake = [(at.other(AWAKE, step), -1.0), (at.other(AWAKE, step - 1), 1.0)]
        yield [(at.other(BOOTS, step), 1), *awake], 0, np.inf


def programmed(known: World, start: float, left_per_wh: float) -> float:
    """The most that can be earned."""
    at = Columns(len(known.sun_w), len(UTILITY))
    gain, low, high = np.zeros(at.size), np.zeros(at.size), np.full(at.size, np.inf)
    whole = np.zeros(at.size)
    for step in range(at.steps):
        for option in range(at.options):
            gain[at.share(step, option)] = UTILITY[option] * 0.25
        high[at.other(INTO, step)] = 0 if known.cold[step] else CAPACITY_WH / 2
        low[at.other(CHARGE, step)] = known.floor_wh[step]
        high[at.other(CHARGE, step)] = CAPACITY_WH
        high[[at.other(AWAKE, step), at.other(BOOTS, step)]] = 1
        whole[at.other(AWAKE, step)] = 1
    gain[at.other(CHARGE, at.steps - 1)] = left_per_wh
    matrix, least, most = gathered(rows_of(known, start * CAPACITY_WH, at), at.size)
    done = milp(
        -gain,
        constraints=LinearConstraint(matrix, least, most),
        bounds=Bounds(low, high),
        integrality=whole,
        options={"mip_rel_gap": 1e-4, "time_limit": 30},
    )
    assert done.success, done.message
    return float(-done.fun)


def gathered(rows: Iterable[Row], width: int) -> tuple[Any, list[float], list[float]]:
    """All rows as one matrix with its bounds."""
    places, columns, factors = [], [], []
    least, most = [], []
    for number, (terms, low, high) in enumerate(rows):
        for column, factor in terms:
            places.append(number)
            columns.append(column)
            factors.append(factor)
        least.append(low)
        most.append(high)
    shape = (len(least), width)
    return coo_array((factors, (places, columns)), shape=shape).tocsr(), least, most


@pytest.mark.parametrize(
    ("known", "start", "left_per_wh", "points"),
    [
        pytest.param(world(3, 1), 0.30, 0.0, POINTS, id="mild, to the last Wh"),
        pytest.param(world(5, 2), 0.25, 0.01, POINTS, id="mild, something left"),
        pytest.param(world(7, 3), 0.25, 0.01, POINTS, id="a week"),
        pytest.param(world(5, 4, air_c=0), 0.3, 0.01, POINTS, id="frost by night"),
        pytest.param(world(5, 5, peak_w=60, air_c=-3), 0.5, 0.01, POINTS, id="frost by day"),
        # Near the floor and with large boots the usual grid is too coarse for half a per cent.
        pytest.param(
            world(4, 8, peak_w=40, air_c=0, boot_wh=10), 0.21, 0.17, 2561, id="rest or boot"
        ),
    ],
)
def test_both_solvers_find_the_same_optimum(
    known: World, start: float, left_per_wh: float, points: int
) -> None:
    found, earned = iterated(known, start, left_per_wh, points)
    most = programmed(known, start, left_per_wh)
    assert not found.cut.any()
    assert earned <= most * 1.0002
    assert earned == pytest.approx(most, rel=0.005)


def test_with_sun_enough_everything_runs_all_the_time() -> None:
    found, earned = iterated(world(4, 1, peak_w=600), 0.9, 0.0, POINTS)
    assert (found.choices == len(UTILITY) - 1).all()
    assert earned == pytest.approx(4 * 24)


def test_nobody_chooses_a_cut_for_the_charge_that_it_saves() -> None:
    dark = world(8, 1, peak_w=0)
    found, _ = iterated(dark, 0.2, 0.0, POINTS)
    assert not found.cut.any()
    assert (found.charge_wh >= dark.floor_wh).all()
    assert found.utility.sum() > 0


def test_a_cut_that_cannot_be_avoided_earns_nothing_until_the_charge_is_back() -> None:
    dark_then_light = world(6, 1, peak_w=150)
    dark_then_light.sun_w[: 2 * DAY] = 0
    dark_then_light.floor_wh[:], dark_then_light.back_wh[:] = 0.1 * CAPACITY_WH, 0.13 * CAPACITY_WH
    found, _ = iterated(dark_then_light, 0.09, 0.0, POINTS)
    assert found.cut[0]
    assert found.cut.sum() == 1
    works = int(np.argmax(found.utility > 0))
    assert works > 2 * DAY
    assert not found.utility[:works].any()
    assert found.charge_wh[works - 1] >= dark_then_light.back_wh[works - 1]
    assert found.charge_wh[works - 2] < dark_then_light.back_wh[works - 2]


def test_the_price_of_a_boot_makes_sleeps_fewer() -> None:
    cheap, dear = (
        iterated(world(6, 6, peak_w=5, boot_wh=price_wh), 0.16, 0.0, POINTS)[0]
        for price_wh in (0.0, 4.0)
    )
    sleeps = [
        int(np.sum(np.diff((found.choices == 0).astype(int)) == 1)) for found in (cheap, dear)
    ]
    assert sleeps[0] > 5
    assert sleeps[1] == 1


def test_the_last_day_of_the_year_is_not_the_last_day_of_the_world() -> None:
    steps = 60 * DAY  # a short year
    hours = np.arange(steps) * plant.HOURS
    season = 0.5 - 0.45 * np.cos(hours / hours[-1] * 2 * np.pi)
    sun = 0.8 * np.maximum(0.0, np.sin((hours % 24 - 8) / 8 * np.pi)) * (hours % 24 < 16) * season
    site = Site("Nowhere 2019", 50.0, 10.0, 0.0, 2019, sun, np.full(steps, 12.0))
    case = make_case(site, "R1 half")
    found = find_optimum(case, start_pct=80.0, points=121)
    assert not found.cut.any()
    assert found.charge_wh[-1] / CAPACITY_WH == pytest.approx(
        found.charge_wh[0] / CAPACITY_WH, abs=0.5
    )
    assert found.charge_wh[-1] > 0.3 * CAPACITY_WH
    assert 0.6 < found.utility.mean() / plant.HOURS < 1
