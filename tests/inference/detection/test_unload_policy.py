"""How long a model stays loaded: never more than twice what hindsight would have paid."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inference.detection.unload_policy import decide_unload

IDLE_TIMES = st.lists(st.floats(0, 1000), min_size=1, max_size=20)


def test_on_a_cpu_waiting_is_free_so_the_model_stays() -> None:
    answer = decide_unload(load_j=5, idle_w=0, idle_s=86_400)
    assert answer.keep
    assert answer.free_after_s == math.inf
    assert answer.reason == "the model stays loaded: waiting costs nothing on this device"


def test_a_gpu_context_is_kept_until_it_has_cost_a_load() -> None:
    early = decide_unload(load_j=60, idle_w=4, idle_s=10)
    assert early.keep
    assert early.free_after_s == pytest.approx(15)
    assert early.reason == (
        "the model stays loaded for 5 s more: waiting has cost 40.0 J, "
        "loading it again would cost 60.0 J"
    )
    late = decide_unload(load_j=60, idle_w=4, idle_s=15)
    assert not late.keep
    assert late.reason == (
        "the model is freed: waiting 15 s has cost 60.0 J, as much as loading it again (60.0 J)"
    )


def test_what_costs_nothing_to_load_is_freed_at_once() -> None:
    assert not decide_unload(load_j=0, idle_w=4, idle_s=0).keep


@given(IDLE_TIMES, st.floats(0.1, 500), st.floats(0.1, 50))
@example([15.0], 60.0, 4.0)
def test_the_rule_costs_at_most_twice_what_hindsight_would(
    idle_times_s: list[float], load_j: float, idle_w: float
) -> None:
    ours_j = hindsight_j = 0.0
    for idle_s in idle_times_s:
        free_after_s = decide_unload(load_j=load_j, idle_w=idle_w, idle_s=idle_s).free_after_s
        assert decide_unload(load_j=load_j, idle_w=idle_w, idle_s=idle_s).keep == (
            idle_s < free_after_s
        )
        freed = idle_s >= free_after_s
        ours_j += idle_w * min(idle_s, free_after_s) + (load_j if freed else 0)
        hindsight_j += min(idle_w * idle_s, load_j)
    assert ours_j <= 2 * hindsight_j * (1 + 1e-9)
