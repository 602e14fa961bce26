"""Wakes the alarm service: one empty datagram to its socket, which PID 1 holds while it is away.

In: the socket's path. Out: a function that whoever stores a row that can make an alarm calls.
Never: waits, fails, or carries anything: the service looks into the database. One that is lost is
made up for by the service's timer.
"""

import socket
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from pathlib import Path

from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import AlarmSettings

# The table whose rows each kind of rule asks for; no row tells of the others.
TABLES = {
    AlarmKind.EVENT: "event",
    AlarmKind.FAULT: "fault",
    AlarmKind.FAULT_OVER: "fault",
    AlarmKind.TAMPER: "fault",
    AlarmKind.ASLEEP: "sleep",
    AlarmKind.AWAKE: "wake",
}
ORDERS = "alarm_order"


def list_tables(rules: Iterable[AlarmSettings]) -> frozenset[str]:
    """Those whose rows can make an alarm by these rules: for no other the service is started."""
    return frozenset((ORDERS, *(TABLES[rule.on] for rule in rules if rule.on in TABLES)))


def make_wake(path: Path, tables: Container[str] | None = None) -> Callable[[str], None]:
    """The function, given a table that has a new row; it may be called in any thread. `tables`: of
    no others the service is told; None: of all.
    """

    def wake_for(table: str) -> None:
        if tables is None or table in tables:
            wake(path)

    return wake_for


def wake(path: Path) -> None:
    """Send it; nobody may listen, the queue may be full, or the process have no descriptor left:
    then the service comes anyway.
    """
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
    ):
        sender.sendto(b"", str(path))
