"""No future value reaches a decision: two years that part on one day are alike until then."""

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.energy.cases import SETTINGS, Case, make_case
from tests.bench.energy.controllers import (
    LadderController,
    PlannerController,
)
from tests.bench.energy.drive import Controller, YearRecord, simulate_year
from tests.bench.energy.faults import Faults
from tests.bench.energy.rule import compute_hourly_clear_w
from tests.bench.energy.weather import STEPS, Site

DAYS, PARTS_AT = 10, 6 * 96 + 40  # in the middle of a morning
NOON = 52


def made_up() -> Case:
    """A site of no place: days of many kinds, nights below freezing."""
    step = np.arange(STEPS)
    light = np.clip(np.cos((step % 96 - NOON) / 96 * 2 * np.pi), 0, None)
    clear = np.random.default_rng(3).choice([0.05, 0.2, 0.5, 0.9], STEPS // 96).repeat(96)
    air_c = 2 + 4 * np.cos((step % 96 - NOON) / 96 * 2 * np.pi)
    site = Site("Nowhere 2019", 48.0, 11.0, 500.0, 2019, 0.5 * light * clear, air_c)
    return make_case(site, "R1").part(150, DAYS)


def with_another_future(case: Case) -> Case:
    """The same until `PARTS_AT`; from then on dark and warm."""
    sun_w, battery_c = case.sun_w.copy(), case.battery_c.copy()
    sun_w[PARTS_AT:] *= 0.1
    battery_c[PARTS_AT:] += 9
    return replace(case, sun_w=sun_w, battery_c=battery_c)


def simulate(case: Case, kind: str) -> YearRecord:
    clear_w = compute_hourly_clear_w(case)
    controller: Controller = (
        PlannerController(case, clear_w) if kind == "planner" else LadderController(SETTINGS["R1"])
    )
    return simulate_year(case, controller, Faults(5), clear_w)


@pytest.mark.parametrize("kind", ["planner", "ladder"])
def test_what_comes_later_changes_nothing_that_was_decided_before(kind: str) -> None:
    case = made_up()
    one, other = simulate(case, kind), simulate(with_another_future(case), kind)
    np.testing.assert_array_equal(one.power_w[:PARTS_AT], other.power_w[:PARTS_AT])
    np.testing.assert_array_equal(one.estimated_pct[:PARTS_AT], other.estimated_pct[:PARTS_AT])
    assert (one.power_w[PARTS_AT:] != other.power_w[PARTS_AT:]).any(), "the futures are too alike"
