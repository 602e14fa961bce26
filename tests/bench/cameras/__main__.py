"""What cameras and inference cost, find and survive: all figures that docs/benchmarks.md names.

Reads: nothing of the unit that runs. Writes: build/bench/cameras.json, and one file for each part
in build/bench/cameras/. Each part is a process of its own: `python -m tests.bench.cameras PART`.
Never: takes a figure of one part from another run: ratios are within one part.

Whole: two parts at a time, one for each core, about 25 minutes. `--quick`: more beside each other,
about a minute, coarser: they disturb each other.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib import import_module
from typing import Any

from tests.bench.report import OUT, ROOT, Figure, publish

PARTS_DIR = OUT / "cameras"
# Parts of one lane take turns; lanes run beside each other. The second mostly waits.
LANES = (
    ("overhead", "spin", "swapping", "wake", "standing", "recall"),
    ("listening", "freezes", "tracker", "near", "gates", "lag", "main_stream", "weather"),
)
QUICK_LANES = (
    ("overhead", "spin", "swapping", "tracker"),
    ("wake", "standing"),
    ("listening",),
    ("recall",),
    ("freezes", "lag", "main_stream"),
)
TIME_LIMIT_S = 1800
RAINY = ("rain", "shower", "shower, constant", "downpour", "snow", "snow, H.265")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-cameras")
    parser.add_argument("part", nargs="?", choices=sorted(PARTS), help="one part alone, as JSON")
    parser.add_argument("--quick", action="store_true", help="under 60 s, coarser")
    arguments = parser.parse_args()
    if arguments.part:
        document = PARTS[arguments.part](arguments.quick)
        PARTS_DIR.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, indent=1, default=str)
        (PARTS_DIR / f"{arguments.part}.json").write_text(text + "\n")
        return
    run_all(arguments.quick)
    found = {name: read(name) for lane in LANES for name in lane}
    publish("cameras", figures(found), arguments.quick, also=headline(found), parts=found)


# --- parts ---------------------------------------------------------------------------------------


def of(name: str, **own: Any) -> Callable[[bool], Any]:
    """The figures of the module of that name, imported only when it runs."""
    return lambda quick: import_module(f"tests.bench.cameras.{name}").measure(quick, **own)


def spin(quick: bool) -> Any:
    return import_module("tests.bench.cameras.spin").measure(5.0 if quick else 60.0)


def overhead(quick: bool) -> Any:
    found = import_module("tests.bench.cameras.overhead").measure(quick)
    return asdict(found) | {"ratio": found.ratio, "fixed_cost_ms": found.fixed_cost_ms}


def wake(quick: bool) -> Any:
    found = import_module("tests.bench.cameras.wake").measure(quick)
    return asdict(found) | {"p95_ms": found.p95_ms, "median_ms": found.median_ms}


def recall(quick: bool) -> Any:
    return tabulate(import_module("tests.bench.cameras.recall").measure(quick))


def weather(quick: bool) -> Any:
    return tabulate(import_module("tests.bench.cameras.recall").measure_weather(quick))


def tabulate(found: Sequence[Any]) -> Any:
    """Clips both ways: printed, and as JSON."""
    print(import_module("tests.bench.cameras.recall").format_table(found))
    return [asdict(one) | {"recall_pct": one.recall_pct, "saved": one.saved} for one in found]


def tracker(quick: bool) -> Any:
    module = import_module("tests.bench.cameras.tracker")
    found = module.measure(quick)
    print(module.format_table(found))
    return found


def gates(quick: bool) -> Any:
    module = import_module("tests.bench.cameras.gates")
    found = module.measure(quick)
    print(module.format_table(found["rows"]))
    return {name: value for name, value in found.items() if name != "rows"}


PARTS: dict[str, Callable[[bool], Any]] = {
    "overhead": overhead,
    "spin": spin,
    "swapping": of("swapping"),
    "tracker": tracker,
    "wake": wake,
    "standing": of("standing"),
    "near": of("near"),
    "recall": recall,
    "weather": weather,
    "listening": of("listening"),
    "freezes": of("freezes"),
    "gates": gates,
    "lag": of("lag"),
    "main_stream": of("main_stream"),
}


def run_all(quick: bool) -> None:
    """Every part, lane by lane."""
    lanes = QUICK_LANES if quick else LANES
    with ThreadPoolExecutor(len(lanes)) as pool:
        for done in pool.map(lambda lane: [run(name, quick) for name in lane], lanes):
            print("".join(done), end="", flush=True)


def run(name: str, quick: bool) -> str:
    """One part in a process of its own; returns what it printed. A part that fails is left out."""
    (PARTS_DIR / f"{name}.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.bench.cameras", name, *(["--quick"] if quick else [])]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
    )
    failed = f"{name} failed:\n{done.stderr[-2000:]}\n" if done.returncode else ""
    return f"\n{name}\n{done.stdout}{failed}" if done.stdout or failed else ""


def read(name: str) -> Any:
    path = PARTS_DIR / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


# --- figures -------------------------------------------------------------------------------------


def headline(found: dict[str, Any]) -> dict[str, float | None]:
    """The figures by which this bench is known; None where a part did not run."""
    field = found["recall"][0] if found["recall"] else None
    return {
        "overhead_ratio": pick(found, "overhead", "ratio"),
        "fixed_cost_ms": pick(found, "overhead", "fixed_cost_ms"),
        "listening_cpu_pct": pick(found, "listening", "listen", "cpu_pct"),
        "event_recall_pct": field and field["recall_pct"],
        "cpu_saved_ratio": field and field["saved"],
        "rain_saved_ratio": find_saved(found, "rain"),
        "wake_p95_ms": pick(found, "wake", "p95_ms"),
        "freeze_noticed_s": pick(found, "freezes", "noticed_s", "worst"),
        "stationary_looks_per_min": pick(found, "standing", "looks_per_min"),
        "spin_ratio": pick(found, "spin", "spin_ratio"),
        "lag_s_after_1h": pick(found, "lag", "lag_s_after_1h"),
    }


def find_saved(found: dict[str, Any], scene: str) -> float | None:
    """How often the processor time with gates goes into that of always looking."""
    return next((one["saved"] for one in found["recall"] or [] if one["scene"] == scene), None)


def find_target(scene: str) -> float:
    """How much is to be saved on a hard clip: in rain everything moves."""
    return 3.0 if scene in RAINY else 8.0


def pick(found: dict[str, Any], *names: str) -> Any:
    """A value deep in the parts; None where it is not there."""
    value: Any = found
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def figures(found: dict[str, Any]) -> Sequence[Figure]:
    """The table."""
    top = headline(found)
    before, after = (pick(found, "freezes", name, "resident_mb") for name in ("before", "after"))
    grown_mb = after - before if before and after else None
    rows = [
        ("CPU of a frame / bare", top["overhead_ratio"], "", 1.05, False),
        ("CPU of a frame - bare", top["fixed_cost_ms"], "ms", 0.6, False),
        ("8 cameras listening", top["listening_cpu_pct"], "% of a core", 1.0, False),
        (
            "8 cameras watching",
            pick(found, "listening", "watch", "cpu_pct"),
            "% of a core",
            None,
            False,
        ),
        ("event recall, by day", top["event_recall_pct"], "%", 95.0, True),
        ("CPU saved, by day", top["cpu_saved_ratio"], "times", 15.0, True),
        ("wake to detection, p95", top["wake_p95_ms"], "ms", 250.0, False),
        ("wake to detection, median", pick(found, "wake", "median_ms"), "ms", None, False),
        ("freeze noticed, worst", top["freeze_noticed_s"], "s", 3.0, False),
        ("first frame, worst", pick(found, "freezes", "first_frame_s", "worst"), "s", 5.0, False),
        ("grown over all freezes", grown_mb, "MB", None, False),
        ("lag after 1 h (simulated time)", top["lag_s_after_1h"], "s", 0.5, False),
        (
            "main stream after a wake, median",
            pick(found, "main_stream", "by_key_frame_distance_s", "2", "main_picture_s", "median"),
            "s",
            None,
            False,
        ),
        ("looks a minute at parked cars", top["stationary_looks_per_min"], "", 2.0, False),
        ("near people found", pick(found, "near", "whole", "second_pct"), "%", 95.0, True),
        ("spin ratio", top["spin_ratio"], "", 1.2, False),
        ("frames failed in swaps", pick(found, "swapping", "failed"), "", 0.0, False),
        ("longest analysis in swaps", pick(found, "swapping", "worst_ms"), "ms", None, False),
    ]
    hard = [
        row
        for one in [*(found["recall"] or [])[1:], *(found["weather"] or [])]
        for row in (
            (f"recall, {one['scene']}", one["recall_pct"], "%", 95.0, True),
            (f"CPU saved, {one['scene']}", one["saved"], "times", find_target(one["scene"]), True),
        )
    ]
    return [Figure(*row) for row in [*rows, *hard] if row[1] is not None]


if __name__ == "__main__":
    main()
