"""`make run` and `make day`: the command line of the unit on a laptop.

Reads: its arguments. Writes: standard output; with `--days`, a summary in JSON as the last line.
Never: starts anything when the port is taken or the arguments are wrong.
"""

import argparse
import errno
import json
import os
import shlex
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError, ListenError, SettingsError
from appliance.model import EnergyBudget, Fault
from appliance.model_cameras import Event
from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.times import parse_duration
from appliance.parsing.values import parse_address, parse_count, parse_number, parse_port
from appliance.store.store import Store
from provisioning.free_ports import choose_https_port
from provisioning.laptop import (
    CAMERAS,
    DAY_S,
    Laptop,
    RunRequest,
    check_simulated_cameras,
)
from provisioning.run_directory import claim_directory
from provisioning.runner import ROOT, STANDARD_OUTPUT
from provisioning.simulated.command import check_quirks
from provisioning.simulated.devices.models import find_full_name
from provisioning.terminal import follow_terminal

SHORTEST_DAY_S = 9.0
MQTT_PORT = 1883
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MANY: dict[str, Any] = {"action": "append", "default": []}
DAY = make_type(parse_duration, SHORTEST_DAY_S, DAY_S)
DAYS = make_type(parse_number, 0.001, 1000)
PORT = make_type(parse_port, 0)
SEED = make_type(parse_count, 0, 2**31)
BROKER = make_type(parse_address, MQTT_PORT)
CAMERA_COUNT = make_type(parse_count, 1, len(CAMERAS))

OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--day",
        {
            "type": DAY,
            "default": "4min",
            "help": "real time of one simulated day, 9s to 24h (4min)",
        },
    ),
    ("--days", {"type": DAYS, "help": "end after so many simulated days, 0.001 to 1000"}),
    ("--port", {"type": PORT, "default": 8080, "help": "port of the page (8080); 0: a free one"}),
    ("--dir", {"type": PATH, "default": ROOT / "build/run", "help": "run directory (build/run)"}),
    ("--seed", {"type": SEED, "default": 1, "help": "seed of the clouds (1)"}),
    (
        "--charger",
        {"type": NAME, "default": "epever-tracer", "help": "model of the charge controller"},
    ),
    ("--bms", {"type": NAME, "help": "model of the BMS or shunt (none)"}),
    (
        "--generator",
        {"action": "store_true", "help": "a simulated generator; with a --bms it is seen"},
    ),
    (
        "--cameras",
        {"type": CAMERA_COUNT, "default": 1, "help": "1: a video file; 2 to 8: RTSP cameras"},
    ),
    (
        "--alarms",
        {"choices": ("demo",), "help": "demo: alarms by mail, to a mailbox on this computer"},
    ),
    (
        "--mqtt",
        {
            "type": BROKER,
            "help": "HOST[:PORT] of an MQTT broker to report to (none)",
        },
    ),
    ("--quirk", {"type": NAME, **MANY, "help": "a fault of a device or of the line"}),
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
    """Raises `HostError` where packages are missing for more than one."""
    if count > 1:
        check_simulated_cameras()


def run(options: argparse.Namespace) -> None:
    """Start everything, wait, stop; the summary is printed when nothing runs any more."""
    began_s = time.monotonic()
    check_quirks(options.quirk)
    check_cameras(options.cameras)
    with claim_directory(options.dir):
        port = claim_port(options.port)
        run_laptop(options, port, began_s)


def run_laptop(options: argparse.Namespace, port: int, began_s: float) -> None:
    """The run itself, in a directory and with a port that are its own."""
    wish = RunRequest(
        options.day,
        port,
        options.dir,
        options.seed,
        tuple(options.quirk),
        find_full_name(options.charger),
        find_full_name(options.bms) if options.bms else None,
        cameras=options.cameras,
        generator=options.generator,
        alarms=options.alarms is not None,
        broker=options.mqtt,
        https_port=choose_https_port(),
    )
    with Laptop(wish) as laptop:
        announce_addresses(wish, laptop)
        laptop.wait_for_unit_time(options.days * DAY_S if options.days else float("inf"))
        laptop.runner.check_end()
    if options.days:
        print(json.dumps(summarise(laptop.open_store(), time.monotonic() - began_s)), flush=True)


def announce_addresses(wish: RunRequest, laptop: Laptop) -> None:
    """Where the run can be looked at."""
    announce(f"\nThe unit runs. Its page: http://localhost:{wish.port} (stop with Ctrl-C).")
    if wish.https_port:
        announce(f"As from the network, by TLS: https://localhost:{wish.https_port}")
    if laptop.alarm_demo:
        box = laptop.alarm_demo.page_port
        announce(f"What people get of its alarms: http://localhost:{box}")
    if laptop.runner.output != STANDARD_OUTPUT:
        announce(f"What its processes say is in {laptop.runner.output}.")
    announce(f"As text: {format_status_command(laptop.settings.path)}\n")


def announce(line: str) -> None:
    """Print it. Where nobody reads any more the run stops as by a signal: the one that tells of a
    closed terminal may be still to come, and would break the stop off.
    """
    try:
        print(line, flush=True)
    except OSError as error:
        if not is_output_closed(error):
            raise
        stop_once(signal.SIGHUP, None)


def format_status_command(settings: Path) -> str:
    """A command line to copy into a shell, whatever the paths hold."""
    program = Path(sys.executable).with_name("unitctl")
    return shlex.join([str(program), "--settings", str(settings), "status"])


def stop_once(number: int, _: object) -> None:
    """Begin to stop, and heed no further signal: the stop itself would be broken off, and the
    unit's processes would stay.
    """
    for one in STOP_SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    if number == signal.SIGHUP:
        discard_output()
    raise KeyboardInterrupt


def discard_output() -> None:
    """The terminal is closed: what is still said goes nowhere."""
    for handle in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), handle)


def run_until_stopped(arguments: list[str] | None) -> None:
    """The run, up to its end or to a signal."""
    try:
        run(parse_arguments(arguments))
    except KeyboardInterrupt:
        print("stopped", flush=True)


def is_output_closed(error: OSError) -> bool:
    """Whether nobody reads any more: the reader of a pipe has ended (`make run | head`), or the
    terminal is closed, which writing may notice before the signal is here.
    """
    return error.errno in (errno.EPIPE, errno.EIO) and error.filename is None


def main(arguments: list[str] | None = None) -> None:
    """Exit codes: 0 stopped, 1 an error of this computer, 2 wrong arguments."""
    follow_terminal()
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # `nohup`
            signal.signal(number, stop_once)
    try:
        run_until_stopped(arguments)
    except OSError as error:
        if is_output_closed(error):
            discard_output()
            return
        place = f"{error.filename}: {error.strerror}" if error.filename else error
        print(f"provisioning: {place}", file=sys.stderr)
        sys.exit(1)
    except ApplianceError as error:
        print(f"provisioning: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
