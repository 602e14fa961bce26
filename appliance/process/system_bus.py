"""Calls on the system's D-Bus, each with a limit of time; what fails becomes the caller's error.

    with open_system_bus(FAULTS, "SYSTEM") as bus:
        objects = bus.list_objects(Place(NAME, ROOT))
        bus.call(Place(NAME, path), f"{MODEM}.Reset")

Reads and writes: the bus, through jeepney.
Never: waits without a limit, or knows a service: its words are the caller's (`Faults`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from jeepney import DBusAddress, Message, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from appliance.errors import ApplianceError
from appliance.wording.sentence import Sentence, say
from appliance.wording.shorten import make_printable, shorten

SYSTEM = "SYSTEM"
CONNECT_S, CALL_S = 5.0, 15.0
MANAGED = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
NO_SERVICE = ("ServiceUnknown", "NameHasNoOwner", "Spawn.ChildExited")
NO_OBJECT = ("UnknownMethod", "UnknownObject")
Given = tuple[str, tuple[Any, ...]]  # types and values
NOTHING: Given = ("", ())
Facts = Mapping[str, tuple[str, Any]]  # properties, each with its type
Objects = Mapping[str, Mapping[str, Facts]]  # by path, by interface


class Place(NamedTuple):
    """An object of a service on the bus."""

    service: str
    path: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """`name`: of the error on the bus; `said`: the service's own words, as it said them."""

    name: str
    said: str

    @property
    def text(self) -> str:
        """Its words such that they can be shown."""
        return shorten(make_printable(self.said), 160)

    @property
    def has_no_service(self) -> bool:
        """Whether the service is not there at all."""
        return self.name.endswith(NO_SERVICE)


@dataclass(frozen=True, slots=True)
class Faults:
    """The caller's errors. `refuse`: of a service that said no; `keep_silent`: of one that does not
    answer in time; `miss`: of a bus that cannot be reached, with the sentence that says so.
    """

    refuse: Callable[[Refusal], ApplianceError]
    keep_silent: Callable[[], ApplianceError]
    miss: Callable[[Sentence], ApplianceError]


@contextmanager
def open_system_bus(
    faults: Faults, bus: str = SYSTEM, *, call_s: float = CALL_S, connect_s: float = CONNECT_S
) -> Iterator["SystemBus"]:
    """A connection. `bus`: "SYSTEM", or an address; `call_s`: the limit of one call."""
    try:
        with open_dbus_connection(bus=bus, auth_timeout=connect_s) as connection:
            yield SystemBus(connection, faults, call_s)
    except TimeoutError as error:
        raise faults.keep_silent() from error
    except (OSError, RuntimeError, KeyError) as error:
        text = say(
            "the system's bus cannot be reached ({error}): `systemctl status dbus`", error=error
        )
        raise faults.miss(text) from error


class SystemBus:
    """One connection. A refusal is raised by the call, all else where the connection ends."""

    def __init__(self, connection: DBusConnection, faults: Faults, call_s: float) -> None:
        self.connection = connection
        self._faults, self._call_s = faults, call_s

    def call(
        self, place: Place, method: str, given: Given = NOTHING, *, wait_s: float | None = None
    ) -> tuple[Any, ...]:
        """`method`: with its interface; `wait_s`: of this call, where it takes longer."""
        interface, _, member = method.rpartition(".")
        address = DBusAddress(place.path, place.service, interface)
        return self.send(new_method_call(address, member, given[0] or None, given[1]), wait_s)

    def read_property(self, place: Place, key: str) -> Any:
        """`key`: with its interface. The value, without its type."""
        interface, _, member = key.rpartition(".")
        address = DBusAddress(place.path, place.service, interface)
        return self.send(Properties(address).get(member))[0][1]

    def read_properties(self, place: Place, interface: str) -> dict[str, Any]:
        """All values of an interface, without their types."""
        address = DBusAddress(place.path, place.service, interface)
        return {
            name: value for name, (_, value) in self.send(Properties(address).get_all())[0].items()
        }

    def set_property(self, place: Place, key: str, value: tuple[str, Any]) -> None:
        """`key`: with its interface; `value`: with its type."""
        interface, _, member = key.rpartition(".")
        address = DBusAddress(place.path, place.service, interface)
        self.send(Properties(address).set(member, *value))

    def list_objects(self, place: Place) -> Objects:
        """All objects of a service below a place."""
        (objects,) = self.call(place, MANAGED)
        return objects if isinstance(objects, dict) else {}

    def send(self, message: Message, wait_s: float | None = None) -> tuple[Any, ...]:
        """The answer's values; raises the caller's refusal."""
        limit_s = self._call_s if wait_s is None else wait_s
        try:
            answer: tuple[Any, ...] = unwrap_msg(
                self.connection.send_and_get_reply(message, timeout=limit_s)
            )
        except DBusErrorResponse as error:
            said = str(error.data[0]) if error.data else error.name
            raise self._faults.refuse(Refusal(error.name, said)) from error
        return answer
