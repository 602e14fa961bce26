"""Stands in for `systemctl` on a laptop: orders about services go to supervisord, about the
computer to its board (provisioning/board.py).

Reads and writes: their sockets. Called as `systemctl` by the same code that calls the real one on a
unit, so nothing above the operating system differs.
Never: does more than the unit's polkit rules allow, but for the commands of a person or the
hardware.
"""

import os
import socket
import sys
import time
import xmlrpc.client
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

POLL_S = 0.1
WAIT, NO_WAIT = True, False  # second argument of supervisord's startProcess and stopProcess
HARMLESS_FAULTS = {"start": Faults.ALREADY_STARTED, "stop": Faults.NOT_RUNNING}
# Supervisord's words for a process, as PID 1 calls them; all others are "inactive".
ACTIVE_STATES = {
    "RUNNING": "active",
    "STARTING": "activating",
    "BACKOFF": "activating",
    "STOPPING": "deactivating",
    "FATAL": "failed",
}
# What a supervisord that stops or has ended answers, or does not.
UNREACHABLE = (OSError, HTTPException, xmlrpc.client.Error)
NO_BLOCK = "--no-block"
IGNORED_OPTIONS = (NO_BLOCK, "--no-ask-password")


def connect(control: str) -> Any:
    """Supervisord's remote interface."""
    transport = SupervisorTransport(None, None, f"unix://{control}")
    return xmlrpc.client.ServerProxy("http://localhost", transport).supervisor


def find_pids(supervisor: Any, without: Container[str] = ()) -> dict[str, int]:
    """Program name -> pid, of those that run now."""
    states = supervisor.getAllProcessInfo()
    return {
        state["name"]: state["pid"]
        for state in states
        if state["pid"] and state["name"] not in without
    }


def list_names(supervisor: Any, without: Container[str] = ()) -> list[str]:
    """Every program, running or not."""
    states = supervisor.getAllProcessInfo()
    return [state["name"] for state in states if state["name"] not in without]


def send_order(supervisor: Any, verb: str, unit: str) -> None:
    """Start or stop one unit without waiting; raises `xmlrpc.client.Fault` if it is not known."""
    name = unit.removesuffix(".service")
    try:
        if verb == "start":
            supervisor.startProcess(name, NO_WAIT)
        else:
            supervisor.stopProcess(name, NO_WAIT)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != HARMLESS_FAULTS[verb]:
            raise


def send_orders(supervisor: Any, verb: str, units: Iterable[str]) -> None:
    """Start or stop them all; as with the real one, a unit that is not known holds up no other."""
    unknown = []
    for unit in units:
        try:
            send_order(supervisor, verb, unit)
        except xmlrpc.client.Fault as fault:
            unknown.append(fault)
    if unknown:
        raise unknown[0]


def wait_for_end(supervisor: Any, units: Iterable[str]) -> None:
    """Until they have ended: who waits for a start has ordered a oneshot."""
    names = {unit.removesuffix(".service") for unit in units}
    while names & set(find_pids(supervisor)):
        time.sleep(POLL_S)


def restart(supervisor: Any, units: Iterable[str], *, also_stopped: bool) -> None:
    """Stop and start each, one after the other, as PID 1 does; `try-restart` starts none that does
    not run.
    """
    running = find_pids(supervisor)
    for unit in units:
        name = unit.removesuffix(".service")
        if name in running:
            with suppress(xmlrpc.client.Fault):  # it has just ended by itself
                supervisor.stopProcess(name, WAIT)
        if name in running or also_stopped:
            send_order(supervisor, "start", unit)


def reload(supervisor: Any, units: Iterable[str]) -> None:
    """As ExecReload= of a unit does it: a signal to those that run."""
    running = find_pids(supervisor)
    for name in (unit.removesuffix(".service") for unit in units):
        if name in running:
            supervisor.signalProcess(name, "HUP")


def describe(supervisor: Any, units: Iterable[str]) -> Iterator[str]:
    """What `systemctl show` says of them, as far as anybody here asks."""
    states = {one["name"]: one["statename"] for one in supervisor.getAllProcessInfo()}
    for unit in units:
        active = ACTIVE_STATES.get(states.get(unit.removesuffix(".service"), ""), "inactive")
        loaded = "loaded" if unit.removesuffix(".service") in states else "not-found"
        yield f"Id={unit}\nLoadState={loaded}\nActiveState={active}"


def board_socket(control: str) -> Path:
    """Where the board listens: beside supervisord's own socket."""
    return Path(control).with_name("board.sock")


def command_board(control: str, command: str) -> None:
    """Send one command to the board; raises `OSError` where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(command.encode(), str(board_socket(control)))


def main() -> None:
    """`SOCKET [--no-block] start|stop|restart|try-restart|try-reload-or-restart UNIT...`,
    `SOCKET show --property NAMES UNIT...`, `SOCKET suspend|poweroff|reboot|power-button|power-cut`;
    exit 1 with a sentence.
    """
    control, *words = (word for word in sys.argv[1:] if word not in IGNORED_OPTIONS)
    try:
        match words:
            case ["start" | "stop" as verb, *units]:
                send_orders(connect(control), verb, units)
                if verb == "start" and NO_BLOCK not in sys.argv:
                    wait_for_end(connect(control), units)
            case ["restart" | "try-restart" as verb, *units]:
                if NO_BLOCK in sys.argv and os.fork():
                    return  # PID 1 has taken the order; it is carried out meanwhile
                restart(connect(control), units, also_stopped=verb == "restart")
            case ["try-reload-or-restart", *units]:
                reload(connect(control), units)
            case ["show", "--property", _, *units]:
                print("\n\n".join(describe(connect(control), units)))
            case ["suspend" | "poweroff" | "reboot" | "power-button" | "power-cut" as word]:
                command_board(control, word)
            case _:
                sys.exit(f"systemctl (laptop): cannot {' '.join(words)}")
    except xmlrpc.client.Fault as fault:
        sys.exit(f"systemctl (laptop): {' '.join(words)}: {fault.faultString}")
    except (OSError, HTTPException) as error:
        sys.exit(f"systemctl (laptop): the runner does not answer: {error}")


if __name__ == "__main__":
    main()
