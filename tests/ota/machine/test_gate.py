"""The gate at its limits: what opens it, what does not, and the first reason that is told."""

import math
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sections.network import UpdateSettings
from ota.machine.gate import GateFacts, Verdict, judge
from tests.stand_ins.update_unit import FULL_BATTERY

OWN = UpdateSettings()  # 40 %, while charging 20 %
FIGURE = st.one_of(st.none(), st.floats())


def judge_with(own: UpdateSettings = OWN, needs_wh: float = 2.0, **facts: Any) -> Verdict:
    return judge(replace(FULL_BATTERY, **facts), own, needs_wh=needs_wh)


@pytest.mark.parametrize(
    ("facts", "waits_for"),
    [
        ({"soc_pct": 40.0}, ""),
        ({"soc_pct": 39.99}, "energy"),
        ({"soc_pct": 20.0, "charging_pct_per_h": 5.0}, ""),
        ({"soc_pct": 20.0, "charging_pct_per_h": 4.99}, "energy"),
        ({"soc_pct": 19.99, "charging_pct_per_h": 50.0}, "energy"),
        ({"soc_pct": None}, "energy"),
        ({"soc_pct": math.nan}, "energy"),
        ({"energy_wh": None}, "energy"),
        ({"energy_wh": math.inf}, "energy"),
        ({"reserve_wh": None}, "energy"),
        ({"energy_wh": 104.0, "reserve_wh": 100.0}, ""),
        ({"energy_wh": 103.9, "reserve_wh": 100.0}, "energy"),
        ({"energy_wh": 50.0, "reserve_wh": 100.0}, "energy"),
        ({"temperature_c": None}, ""),
        ({"temperature_c": 80.0}, ""),
        ({"temperature_c": 80.1}, "temperature"),
        ({"temperature_c": -20.1}, "temperature"),
        ({"clock_trusted": False}, "clock"),
        ({"clock_trusted": False, "technician": True}, ""),
        ({"hold": "by anna"}, "hold"),
        ({"hold": "by anna", "technician": True}, "hold"),
    ],
)
def test_the_gate_opens_from_its_limits_on(facts: dict[str, Any], waits_for: str) -> None:
    assert judge_with(**facts).waits_for == waits_for


@pytest.mark.parametrize(
    ("at", "waits_for"),
    [(time(9, 59), "window"), (time(10), ""), (time(14, 59), ""), (time(15), "window")],
)
def test_the_window_has_its_first_minute_and_not_its_last(at: time, waits_for: str) -> None:
    own = UpdateSettings(window="10:00-15:00")
    assert judge_with(own, local_time=at).waits_for == waits_for
    assert judge_with(own, local_time=at, technician=True).is_open


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (time(21, 59), "the window of its rollout, 22:00-05:00"),
        (time(22), ""),
        (time(3, 59), ""),
        (time(4), "its window, 20:00-04:00"),
        (time(5), "its window, 20:00-04:00"),
    ],
)
def test_the_window_of_a_rollout_narrows_that_of_the_unit(at: time, told: str) -> None:
    facts, own = replace(FULL_BATTERY, local_time=at), UpdateSettings(window="20:00-04:00")
    verdict = judge(facts, own, needs_wh=2.0, window="22:00-05:00")
    assert verdict.waits_for == ("window" if told else "")
    assert not told or verdict.reason == f"the update waits for {told}"
    technician = replace(facts, technician=True)
    assert judge(technician, own, needs_wh=2.0, window="22:00-05:00").is_open


def test_what_is_told_is_never_as_much_as_is_needed() -> None:
    reason = judge_with(soc_pct=39.99).reason
    assert reason == "the update waits: 39 % charge, needs 40 %"
    reason = judge_with(energy_wh=103.9, reserve_wh=100.0).reason
    assert reason.startswith("the update waits: 3 Wh above the reserve, needs 4 Wh")


@given(soc=FIGURE, energy=FIGURE, reserve=FIGURE, charging=FIGURE, needs=st.floats(0, 1e6))
def test_the_gate_never_opens_on_less_than_a_fifth_or_without_twice_the_energy(
    soc: float | None,
    energy: float | None,
    reserve: float | None,
    charging: float | None,
    needs: float,
) -> None:
    facts = GateFacts(time(12), soc, charging, energy, reserve, None, "", clock_trusted=True)
    verdict = judge(facts, OWN, needs_wh=needs)
    if verdict.is_open:
        assert soc is not None
        assert soc >= 20
        assert energy is not None
        assert reserve is not None
        assert energy - reserve >= 2 * needs
