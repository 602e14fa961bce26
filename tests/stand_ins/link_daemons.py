"""ModemManager and NetworkManager as python-dbusmock gives them, on one private bus.

    with run_link_daemons(tmp_path) as daemons:
        daemons.add_modem(state=11)
        daemons.add_modem_device()
        ...                         # LinkTools(trial, bus=daemons.address)
    daemons.read_calls()

NetworkManager is dbusmock's own template, with what it lacks added. Nothing of dbusmock is here.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from tests.stand_ins import modem_manager
from tests.stand_ins.modem_manager import MOCK, SYSTEM_PYTHON, ModemManager, has_owner
from tests.waiting import wait_until

MM = modem_manager.NAME
NM, MANAGER = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
SETTINGS, DEVICES = f"{MANAGER}/Settings", f"{MANAGER}/Devices"
MODEM_PATH, SIM_PATH = f"{modem_manager.ROOT}/Modem/0", f"{modem_manager.ROOT}/SIM/0"
THREE_GPP = f"{MM}.Modem.Modem3gpp"
LTE = 1 << 14


@dataclass(frozen=True, slots=True)
class LinkDaemons:
    """`address`: of their bus. `logs`: where dbusmock writes each call, of both."""

    address: str
    logs: tuple[Path, Path]

    def prepare(self) -> None:
        """What the template would do to objects that this stand-in makes otherwise."""
        active = f"ret = dbus.ObjectPath('{MANAGER}/ActiveConnection/8')"
        methods = [
            ("DeactivateConnection", "o", "", ""),
            ("ActivateConnection", "ooo", "o", active),
        ]
        self._mock(NM, MANAGER, "AddMethods", "sa(ssss)", (NM, methods))
        added = "ret = (self.SettingsAddConnection(args[0]), {})"
        more = [("AddConnection2", "a{sa{sv}}ua{sv}", "oa{sv}", added)]
        self._mock(NM, SETTINGS, "AddMethods", "sa(ssss)", (f"{NM}.Settings", more))

    def add_modem(
        self, *, state: int = 11, send_pin: str = "", properties: dict[str, Any] | None = None
    ) -> None:
        """`send_pin`: Python code that dbusmock runs; `properties`: of the modem, with types."""
        facts = {
            "State": ("i", state),
            "StateFailedReason": ("u", 0),
            "Model": ("s", "EC25"),
            "Sim": ("o", SIM_PATH),
            "SignalQuality": ("(ub)", (63, True)),
            "AccessTechnologies": ("u", LTE),
            "UnlockRequired": ("u", 1),
            "UnlockRetries": ("a{uu}", {2: 3}),
            "Ports": ("a(su)", [("ttyUSB2", 3), ("wwan0", 2)]),
            **(properties or {}),
        }
        methods = [("Reset", "", "", ""), ("Enable", "b", "", "")]
        root, face = modem_manager.ROOT, f"{MM}.Modem"
        self._mock(MM, root, "AddObject", "ssa{sv}a(ssss)", (MODEM_PATH, face, facts, methods))
        network = {"OperatorName": ("s", "Orange RO"), "RegistrationState": ("u", 1)}
        self._mock(MM, MODEM_PATH, "AddProperties", "sa{sv}", (THREE_GPP, network))
        given: tuple[Any, ...] = (SIM_PATH, f"{MM}.Sim", {}, [("SendPin", "s", "", send_pin)])
        self._mock(MM, root, "AddObject", "ssa{sv}a(ssss)", given)

    def tell_time(self, text: str, offset_min: int | None = None) -> None:
        """What the network says: a time as text; and by how much local time is before UTC."""
        face = f"{MM}.Modem.Time"
        methods = [("GetNetworkTime", "", "s", f"ret = {text!r}")]
        self._mock(MM, MODEM_PATH, "AddMethods", "sa(ssss)", (face, methods))
        zone = {} if offset_min is None else {"offset": ("i", offset_min)}
        self._mock(
            MM, MODEM_PATH, "AddProperties", "sa{sv}", (face, {"NetworkTimezone": ("a{sv}", zone)})
        )

    def add_receiver(self, sources: str = "", *, able: int = 7, enabled: int = 1) -> None:
        """A receiver of satellites. `sources`: Python code of what GetLocation answers."""
        face = f"{MM}.Modem.Location"
        setup = f"self.props['{face}']['Enabled'] = dbus.UInt32(args[0])"
        answer = f"ret = dbus.Dictionary({{{sources}}}, signature='uv')"
        methods = [("Setup", "ub", "", setup), ("GetLocation", "", "a{uv}", answer)]
        self._mock(MM, MODEM_PATH, "AddMethods", "sa(ssss)", (face, methods))
        masks = {"Capabilities": ("u", able), "Enabled": ("u", enabled)}
        self._mock(MM, MODEM_PATH, "AddProperties", "sa{sv}", (face, masks))

    def set_receiver(self, *, enabled: int) -> None:
        """Which sources of a place are on."""
        self._set(MM, MODEM_PATH, f"{MM}.Modem.Location", "Enabled", ("u", enabled))

    def set_modem(self, **properties: tuple[str, Any]) -> None:
        """Other values of the modem's properties."""
        for name, value in properties.items():
            self._set(MM, MODEM_PATH, f"{MM}.Modem", name, value)

    def add_device(self, number: int, kind: int, state: int, interface: str = "") -> str:
        """A device of NetworkManager: kind 1 Ethernet, 2 Wi-Fi, 8 modem; state 100 connected."""
        path = f"{DEVICES}/{number}"
        facts = {
            "DeviceType": ("u", kind),
            "State": ("u", state),
            "StateReason": ("(uu)", (state, 0)),
            "Metered": ("u", 3 if kind == 8 else 4),
            "Interface": ("s", interface),
            "IpInterface": ("s", interface),
            "ActiveConnection": ("o", f"{MANAGER}/ActiveConnection/7" if state == 100 else "/"),
        }
        given: tuple[Any, ...] = (path, f"{NM}.Device", facts, [])
        self._mock(NM, "/org/freedesktop", "AddObject", "ssa{sv}a(ssss)", given)
        return path

    def read_radio(self) -> bool:
        """Whether NetworkManager has the modems' radio on."""
        with open_dbus_connection(bus=self.address) as connection:
            message = Properties(DBusAddress(MANAGER, NM, NM)).get("WwanEnabled")
            (value,) = unwrap_msg(connection.send_and_get_reply(message, timeout=20.0))
        return bool(value[1])

    def read_calls(self, member: str = "") -> list[str]:
        """Calls of that name with what they were given, in the order of each daemon."""
        lines = [line for log in self.logs for line in log.read_text().splitlines()]
        calls = [
            line.partition(" ")[2]
            for line in lines
            if " emit " not in line and " raised: " not in line
        ]
        return [one for one in calls if one.startswith(member)]

    def _set(self, name: str, path: str, face: str, key: str, value: tuple[str, Any]) -> None:
        with open_dbus_connection(bus=self.address) as connection:
            message = Properties(DBusAddress(path, name, face)).set(key, *value)
            unwrap_msg(connection.send_and_get_reply(message, timeout=20.0))

    def _mock(
        self, name: str, path: str, method: str, signature: str, body: tuple[Any, ...]
    ) -> None:
        with open_dbus_connection(bus=self.address) as connection:
            message = new_method_call(DBusAddress(path, name, MOCK), method, signature, body)
            unwrap_msg(connection.send_and_get_reply(message, timeout=20.0))


