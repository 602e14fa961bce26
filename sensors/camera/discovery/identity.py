"""Which camera of the settings one of the network is: the same under a new address, or another.

    known = find_known(settings.camera, address, make_ids(facts, endpoint))

In: the sections of the settings, what a camera says of itself. Out: which section it is. Pure.
Never: takes two cameras for one because a maker gave all of them the serial number 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from sensors.camera.discovery.facts import CameraFacts
from sensors.camera.sources.address import parse_address, parse_scheme

MAC, SERIAL, ENDPOINT = "mac:", "serial:", "onvif:"
KINDS = (MAC, SERIAL, ENDPOINT)  # the first that both have decides
LEAST_SERIAL = 5  # characters
NO_MACS = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff")


class Standing(StrEnum):
    """How a camera stands to the settings."""

    NEW = "new"
    KNOWN = "known"
    MOVED = "moved"  # a known camera at another address
    TAKEN = "taken"  # another camera at the address of a known one


@dataclass(frozen=True, slots=True)
class Known:
    """`name`: the section that it is, or whose address it has taken; "" for a new one."""

    standing: Standing
    name: str = ""


def make_ids(facts: CameraFacts | None, endpoint: str = "") -> tuple[str, ...]:
    """What tells a camera apart, the surest first; with nobody logged in only its endpoint."""
    found = []
    if facts and len(facts.mac) == 17 and facts.mac not in NO_MACS:
        found.append(f"{MAC}{facts.mac}")
    if facts and is_telling(facts.serial):
        found.append(f"{SERIAL}{facts.manufacturer}/{facts.model}/{facts.serial}")
    if endpoint:
        found.append(f"{ENDPOINT}{endpoint}")
    return tuple(found)


def is_telling(serial: str) -> bool:
    """Whether a serial number is one: some makers give every camera 0000 or 123456."""
    return len(serial) >= LEAST_SERIAL and len(set(serial)) > 2 and serial not in "1234567890"


def is_same(some: Iterable[str], others: Iterable[str]) -> bool | None:
    """Whether both are of one camera; None where they have nothing that can be compared."""
    first, second = list(some), list(others)
    for kind in KINDS:
        one, other = find_kind(first, kind), find_kind(second, kind)
        if one and other and (one == other or kind != ENDPOINT):
            return one == other
    return None


def find_kind(ids: Iterable[str], kind: str) -> str:
    return next((one for one in ids if one.startswith(kind)), "")


def find_known(
    cameras: Mapping[str, CameraSettings], address: IPv4Address, ids: Iterable[str]
) -> Known:
    """How the camera at `address` with `ids` stands to the sections."""
    own = tuple(ids)
    for name, camera in cameras.items():
        if is_same(own, camera.device_ids):
            here = str(address) in list_hosts(camera)
            return Known(Standing.KNOWN if here else Standing.MOVED, name)
    for name, camera in cameras.items():
        if str(address) in list_hosts(camera):
            other = is_same(own, camera.device_ids) is False
            return Known(Standing.TAKEN if other else Standing.KNOWN, name)
    return Known(Standing.NEW)


def list_hosts(camera: CameraSettings) -> list[str]:
    """The hosts that a section names."""
    found = []
    for source in (camera.source, camera.sub_source, camera.onvif):
        if parse_scheme(source):
            try:
                found.append(parse_address(source).host)
            except CameraError:
                continue
    return found
