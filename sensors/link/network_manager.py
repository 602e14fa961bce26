"""NetworkManager: whether the unit has a way out, by which interface; the radio, and connections.

    network = read_network(bus)
    network.is_metered, network.has_other_way, network.modem_device
    reconnect(bus, network)

Source: the D-Bus API of NetworkManager 1.42 to 1.52.
Reads and writes: the bus.
Never: gives NetworkManager the SIM's PIN: it would try a wrong one again by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sensors.link.bus import Bus, Facts, Objects, Place, find_flag, find_number, find_text

NAME, ROOT = "org.freedesktop.NetworkManager", "/org/freedesktop"
MANAGER = "/org/freedesktop/NetworkManager"
SETTINGS = f"{MANAGER}/Settings"
DEVICE, ACTIVE = f"{NAME}.Device", f"{NAME}.Connection.Active"
CONNECTION = f"{NAME}.Settings.Connection"
MODEM_TYPE, OTHER_TYPES = 8, (1, 2)  # NMDeviceType: Ethernet, Wi-Fi
ACTIVATED = 100  # NMDeviceState
METERED = {1: True, 2: False, 3: True, 4: False}  # NMMetered: yes, no, guessed yes, guessed no
CONNECTIVITY = {1: "none", 2: "portal", 3: "limited", 4: "full"}  # NMConnectivityState
TO_DISK = 0x1  # NMSettingsAddConnection2Flags


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """`connectivity`: as NetworkManager found it, "" where it does not look. `is_metered`: of the
    modem's device, else of the unit. `radio_on`: None where it is not known. `has_other_way`: an
    Ethernet or Wi-Fi is connected. `modem_device`: path, "" where NetworkManager sees none.
    """

    connectivity: str = ""
    is_metered: bool | None = None
    radio_on: bool | None = None
    has_other_way: bool = False
    modem_device: str = ""
    modem_active: str = ""
    interface: str = ""


def read_network(bus: Bus) -> NetworkFacts:
    """Raises `LinkError`, also where there is no NetworkManager."""
    objects = bus.list_objects(Place(NAME, ROOT))
    manager = objects.get(MANAGER, {}).get(NAME, {})
    devices = {path: faces[DEVICE] for path, faces in objects.items() if DEVICE in faces}
    path = next((one for one, facts in devices.items() if find_type(facts) == MODEM_TYPE), "")
    modem = devices.get(path, {})
    metered = METERED.get(find_number(modem, "Metered") or 0)
    return NetworkFacts(
        CONNECTIVITY.get(find_number(manager, "Connectivity") or 0, ""),
        METERED.get(find_number(manager, "Metered") or 0) if metered is None else metered,
        find_flag(manager, "WwanEnabled"),
        has_other_way(devices),
        path,
        find_active(modem),
        find_text(modem, "IpInterface"),
    )


def has_other_way(devices: Mapping[str, Facts]) -> bool:
    """Whether an Ethernet or a Wi-Fi is connected."""
    return any(
        find_type(facts) in OTHER_TYPES and find_number(facts, "State") == ACTIVATED
        for facts in devices.values()
    )


def find_type(facts: Facts) -> int | None:
    """NMDeviceType."""
    return find_number(facts, "DeviceType")


def find_active(modem: Facts) -> str:
    """The path of its active connection; "" where there is none."""
    path = find_text(modem, "ActiveConnection", 200)
    return "" if path == "/" else path


def reconnect(bus: Bus, network: NetworkFacts) -> None:
    """End what is connected and begin anew, by the connection that NetworkManager chooses."""
    if network.modem_active:
        bus.call(
            Place(NAME, MANAGER), f"{NAME}.DeactivateConnection", ("o", (network.modem_active,))
        )
    if network.modem_device:
        given = ("/", network.modem_device, "/")
        bus.call(Place(NAME, MANAGER), f"{NAME}.ActivateConnection", ("ooo", given))


def set_radio(bus: Bus, *, on: bool) -> None:
    """The radio of all modems; raises `LinkError`."""
    bus.set_property(Place(NAME, MANAGER), f"{NAME}.WwanEnabled", ("b", on))


def list_connections(bus: Bus) -> list[tuple[str, dict[str, Any]]]:
    """All of the kind gsm: path and settings, without secrets. Raises `LinkError`."""
    objects: Objects = bus.list_objects(Place(NAME, ROOT))
    found = []
    for path, faces in objects.items():
        if CONNECTION not in faces:
            continue
        (settings,) = bus.call(Place(NAME, path), f"{CONNECTION}.GetSettings")
        if settings.get("connection", {}).get("type", ("", ""))[1] == "gsm":
            found.append((path, settings))
    return found


def add_connection(bus: Bus, settings: dict[str, Any]) -> str:
    """A new one, kept on the disk; its path. Raises `LinkError`."""
    method = f"{NAME}.Settings.AddConnection2"
    answer = bus.call(Place(NAME, SETTINGS), method, ("a{sa{sv}}ua{sv}", (settings, TO_DISK, {})))
    return str(answer[0])


def update_connection(bus: Bus, path: str, settings: dict[str, Any]) -> None:
    """In place of what stands there. Raises `LinkError`."""
    bus.call(Place(NAME, path), f"{CONNECTION}.Update", ("a{sa{sv}}", (settings,)))
