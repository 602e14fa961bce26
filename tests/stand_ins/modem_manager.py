"""ModemManager as python-dbusmock gives it, in a process of its own on a private bus.

    with run_modem_manager(tmp_path) as manager:
        manager.add_modem(state=8)
        ...                         # environment: manager.environment
    manager.read_calls()            # [("Create", ...), ("Send",), ...]

python-dbusmock (LGPL) is Debian's package python3-dbusmock and runs under Debian's Python; nothing
of it is here. Objects and types are those of ModemManager 1.20's interfaces.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from tests.stand_ins.private_bus import DAEMON, run_bus
from tests.waiting import wait_until

SYSTEM_PYTHON = "/usr/bin/python3"
NAME, ROOT = "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1"
MODEM, MESSAGING, SMS = f"{NAME}.Modem", f"{NAME}.Modem.Messaging", f"{NAME}.Sms"
MOCK = "org.freedesktop.DBus.Mock"
OBJECTS = "org.freedesktop.DBus.ObjectManager"


def find_missing() -> str:
    """Why there can be none here; "" where there can."""
    if DAEMON is None:
        return "there is no dbus-daemon (Debian package dbus)"
    if not Path(SYSTEM_PYTHON).exists():
        return f"there is no {SYSTEM_PYTHON}"
    words = [SYSTEM_PYTHON, "-c", "import dbusmock"]
    done = subprocess.run(words, capture_output=True, check=False)
    return "Debian package python3-dbusmock is missing" if done.returncode else ""


WHY_NOT = find_missing()
Test = TypeVar("Test", bound=Callable[..., None])


def needs_modem_manager(test: Test) -> Test:
    """Leave a test out where there can be none."""
    return pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)(test)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class ModemManager:
    """`address`: of its bus. `log`: where dbusmock writes each call."""

    address: str
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """By which a process finds this bus as the system's."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.address}

    def add_modem(
        self,
        number: int = 0,
        *,
        state: int = 8,
        reason: int = 0,
        can_send: bool = True,
        send: str = "",
    ) -> None:
        """`send`: the Python code of Sms.Send; dbusmock runs it."""
        path = f"{ROOT}/Modem/{number}"
        facts = {"State": ("i", state), "StateFailedReason": ("u", reason)}
        self._mock(ROOT, "AddObject", "ssa{sv}a(ssss)", (path, MODEM, facts, []))
        if can_send:
            sms = f"{ROOT}/SMS/{number}"
            self._mock(
                path,
                "AddMethods",
                "sa(ssss)",
                (
                    MESSAGING,
                    [
                        ("Create", "a{sv}", "o", f"ret = dbus.ObjectPath('{sms}')"),
                        ("Delete", "o", "", ""),
                    ],
                ),
            )
            self._mock(path, "AddProperties", "sa{sv}", (MESSAGING, {"Messages": ("ao", [])}))
            methods = [("Send", "", "", send)]
            self._mock(ROOT, "AddObject", "ssa{sv}a(ssss)", (sms, SMS, {}, methods))

    def read_calls(self) -> list[str]:
        """Names of the methods that were called, with what they were given."""
        lines = self.log.read_text().splitlines()
        return [line.partition(" ")[2] for line in lines if "emit" not in line]

    def _mock(self, path: str, method: str, signature: str, body: tuple[Any, ...]) -> None:
        with open_dbus_connection(bus=self.address) as connection:
            address = DBusAddress(path, NAME, MOCK)
            message = new_method_call(address, method, signature, body)
            unwrap_msg(connection.send_and_get_reply(message, timeout=20.0))


@contextmanager
def run_modem_manager(directory: Path) -> Iterator[ModemManager]:
    """Without a modem at first."""
    log = directory / "modem-manager.log"
    with run_bus(directory) as address:
        words = (SYSTEM_PYTHON, "-m", "dbusmock", "--session", "--is-object-manager")
        command = (*words, "--logfile", str(log), NAME, ROOT, NAME)
        environment = {"DBUS_SESSION_BUS_ADDRESS": address}
        with subprocess.Popen(command, env=environment) as process:
            try:
                wait_until(lambda: has_owner(address), "ModemManager's name on the bus", 30.0)
                yield ModemManager(address, log)
            finally:
                process.terminate()


def has_owner(address: str, name: str = NAME) -> bool:
    """Whether a service has its name on a bus."""
    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
    with open_dbus_connection(bus=address) as connection:
        message = new_method_call(bus, "GetNameOwner", "s", (name,))
        try:
            unwrap_msg(connection.send_and_get_reply(message, timeout=20.0))
        except DBusErrorResponse:
            return False
    return True
