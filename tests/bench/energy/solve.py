"""What one solve of the plan and one decision cost: time, and the most memory that a solve holds.

Reads and writes: nothing but the clock; in a process of its own.
Never: counts the libraries' own start: they are loaded before.
"""

import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime

from appliance.model import BatteryState, Stamp
from appliance.settings import Settings
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.horizon import HORIZON_DAYS
from power.plan.plan import make_policy, solve_plan
from power.plan.policy_planner import PolicyPlanner
from power.plan.problem import (
    PlanProblem,
    SiteHistory,
    compute_hourly_clear_w,
    find_solar_midnight,
)
from power.plan.weather_model import DayWeather
from tests.bench.report import Figure

SOLVES, DECISIONS = 5, 200
NOW = Stamp(datetime(2026, 12, 1, 3, 30, tzinfo=UTC), "bench", 1000.0)


def measure_solve() -> list[Figure]:
    """In a fresh process, where nothing else runs."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.energy.solve"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure("one solve of the plan", found["solve_s"], "s", 1.0),
        Figure("its memory", found["memory_mb"], "MB", 50.0),
        Figure("one decision", found["decide_ms"], "ms", 1.0),
        Figure("the first of a night", found["first_ms"], "ms"),
    ]


def main() -> None:
    settings = Settings()
    midnight = find_solar_midnight(NOW.utc, settings.site.longitude_deg)
    shade = (1.0,) * 24
    clear_w = compute_hourly_clear_w(settings, compute_clear_sky_w, midnight, HORIZON_DAYS, shade)
    history = SiteHistory(tuple(DayWeather(0.3, 2.0) for _ in range(120)), shade)
    problem = PlanProblem(
        settings=settings,
        now=NOW,
        clear_w=clear_w,
        history=history,
        sigma_pct=5.0,
        reserve_wh=50.0,
    )
    times_s = []
    for _ in range(SOLVES):
        began_s = time.perf_counter()
        row = make_policy(solve_plan(problem))
        times_s.append(time.perf_counter() - began_s)
    tracemalloc.start()
    make_policy(solve_plan(problem))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    first_s, decide_s = [], []
    for number in range(DECISIONS):
        planner = PolicyPlanner(settings, lambda: row)
        state = BatteryState(
            NOW,
            20.0 + number % 70,
            sigma_pct=5.0,
            energy_wh=1000.0,
            capacity_wh=2560.0,
            time_to_go_s=None,
            charge_blocked=False,
            method="counted",
        )
        began_s = time.perf_counter()
        planner.propose(state, None, None)
        first_s.append(time.perf_counter() - began_s)
        planner._proposal = None  # the next call decides anew, its table unpacked
        began_s = time.perf_counter()
        planner.propose(state, None, None)
        decide_s.append(time.perf_counter() - began_s)
    print(
        json.dumps(
            {
                "solve_s": statistics.median(times_s),
                "memory_mb": peak_bytes / 1e6,
                "first_ms": 1000 * statistics.median(first_s),
                "decide_ms": 1000 * statistics.median(decide_s),
            }
        )
    )


if __name__ == "__main__":
    main()
