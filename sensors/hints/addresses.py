"""The address of a camera's ONVIF event service, from its section of the settings.

Reads: the camera's password file; the names of hosts, anew at each try. Writes: nothing.
Never: lets an address pass that sensors/camera/sources/address.py refuses for pictures.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from sensors.camera.sources.address import Address, choose_ip, parse_address, parse_scheme
from sensors.camera.sources.opening import is_own_address, read_password, resolve
from sensors.hints.listener import EventService


def find_event_service(name: str, camera: CameraSettings) -> EventService:
    """The event service of camera `name`; raises `CameraError`.

    User and password are those of `onvif`, else of the section, else of `source`: most cameras have
    one login for all.
    """
    with naming_onvif():
        address = parse_address(camera.onvif)
    if address.scheme != "http":
        raise CameraError(
            f"the `onvif` of the camera {name} begins with {address.scheme}:, but must be "
            "http://HOST:PORT: ONVIF signs its requests, it does not hide them"
        )
    user, password = find_login(address, camera)
    find = partial(find_ip, address, camera.allow_local)
    return EventService(name, find, address.port, user, password)


def find_login(address: Address, camera: CameraSettings) -> tuple[str, str]:
    """The first login that is set; raises `CameraError` for a password file that cannot be read."""
    if address.user:
        return address.user, address.password
    if camera.user or camera.password_file:
        return camera.user, read_password(camera.password_file) if camera.password_file else ""
    if parse_scheme(camera.source):
        source = parse_address(camera.source)
        return source.user, source.password
    return "", ""


def find_ip(address: Address, allow_local: bool) -> str:
    """The IP address to connect to; raises `CameraError`."""
    with naming_onvif():
        return choose_ip(
            address.shown, resolve(address), is_own=is_own_address, allow_local=allow_local
        )


@contextmanager
def naming_onvif() -> Iterator[None]:
    """The sentences about an address, with the setting that it came from."""
    try:
        yield
    except CameraError as error:
        raise CameraError(str(error).replace("`source`", "`onvif`")) from None
