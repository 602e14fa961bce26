"""RAUC's service on a real bus: its methods, types and signals are those of its own XML file.

Reads: de.pengutronix.rauc.Installer.xml of RAUC 1.13. Writes: the bus.
Never: answers with other types than that file names, or takes other ones.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from jeepney import DBusAddress, HeaderFields, MessageType, message_bus, new_error
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import Message
from jeepney.wrappers import new_method_return, new_signal

XML = Path(__file__).with_name("de.pengutronix.rauc.Installer.xml")
INTERFACE = "de.pengutronix.rauc.Installer"
ADDRESS = DBusAddress("/", "de.pengutronix.rauc", INTERFACE)
Progress = tuple[int, str, int]


def read_types() -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Signatures of each method (in, out), and types of properties."""
    (interface,) = ET.parse(XML).getroot().findall("interface")
    methods = {}
    for method in interface.findall("method"):
        given = [one for one in method.findall("arg") if one.get("direction") == "in"]
        answered = [one for one in method.findall("arg") if one.get("direction") == "out"]
        methods[method.get("name", "")] = (join_types(given), join_types(answered))
    properties = {one.get("name", ""): one.get("type", "") for one in interface.findall("property")}
    return methods, properties


def join_types(arguments: list[ET.Element]) -> str:
    return "".join(one.get("type", "") for one in arguments)


@dataclass
class FakeRauc:
    """`steps`: what an installation reports; it ends with `result`. `dies`: it ends under way.
    `hangs`: it never ends. `refusals`: methods that are refused, with RAUC's words.
    """

    info: dict[str, Any] = field(default_factory=dict)
    steps: list[Progress] = field(default_factory=lambda: [(50, "Copying image", 2)])
    result: int = 0
    dies: bool = False
    hangs: bool = False
    refusals: dict[str, str] = field(default_factory=dict)
    listed: list[Any] = field(default_factory=list)
    primary: str = "rootfs.0"
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.methods, self.types = read_types()
        self.properties = {
            "Operation": "idle",
            "LastError": "",
            "Progress": (0, "", 0),
            "Compatible": "unit-x86-64",
            "Variant": "",
            "BootSlot": "A",
            **self.properties,
        }
        self.listed = self.listed or [make_slot("rootfs.0", "A"), make_slot("rootfs.1", "B")]
        self.info = self.info or make_info()
        self._stop = threading.Event()

    @contextmanager
    def serve(self, bus: str) -> Iterator["FakeRauc"]:
        connection = open_dbus_connection(bus=bus)
        connection.send_and_get_reply(message_bus.RequestName("de.pengutronix.rauc"))
        thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()
            with suppress(OSError):
                connection.close()

    def _serve(self, connection: DBusConnection) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                message = connection.receive(timeout=0.05)
                if message.header.message_type is MessageType.method_call:
                    self._answer(connection, message)

    def _answer(self, connection: DBusConnection, message: Message) -> None:
        fields = message.header.fields
        member = fields[HeaderFields.member]
        if fields[HeaderFields.interface] == "org.freedesktop.DBus.Properties":
            name = message.body[1]
            answer = (self.types[name], self.properties[name])
            connection.send(new_method_return(message, "v", (answer,)))
            return
        given, answered = self.methods[member]
        assert fields.get(HeaderFields.signature, "") == given
        self.calls.append((member, *message.body))
        if member in self.refusals:
            name = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code0"
            connection.send(new_error(message, name, "s", (self.refusals[member],)))
            return
        body = getattr(self, f"answer_{member}", lambda *_: ())(*message.body)
        connection.send(new_method_return(message, answered or None, body))
        if member == "InstallBundle":
            self._install(connection)

    def answer_GetSlotStatus(self) -> tuple[Any, ...]:  # noqa: N802
        return (self.listed,)

    def answer_GetPrimary(self) -> tuple[Any, ...]:  # noqa: N802
        return (self.primary,)

    def answer_InspectBundle(self, *_: Any) -> tuple[Any, ...]:  # noqa: N802
        return (self.info,)

    def answer_Mark(self, state: str, slot: str) -> tuple[Any, ...]:  # noqa: N802
        return slot, f"marked slot {slot} as {state}"

    def _install(self, connection: DBusConnection) -> None:
        for step in self.steps:
            changed = {"Progress": (self.types["Progress"], step)}
            self._signal(connection, "PropertiesChanged", "sa{sv}as", (INTERFACE, changed, []))
        if self.dies:
            connection.close()
            self._stop.set()
        elif not self.hangs:
            self._signal(connection, "Completed", "i", (self.result,))

    def _signal(self, connection: DBusConnection, name: str, types: str, body: Any) -> None:
        interface = INTERFACE if name == "Completed" else "org.freedesktop.DBus.Properties"
        connection.send(new_signal(DBusAddress("/", interface=interface), name, types, body))


def make_slot(name: str, bootname: str, **facts: str) -> tuple[str, dict[str, Any]]:
    """One slot as GetSlotStatus lists it."""
    usual = {
        "class": "rootfs",
        "device": f"/dev/{name}",
        "type": "ext4",
        "bootname": bootname,
        "state": "booted" if bootname == "A" else "inactive",
        "boot-status": "good",
    }
    named = {one.replace("_", "."): value for one, value in facts.items()}
    return name, {key: ("s", value) for key, value in (usual | named).items()}


def make_info(kind: str = "verity", compatible: str = "unit-x86-64") -> dict[str, Any]:
    """What InspectBundle of RAUC 1.13 answers: variants in variants."""
    update = {"compatible": ("s", compatible), "version": ("s", "2.0")}
    return {
        "manifest-hash": ("s", "00" * 32),
        "update": ("v", ("a{sv}", update)),
        "bundle": ("v", ("a{sv}", {"format": ("s", kind)})),
    }
