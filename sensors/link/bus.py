"""Calls on the system's bus, each with a limit of time.

    with open_bus() as bus:
        objects = bus.list_objects(Place(NAME, ROOT))
        bus.call(Place(NAME, path), f"{MODEM}.Reset")

Reads and writes: the bus, through jeepney.
Never: waits without a limit. What fails is a `LinkError`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten
from sensors.link.errors import LinkError

CONNECT_S, CALL_S = 5.0, 15.0
MANAGED = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
ABSENT = ("ServiceUnknown", "NameHasNoOwner", "Spawn.ChildExited", "UnknownMethod", "UnknownObject")
Given = tuple[str, tuple[Any, ...]]
Facts = Mapping[str, tuple[str, Any]]  # properties, each with its type
Objects = Mapping[str, Mapping[str, Facts]]  # by path, by interface


class Place(NamedTuple):
    """An object of a service on the bus."""

    service: str
    path: str


class AbsentError(LinkError):
    """The service, or the object, is not there."""


class RefusedError(LinkError):
    """The service refused. `name`: of the error on the bus."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


@contextmanager
def open_bus(bus: str = "SYSTEM") -> Iterator["Bus"]:
    """A connection; raises `LinkError` for all that fails on it."""
    try:
        with open_dbus_connection(bus=bus, auth_timeout=CONNECT_S) as connection:
            yield Bus(connection)
    except TimeoutError as error:
        raise LinkError(
            say(
                "ModemManager or NetworkManager does not answer in time: `systemctl status "
                "ModemManager NetworkManager`"
            )
        ) from error
    except (OSError, RuntimeError, KeyError) as error:
        raise LinkError(
            say(
                "the system's bus cannot be reached ({error}): `systemctl status dbus`", error=error
            )
        ) from error


class Bus:
    """One connection."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection

    def call(self, place: Place, method: str, given: Given = ("", ())) -> tuple[Any, ...]:
        """`method`: with its interface; `given`: types and values."""
        interface, _, member = method.rpartition(".")
        address = DBusAddress(place.path, place.service, interface)
        return self._send(new_method_call(address, member, given[0] or None, given[1]))

    def set_property(self, place: Place, key: str, value: tuple[str, Any]) -> None:
        """`key`: with its interface; `value`: with its type."""
        interface, _, member = key.rpartition(".")
        address = DBusAddress(place.path, place.service, interface)
        self._send(Properties(address).set(member, *value))

    def list_objects(self, place: Place) -> Objects:
        """All objects of a service below a place; raises `AbsentError` where it is not there."""
        (objects,) = self.call(place, MANAGED)
        return objects if isinstance(objects, dict) else {}

    def _send(self, message: Any) -> tuple[Any, ...]:
        try:
            answer = self._connection.send_and_get_reply(message, timeout=CALL_S)
            found: tuple[Any, ...] = unwrap_msg(answer)
        except DBusErrorResponse as error:
            raise make_refusal(error) from error
        return found


def make_refusal(error: DBusErrorResponse) -> LinkError:
    """The service's own words."""
    said = str(error.data[0]) if error.data else error.name
    text = shorten(make_printable(said), 160)
    if error.name.endswith(ABSENT):
        return AbsentError(text)
    return RefusedError(text, error.name)


def find_number(facts: Facts, name: str) -> int | None:
    """A property that is a whole number."""
    value = facts.get(name, ("", None))[1]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def find_text(facts: Facts, name: str, longest: int = 64) -> str:
    """A property that is text, such that it can be shown; "" where there is none."""
    value = facts.get(name, ("", None))[1]
    return shorten(make_printable(value), longest) if isinstance(value, str) else ""


def find_flag(facts: Facts, name: str) -> bool | None:
    """A property that is true or false."""
    value = facts.get(name, ("", None))[1]
    return value if isinstance(value, bool) else None
