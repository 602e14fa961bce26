"""GPU hosts: as many as the power pays for, and never switched back and forth."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import EnergyLevel
from appliance.sections.cameras import CameraSettings
from appliance.sections.computer import ComputerSettings
from appliance.sections.loads import SwitchSettings
from appliance.settings import Settings
from power.act.gpu_hosts import Hosts, choose

FULL, ECO, SENTINEL = EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL
HOUR_S, DAY_S = 3600.0, 86_400.0
GPU_HOST = SwitchSettings(idle_w=60, full_w=290)  # on from 175 W, off below 117.5 W
SITE = replace(
    Settings(),
    computer=ComputerSettings(idle_w=20),
    camera={
        "gate": CameraSettings(listen_power_w=2, watch_power_w=5),
        "extra": CameraSettings(runs_from=FULL, listen_power_w=2, watch_power_w=5),
    },
    switch={"modem": SwitchSettings(idle_w=8)} | {f"gpu-{n}": GPU_HOST for n in range(1, 5)},
)
BASE_W = 38.0


def on(hosts: Hosts) -> list[str]:
    return [name for name, state in hosts.items() if state.on]


def follow(
    power_w: Callable[[float], float],
    until_s: float,
    level: EnergyLevel = FULL,
    every_s: float = 60.0,
) -> tuple[Hosts, dict[str, int]]:
    """Follow a budget from all hosts off; the last state, and how often each was switched."""
    hosts: Hosts = choose(None, SITE, EnergyLevel.OFF, 0.0, 0.0)
    switched = dict.fromkeys(hosts, 0)
    now_s = 0.0
    while now_s < until_s:
        after = choose(hosts, SITE, level, power_w(now_s), now_s)
        for name, state in after.items():
            switched[name] += state.on is not hosts[name].on
        hosts, now_s = after, now_s + every_s
    return hosts, switched


@pytest.mark.parametrize(("level", "watts"), [(FULL, 38), (ECO, 33), (SENTINEL, 22)])
def test_computer_cameras_and_other_switches_are_paid_first(
    level: EnergyLevel, watts: float
) -> None:
    assert SITE.compute_base_w(level) == watts


@pytest.mark.parametrize(
    ("power_w", "count"),
    [(0, 0), (212, 0), (213, 1), (387, 1), (388, 2), (737, 3), (738, 4), (9999, 4)],
)
def test_as_many_hosts_are_on_as_the_power_pays_for_with_half_of_their_work(
    power_w: float, count: int
) -> None:
    names = [f"gpu-{n}" for n in range(1, count + 1)]
    assert on(choose(None, SITE, FULL, power_w, 0.0)) == names
    assert on(follow(lambda _: power_w, HOUR_S)[0]) == names


def test_without_a_figure_the_level_alone_decides() -> None:
    assert len(on(choose(None, SITE, ECO, None, 0.0))) == 4
    hosts = choose(None, SITE, SENTINEL, None, 0.0)
    assert on(hosts) == []
    assert len(on(choose(hosts, SITE, ECO, None, 0.0))) == 4


def test_a_host_waits_a_quarter_of_an_hour_and_goes_off_at_once() -> None:
    assert on(follow(lambda _: 213, 900.0)[0]) == []
    hosts, _ = follow(lambda _: 213, 961.0)
    assert on(hosts) == ["gpu-1"]
    assert on(choose(hosts, SITE, FULL, 155.4, 970.0)) == []


def test_all_hosts_wait_at_the_same_time() -> None:
    assert len(on(follow(lambda _: 738, 961.0)[0])) == 4


def test_one_dip_of_the_power_starts_the_wait_anew() -> None:
    hosts, _ = follow(lambda now_s: 0 if 600 <= now_s < 660 else 738, 1500.0)
    assert on(hosts) == []


def test_a_host_stays_on_down_to_a_quarter_of_its_work() -> None:
    hosts = choose(None, SITE, FULL, 213, 0.0)
    assert on(choose(hosts, SITE, FULL, 155.6, 10.0)) == ["gpu-1"]


def test_a_restarted_service_leaves_running_hosts_on() -> None:
    """Its memory is empty: what the power pays for is ordered on at once, not after a wait."""
    assert len(on(choose(None, SITE, FULL, 500, 5000.0))) == 2


def test_a_lower_level_takes_the_hosts_off_whatever_the_power() -> None:
    hosts = choose(None, SITE, FULL, 9999, 0.0)
    assert on(choose(hosts, SITE, SENTINEL, 9999, 10.0)) == []


def test_a_host_waits_for_those_that_are_named_before_it() -> None:
    """The first one was on earlier today and waits for two hours: power for it is not passed on."""
    hosts, _ = follow(lambda now_s: 213 if now_s < 1000 else 0 if now_s < 1200 else 9999, 8000.0)
    assert on(hosts) == []
    hosts, _ = follow(lambda now_s: 213 if now_s < 1000 else 0 if now_s < 1200 else 9999, 8500.0)
    assert len(on(hosts)) == 4


def test_a_host_that_the_level_forbids_is_neither_counted_nor_waited_for() -> None:
    site = replace(SITE, switch={"big": replace(GPU_HOST, runs_from=FULL), "small": GPU_HOST})
    hosts = choose(None, site, FULL, 9999, 0.0)
    assert on(hosts) == ["big", "small"]
    hosts = choose(hosts, site, ECO, 208, 10.0)
    assert on(hosts) == ["small"]
    assert on(choose(None, site, ECO, 200, 0.0)) == ["small"]


def test_a_budget_that_moves_around_a_threshold_switches_nothing() -> None:
    hosts, switched = follow(lambda now_s: 263 if now_s // 600 % 2 else 163, DAY_S)
    assert set(switched.values()) == {0}
    assert on(hosts) == []


@pytest.mark.parametrize("half_period_s", [600, 1200, 3600, 7200, 10_800, 16_200, 21_600, 36_000])
def test_a_budget_that_swings_between_nothing_and_all_switches_a_host_four_times_a_day(
    half_period_s: float,
) -> None:
    _, switched = follow(lambda now_s: 9999 if now_s // half_period_s % 2 == 0 else 0, DAY_S)
    assert max(switched.values()) <= 4


@given(
    st.lists(st.tuples(st.integers(1, 480), st.sampled_from([0, 130, 213, 400, 9999])), min_size=1)
)
def test_no_budget_switches_a_host_more_than_six_times_a_day(
    pieces: list[tuple[int, float]],
) -> None:
    """Three starts a day at most, and as many stops: also of a budget made to do harm."""
    minutes = [power_w for count, power_w in pieces for _ in range(count)]
    hosts, switched = follow(
        lambda now_s: minutes[int(now_s // 60) % len(minutes)], DAY_S - 60, every_s=180.0
    )
    assert max(switched.values()) <= 6
    names = list(hosts)
    assert on(hosts) == names[: len(on(hosts))]


def test_the_next_day_begins_with_the_short_wait() -> None:
    hosts, _ = follow(lambda now_s: 738 if now_s < 1000 else 0, 2000.0)
    for now_s in (DAY_S + 1000, DAY_S + 1900):
        hosts = choose(hosts, SITE, FULL, 738, now_s)
    assert len(on(hosts)) == 4