@contextmanager
def run_link_daemons(directory: Path) -> Iterator[LinkDaemons]:
    """Without modem and devices at first; the radio is on."""
    with modem_manager.run_modem_manager(directory) as manager:
        log = directory / "network-manager.log"
        parameters = '{"WwanEnabled": true}'
        words = (SYSTEM_PYTHON, "-m", "dbusmock", "--session", "--template", "networkmanager")
        command = (*words, "--parameters", parameters, "--logfile", str(log))
        environment = {"DBUS_SESSION_BUS_ADDRESS": manager.address}
        with subprocess.Popen(command, env=environment) as process:
            try:
                wait_until(
                    lambda: has_owner(manager.address, NM), "NetworkManager's name on the bus", 30.0
                )
                daemons = LinkDaemons(manager.address, (manager.log, log))
                wait_until(lambda: has_manager(manager), "NetworkManager's objects", 30.0)
                daemons.prepare()
                yield daemons
            finally:
                process.terminate()


def has_manager(manager: ModemManager) -> bool:
    """Whether the template has made its objects."""
    with open_dbus_connection(bus=manager.address) as connection:
        face = "org.freedesktop.DBus.ObjectManager"
        address = DBusAddress("/org/freedesktop", NM, face)
        message = new_method_call(address, "GetManagedObjects")
        answer = connection.send_and_get_reply(message, timeout=20.0)
    return bool(answer.body) and isinstance(answer.body[0], dict) and MANAGER in answer.body[0]
