"""What answered a probe: datagrams become devices, with a limit for everything. Pure.

In: datagrams with the address that each came from. Out: devices, and sentences on what is wrong.
Never: believes where a camera says that it is: the address that it sent from is used, and of what
it says only port and path; and never keeps more than can be shown: a thousand answers cost what 64
cost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from appliance.wording.sentence import say, say_count
from sensors.camera.discovery.matches import Match, parse_matches
from sensors.camera.discovery.networks import Network, is_private

MOST_DEVICES = 64
MOST_OF_ONE = 24  # datagrams of one address that are read: six were asked for
DEFAULT_PATH = "/onvif/device_service"
LONGEST_PATH = 200


@dataclass(frozen=True, slots=True)
class Service:
    """Where a camera's ONVIF device service is."""

    address: IPv4Address
    port: int = 80
    path: str = DEFAULT_PATH

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Device:
    """One camera that answered; `network`: the card that heard it."""

    service: Service
    endpoint: str
    name: str
    hardware: str
    network: str
    remarks: tuple[str, ...] = ()

    @property
    def address(self) -> IPv4Address:
        return self.service.address


@dataclass(frozen=True, slots=True)
class Found:
    """The cameras by address, and what is wrong, in sentences."""

    devices: tuple[Device, ...]
    troubles: tuple[str, ...] = ()


@dataclass(slots=True)
class Answers:
    """What came so far to questions with the numbers `asked`."""

    asked: Sequence[str]
    _devices: dict[tuple[IPv4Address, str], Device] = field(default_factory=dict)
    _datagrams: dict[IPv4Address, int] = field(default_factory=dict)
    _strangers: set[IPv4Address] = field(default_factory=set)
    _left_out: int = 0

    def add(self, data: bytes, sender: IPv4Address, network: Network) -> None:
        """One datagram."""
        if not is_private(sender) and sender != network.address:
            if len(self._strangers) < MOST_DEVICES:
                self._strangers.add(sender)
            return
        count = self._datagrams.get(sender, 0) + 1
        if count > MOST_OF_ONE or len(self._datagrams) > MOST_DEVICES:
            self._left_out += 1
            return
        self._datagrams[sender] = count
        for match in parse_matches(data):
            self._add_match(match, sender, network)

    def _add_match(self, match: Match, sender: IPv4Address, network: Network) -> None:
        if match.relates_to and match.relates_to not in self.asked:
            return  # an answer to somebody else
        key = (sender, match.endpoint)
        if key in self._devices:
            return
        if len(self._devices) >= MOST_DEVICES:
            self._left_out += 1
            return
        service, remarks = choose_service(match.services, sender)
        if sender not in network.interface.network:
            remarks = (*remarks, say_elsewhere(sender, network))
        self._devices[key] = Device(
            service, match.endpoint, match.name, match.hardware, network.name, remarks
        )

    def sum_up(self) -> Found:
        """The devices, and what is wrong with them all."""
        devices = sorted(mark_shared(self._devices.values()), key=lambda one: one.address)
        return Found(tuple(devices), tuple(self._list_troubles()))

    def _list_troubles(self) -> Iterator[str]:
        for stranger in sorted(self._strangers)[:3]:
            yield say(
                "{address} answered, which is no address of a private network: it is not asked, "
                "for a camera belongs into the unit's own network",
                address=stranger,
            )
        if self._left_out:
            yield say_count(
                "{count} answer more came than one network has cameras: it is left out; something "
                "in the network answers too often",
                "{count} answers more came than one network has cameras: they are left out; "
                "something in the network answers too often",
                self._left_out,
            )


def choose_service(services: Iterable[str], sender: IPv4Address) -> tuple[Service, tuple[str, ...]]:
    """The first service over HTTP that is at the sender, else its port and path at the sender."""
    found = [one for one in map(parse_service, services) if one]
    own = next((one for one in found if one[0] == str(sender)), None)
    if own:
        return Service(sender, own[1], own[2]), ()
    if found:
        host, port, path = found[0]
        return Service(sender, port, path), (say_other_host(host, sender),)
    return Service(sender), ()


def parse_service(text: str) -> tuple[str, int, str] | None:
    """Host, port and path of an address over HTTP; None where it is another one, or none."""
    try:
        parts = urlsplit(text)
        port = parts.port or 80
    except ValueError:
        return None
    path = parts.path or DEFAULT_PATH
    if parts.scheme != "http" or not parts.hostname or len(path) > LONGEST_PATH:
        return None
    return parts.hostname, port, path


def mark_shared(devices: Iterable[Device]) -> Iterator[Device]:
    """Those with an address that another one has too say so."""
    found = list(devices)
    addresses = [one.address for one in found]
    for one in found:
        count = addresses.count(one.address)
        shared = (say_shared(count, one.address),) if count > 1 else ()
        yield replace(one, remarks=(*one.remarks, *shared))


def say_shared(count: int, address: IPv4Address) -> str:
    return say_count(
        "{count} camera answered from {address}",
        "{count} cameras answered from {address}: either it is a recorder with several channels, "
        "or they have the same address; then switch all but one off, and set addresses or DHCP",
        count,
        address=address,
    )


def say_elsewhere(sender: IPv4Address, network: Network) -> str:
    return say(
        "{address} is not in the network {network} of {card}: the unit cannot connect to it; set "
        "the camera to DHCP, or give it an address of that network",
        address=sender,
        network=network.interface.network,
        card=network.name,
    )


def say_other_host(host: str, sender: IPv4Address) -> str:
    return say(
        "it says that its service is at {host}, but answered from {address}: only {address} is "
        "asked",
        host=host,
        address=sender,
    )
