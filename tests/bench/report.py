"""The form that every bench reports in: a table for people, JSON for machines.

Reads: git and /proc for the names of commit and machine. Writes: build/bench/NAME.json.
Never: judges. A missed target is printed as missed and the exit code stays 0.
"""

import argparse
import json
import os
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
OUT = ROOT / "build/bench"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `target`: the most it may be (`at_least`: the least)."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        reached = self.value >= self.target if self.at_least else self.value <= self.target
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.target:g}: {'reached' if reached else 'MISSED'}"


def quick(name: str) -> bool:
    """Parse a bench's command line: whether the form under 60 s is wanted."""
    parser = argparse.ArgumentParser(prog=f"bench-{name}")
    parser.add_argument("--quick", action="store_true", help="under 60 s, coarser")
    return bool(parser.parse_args().quick)


def publish(
    name: str,
    figures: Sequence[Figure],
    short: bool,
    also: Mapping[str, Any] | None = None,
    **details: Any,
) -> None:
    """Print the table and write the JSON; `also` stands at its top level."""
    print(f"\nbench-{name}   {machine()}   {commit()}{'   (quick)' if short else ''}")
    width = max((len(figure.name) for figure in figures), default=0)
    for f in figures:
        print(f"  {f.name:<{width}}  {f.value:>12.4g} {f.unit:<12} {f.verdict}")
    OUT.mkdir(parents=True, exist_ok=True)
    document = {
        "bench": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "commit": commit(),
        "quick": short,
        "figures": {
            f.name: {"value": f.value, "unit": f.unit, "target": f.target} for f in figures
        },
        "details": details,
        **(also or {}),
    }
    (OUT / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def machine() -> str:
    """Processor, cores and memory in one line."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    models = [
        line.partition(":")[2].strip() for line in cpuinfo.splitlines() if "model name" in line
    ]
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    name = models[0] if models else os.uname().machine
    return f"{name}, {os.cpu_count()} cores, {memory_kb / 2**20:.0f} GiB"


def commit() -> str:
    """The commit measured, marked where the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no commit"
