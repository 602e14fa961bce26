"""How cost grows with work: cameras, looks, rows, devices; and what is there without any.

Writes build/bench/scale.json. Each part is a process of its own, so that none is heavier for
another one's memory: `python -m tests.bench.scale PART`. The quick form runs three at a time, which
disturb each other: it finds what has become much dearer, not a per cent.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib import import_module

from tests.bench.report import OUT, ROOT, Figure, publish

# Each part: module and function. Parts of one lane take turns, lanes run beside each other.
PARTS = {
    "listening": ("cameras", "measure_listening"),
    "looks": ("cameras", "measure_looks"),
    "rows": ("rows", "measure"),
    "start": ("services", "measure_start"),
    "plan": ("services", "measure_plan"),
    "idle": ("services", "measure_idle"),
    "devices": ("devices", "measure"),
}
LANES = (tuple(PARTS),)
QUICK_LANES = (("listening",), ("idle", "start"), ("looks", "devices", "rows", "plan"))
TIME_LIMIT_S = 1800


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-scale")
    parser.add_argument("part", nargs="?", choices=PARTS, help="one part alone, as JSON")
    parser.add_argument("--quick", action="store_true", help="under 60 s, coarser")
    arguments = parser.parse_args()
    if arguments.part:
        figures = find(arguments.part)(arguments.quick)
        path = OUT / f"scale-{arguments.part}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n")
        return
    lanes = QUICK_LANES if arguments.quick else LANES
    with ThreadPoolExecutor(len(lanes)) as pool:
        done = list(pool.map(lambda lane: [run(part, arguments.quick) for part in lane], lanes))
    failed = [part for lane in done for part in lane if part]
    figures = [one for part in PARTS if part not in failed for one in read(part)]
    publish("scale", figures, arguments.quick, failed=failed)


def find(part: str) -> Callable[[bool], list[Figure]]:
    """What measures a part; its module is imported only when it runs."""
    module, name = PARTS[part]
    measure: Callable[[bool], list[Figure]] = getattr(
        import_module(f"tests.bench.scale.{module}"), name
    )
    return measure


def run(part: str, quick: bool) -> str:
    """One part in a process of its own; returns its name where it failed, and says why."""
    command = [sys.executable, "-m", "tests.bench.scale", part, *(["--quick"] if quick else [])]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
    )
    if done.returncode:
        print(f"{part} failed:\n{done.stderr[-2000:]}", flush=True)
    return part if done.returncode else ""


def read(part: str) -> list[Figure]:
    return [Figure(**one) for one in json.loads((OUT / f"scale-{part}.json").read_text())]


if __name__ == "__main__":
    main()
