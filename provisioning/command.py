"""`make run` and `make day`: the command line of the unit on a laptop.

Reads: its arguments. Writes: standard output; with `--days`, a summary in JSON as the last line.
Never: starts anything when the port is taken or the arguments are wrong.
"""

import argparse
import json
import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError, ListenError, SettingsError
from appliance.model import EnergyBudget, Fault
from appliance.model_cameras import Event
from appliance.store.store import Store
from provisioning.laptop import CAMERAS, DAY_S, Laptop, RunRequest, check_simulated_cameras
from provisioning.runner import ROOT
from provisioning.simulated.command import check_quirks
from provisioning.simulated.devices.models import find_full_name

DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)")
SECONDS = {"s": 1, "m": 60, "h": 3600}
SHORTEST_DAY_S = 9.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--day", {"default": "4min", "help": "real time of one simulated day, 9s to 24h (4min)"}),
    ("--days", {"type": float, "help": "end after so many simulated days, with a summary"}),
    ("--port", {"type": int, "default": 8080, "help": "port of the page (8080); 0: a free one"}),
    ("--dir", {"type": Path, "default": ROOT / "build/run", "help": "run directory (build/run)"}),
    ("--seed", {"type": int, "default": 1, "help": "seed of the clouds (1)"}),
    ("--charger", {"default": "epever-tracer", "help": "model of the charge controller"}),
    ("--bms", {"default": "", "help": "model of the BMS or shunt (none)"}),
    ("--cameras", {"type": int, "default": 1, "help": "1: a video file; 2 to 8: RTSP cameras"}),
    ("--quirk", {"action": "append", "default": [], "help": "a fault of a device or of the line"}),
)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="provisioning",
        description="The unit on this machine, with simulated sun, battery and power devices.",
        epilog="In brackets: defaults. `unitctl power models` lists models of --charger and --bms.",
    )
    for option, how in OPTIONS:
        parser.add_argument(option, **how)
    return parser.parse_args(arguments)


def parse_duration(text: str) -> float:
    """`45s`, `4min`, `24h` in seconds; raises `SettingsError`."""
    found = DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * SECONDS[found[2][0]] if found else 0.0
    if not SHORTEST_DAY_S <= seconds <= DAY_S:
        raise SettingsError(f"a day can last from 9s to 24h, such as 45s or 4min, not {text!r}")
    return seconds


def claim_port(port: int) -> int:
    """`port` if it is free, any free one for 0; raises `ListenError` before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ListenError(
                f"port {port} is in use: stop what listens there, or name another with PORT="
            ) from error
        return int(probe.getsockname()[1])


def summarise(store: Store, wall_s: float) -> dict[str, Any]:
    """The run's result: events found, energy levels in order, faults raised."""
    levels: list[str] = []
    for budget in store.rows(EnergyBudget):
        if not levels or levels[-1] != budget.level.name:
            levels.append(budget.level.name)
    return {
        "events": len(store.rows(Event)),
        "levels": levels,
        "faults": len(store.rows(Fault)),
        "wall_s": round(wall_s, 1),
    }


def check_cameras(count: int) -> None:
    """Raises `SettingsError` for a number out of range, `HostError` where packages are missing."""
    if not 1 <= count <= len(CAMERAS):
        raise SettingsError(f"there can be 1 to {len(CAMERAS)} cameras, not {count}")
    if count > 1:
        check_simulated_cameras()


def run(options: argparse.Namespace) -> None:
    """Start everything, wait, stop; the summary is printed when nothing runs any more."""
    began_s = time.monotonic()
    day_s, port = parse_duration(options.day), claim_port(options.port)
    check_quirks(options.quirk)
    check_cameras(options.cameras)
    wish = RunRequest(
        day_s,
        port,
        options.dir,
        options.seed,
        tuple(options.quirk),
        find_full_name(options.charger),
        find_full_name(options.bms) if options.bms else None,
        cameras=options.cameras,
    )
    with Laptop(wish) as laptop:
        print(f"\nThe unit runs. Its page: http://localhost:{port} (stop with Ctrl-C).")
        print(f"As text: .venv/bin/unitctl --settings {laptop.settings.path} status\n", flush=True)
        laptop.wait_for_unit_time(options.days * DAY_S if options.days else float("inf"))
    if options.days:
        print(json.dumps(summarise(laptop.open_store(), time.monotonic() - began_s)), flush=True)


def stop_once(*_: object) -> None:
    """Begin to stop, and heed no further signal: the stop itself would be broken off, and the
    unit's processes would stay.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> None:
    """Exit codes: 0 stopped, 1 an error of this computer, 2 wrong arguments."""
    for number in STOP_SIGNALS:
        signal.signal(number, stop_once)
    try:
        run(parse_arguments(arguments))
    except KeyboardInterrupt:
        print("stopped")
    except ApplianceError as error:
        print(f"provisioning: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
