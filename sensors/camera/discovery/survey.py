"""The whole of it: which cameras there are, what one of them is, and what it looks like.

    sightings, troubles = find_cameras(settings.camera)
    found = examine(sightings[0].device.service, Login("viewer", "1234"), endpoint)
    found.choice.main.url, found.ids, found.warnings

Reads: the networks; the camera. Writes: to the camera in `set_key_frames` only, which reads back.
Never: decides anything: a technician sees what was found and says what is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from appliance.wording.sentence import say
from sensors.camera.discovery import asking
from sensors.camera.discovery.answers import Device, Service
from sensors.camera.discovery.asking import Login
from sensors.camera.discovery.choice import Choice, Chosen, choose_streams
from sensors.camera.discovery.facts import CameraFacts
from sensors.camera.discovery.identity import Known, find_known, make_ids
from sensors.camera.discovery.networks import Network, is_private, list_networks
from sensors.camera.discovery.probe import GROUP, WAIT_S, Probe
from sensors.camera.discovery.troubles import SKEWED_S, describe_offset

ONE_S = 1.5  # for one camera that is asked directly
PORT = GROUP[1]
# Makers' own, as their manuals print them; none of them is ever tried.
DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "admin": (
        *("admin", "1234", "12345", "123456", "12345678", "123456789", "888888", "9999"),
        *("password", "admin123", "admin1234", "meinsm", "fliradmin", "jvc"),
    ),
    "root": ("root", "pass", "admin", "12345", "system", "ikwd", "camera"),
    "user": ("user", "user123"),
    "service": ("service",),
    "supervisor": ("supervisor",),
    "888888": ("888888",),
    "666666": ("666666",),
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A camera that answered, and how it stands to the settings."""

    device: Device
    known: Known


@dataclass(frozen=True, slots=True)
class Examination:
    """What one camera is and offers. `warnings`: about it as it is; advice is in `choice`."""

    service: Service
    facts: CameraFacts
    choice: Choice
    ids: tuple[str, ...]
    warnings: tuple[str, ...]


def find_cameras(
    cameras: Mapping[str, CameraSettings],
    wait_s: float = WAIT_S,
    networks: Sequence[Network] | None = None,
    group: tuple[str, int] = GROUP,
) -> tuple[list[Sighting], tuple[str, ...]]:
    """All that answer, and what is wrong with the network."""
    found = Probe(list_networks() if networks is None else networks, group).run(wait_s)
    sightings = [
        Sighting(one, find_known(cameras, one.address, make_ids(None, one.endpoint)))
        for one in found.devices
    ]
    return sightings, found.troubles


def find_one(
    address: IPv4Address,
    networks: Sequence[Network] | None = None,
    port: int = PORT,
    wait_s: float = ONE_S,
) -> Device | None:
    """The camera at an address, asked directly; None where it does not answer (it may have
    discovery switched off, and be a camera all the same). Raises `CameraError` where the unit has
    no network with that address.
    """
    near = list_networks() if networks is None else networks
    reaching = [one for one in near if address in one.interface.network]
    if not reaching and not address.is_loopback:
        known = ", ".join(str(one.interface.network) for one in near)
        raise CameraError(
            say(
                "{address} is in no network of this computer ({known}): set the camera to DHCP, "
                "or give it an address of that network",
                address=address,
                known=known or "-",
            )
        )
    devices = Probe(reaching, (str(address), port)).run(wait_s).devices
    return next((one for one in devices if one.address == address), None)


def parse_camera_address(text: str, *, allow_local: bool = False) -> IPv4Address:
    """An address that a camera may have; raises `CameraError`."""
    try:
        address = IPv4Address(text)
    except ValueError:
        raise CameraError(
            say("{text} is no IPv4 address: give that of the camera, as 192.168.1.20", text=text)
        ) from None
    if not is_private(address) and not (allow_local and address.is_loopback):
        raise CameraError(
            say(
                "{address} is no address of a private network: a camera belongs into the unit's "
                "own network, where strangers cannot reach it",
                address=address,
            )
        )
    return address


def examine(service: Service, login: Login, endpoint: str = "") -> Examination:
    """What the camera is and offers; raises `AskingError`."""
    facts = asking.describe(service, login)
    choice = choose_streams(facts, service.address)
    return Examination(
        service, facts, choice, make_ids(facts, endpoint), tuple(list_warnings(facts, login))
    )


def list_warnings(facts: CameraFacts, login: Login) -> list[str]:
    """What somebody should change at the camera."""
    found: list[str] = []
    if facts.is_open:
        found.append(
            say(
                "it tells and shows everything to anybody in its network without a password: set "
                "one in the camera"
            )
        )
    if login.password in DEFAULTS.get(login.user.lower(), ()):
        found.append(
            say(
                "its password is one that makers set: everybody knows it; set another one in the "
                "camera, then give the new one here"
            )
        )
    if facts.clock_offset_s is not None and abs(facts.clock_offset_s) > SKEWED_S:
        found.append(
            say(
                "its clock is {offset}: set it to a time server; the time in its pictures is "
                "wrong, and many cameras refuse a login for that",
                offset=describe_offset(facts.clock_offset_s),
            )
        )
    return found


def set_key_frames(found: Examination, login: Login) -> list[str]:
    """Set the distance of key frames in both streams where that is wanted, and read it back; a
    sentence on each. Raises `AskingError`.
    """
    streams = [one for one in (found.choice.main, found.choice.sub) if one and one.wanted_gop]
    return [set_one(found.service, login, one) for one in streams]


def set_one(service: Service, login: Login, one: Chosen) -> str:
    """One stream, and what it says afterwards."""
    wanted = one.wanted_gop
    assert wanted is not None
    token = one.encoder.token
    encoder = asking.set_gop(service, login, token=token, frames=wanted)
    if encoder.gop_frames != wanted:
        return say(
            "the stream {name} did not keep it: a key frame every {frames} pictures was set, and "
            "it says {held}; set it on the camera's own page",
            name=one.profile.name,
            frames=wanted,
            held=encoder.gop_frames if encoder.gop_frames is not None else "?",
        )
    return say(
        "the stream {name} has a key frame every {frames} pictures now",
        name=one.profile.name,
        frames=wanted,
    )
