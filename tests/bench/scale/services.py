"""What does not grow and is there all the same: a start, a plan run, the unit at SENTINEL."""

import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from appliance.clock import SystemClock
from appliance.model import EnergyLevel
from appliance.store.prepare import prepare_database
from provisioning.command import claim_port
from provisioning.laptop import DAY_S, Laptop, RunRequest
from tests.bench import plan
from tests.bench.processes import read_usage
from tests.bench.report import OUT, ROOT, Figure, median
from tests.waiting import wait_for_level

NIGHT = datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
READY_WITHIN_S = 30.0
SERVICES = {"sensors": ("sensors",), "a camera": ("sensors.camera", "demo")}


def measure_start(quick: bool) -> list[Figure]:
    """Processor time of a service from its start to READY."""
    place = OUT / "scale-start"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    lines = f'[unit]\ndata_dir = "{place}"\nrun_dir = "{place}"\n[camera.demo]\n'
    (place / "unit.toml").write_text(lines)
    prepare_database(place / "unit.db")
    return [
        Figure(f"start of {name}", median([start(place, *words) for _ in range(times)]), "CPU-s")
        for name, words in SERVICES.items()
        for times in (2 if quick else 7,)
    ]


def start(place: Path, *words: str) -> float:
    path = place / "notify"
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", *words, "--settings", str(place / "unit.toml")]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        heard.settimeout(READY_WITHIN_S)
        environment = plan.read_environment() | {"NOTIFY_SOCKET": str(path)}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while heard.recv(4096) != b"READY=1":
                    pass
                return read_usage([process.pid]).cpu_s
            finally:
                process.terminate()


def measure_plan(quick: bool) -> list[Figure]:
    """One run of the plan; `bench-plan` is the whole bench."""
    base = OUT / "scale-plan"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    plan.fill(base / "unit.db", SystemClock().stamp())
    runs = [plan.run_once(base, OUT / "scale-plan-run") for _ in range(2 if quick else 5)]
    return [
        Figure("a plan run", min(cpu_s for cpu_s, _ in runs), "CPU-s", 0.5),
        Figure("a plan run: peak memory", median([peak_mb for _, peak_mb in runs]), "MB", 60),
    ]


def measure_idle(quick: bool) -> list[Figure]:
    """All processes at SENTINEL; `bench-idle` is the whole bench."""
    settle_s, measured_s = (8.0, 20.0) if quick else (30.0, 120.0)
    request = RunRequest(DAY_S, claim_port(0), OUT / "scale-idle", start=NIGHT, charge_pct=35)
    with Laptop(request) as laptop:
        wait_for_level(laptop, EnergyLevel.SENTINEL)
        time.sleep(settle_s)
        pids = [pid for name, pid in laptop.runner.pids().items() if "appliance" in name]
        before = read_usage(pids)
        time.sleep(measured_s)
        spent = read_usage(pids) - before
    return [
        Figure("idle at SENTINEL: CPU", spent.cpu_s / measured_s * 100, "% of a core", 0.15),
        Figure("idle at SENTINEL: wake-ups", spent.wakeups / measured_s, "a second", 2.0),
        Figure("idle at SENTINEL: memory", spent.pss_mb, "MB", 80.0),
    ]
