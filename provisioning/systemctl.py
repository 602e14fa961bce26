"""Stands in for `systemctl` on a laptop: carries start, stop and poweroff to supervisord.

Reads and writes: supervisord's socket. Called as `systemctl` by the same code that calls the real
one on a unit, so nothing above the operating system knows the difference.
Never: does more than the unit's polkit rules allow.
"""

import sys
import xmlrpc.client
from http.client import HTTPException
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

HARMLESS = {"start": Faults.ALREADY_STARTED, "stop": Faults.NOT_RUNNING}


def connect(socket: str) -> Any:
    """Supervisord's remote interface."""
    transport = SupervisorTransport(None, None, f"unix://{socket}")
    return xmlrpc.client.ServerProxy("http://localhost", transport).supervisor


def order(supervisor: Any, verb: str, unit: str) -> None:
    """Start or stop one unit without waiting; raises `xmlrpc.client.Fault` if it is not known."""
    name = unit.removesuffix(".service")
    try:
        if verb == "start":
            supervisor.startProcess(name, False)
        else:
            supervisor.stopProcess(name, False)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != HARMLESS[verb]:
            raise


def main() -> None:
    """`SOCKET [--no-block] start|stop UNIT` or `SOCKET poweroff`; exit 1 with a sentence."""
    socket, *words = (word for word in sys.argv[1:] if word != "--no-block")
    try:
        match words:
            case ["start" | "stop" as verb, unit]:
                order(connect(socket), verb, unit)
            case ["poweroff"]:
                connect(socket).shutdown()
            case _:
                sys.exit(f"systemctl (laptop): cannot {' '.join(words)}")
    except xmlrpc.client.Fault as fault:
        sys.exit(f"systemctl (laptop): {' '.join(words)}: {fault.faultString}")
    except (OSError, HTTPException) as error:
        sys.exit(f"systemctl (laptop): the runner does not answer: {error}")


if __name__ == "__main__":
    main()
