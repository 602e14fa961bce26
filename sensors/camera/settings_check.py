"""Checks the cameras' sections by the rules of the camera's own process: addresses and logins.

In: the settings. Out: findings. Only addresses of numbers are judged, and `localhost`: names are
looked up where they are used.
Never: connects, or repeats a password.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from appliance.errors import CameraError
from appliance.process.settings_checks import SettingsFinding
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.settings_rules.shape_rules import find_shape_faults
from appliance.wording.sentence import say
from sensors.camera.sources.address import Address, choose_ip, parse_address, parse_scheme
from sensors.camera.sources.opening import DEVICES, TLS_SCHEMES, is_own_address

VIDEO4LINUX = 81  # the major number of its devices, by the kernel's list
LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")


def check(settings: Settings) -> Iterator[SettingsFinding]:
    """The findings of all cameras."""
    for name, camera in settings.camera.items():
        for key, text, is_warning in find_faults(camera, settings):
            yield SettingsFinding(("camera", name, key), text, is_warning)
        for where, text in find_shape_faults(camera, ("camera", name)):
            yield SettingsFinding(where, text, is_warning=True)


def find_faults(camera: CameraSettings, settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """Key, sentence, and whether it is only a warning."""
    yield from find_source_faults(camera, settings)
    yield from find_tls_faults(camera)
    if camera.sub_source and (text := find_sub_refusal(camera)):
        yield "sub_source", text, False
    if camera.password_file and not camera.user and not has_user(camera.source):
        yield "password_file", say("needs a `user` beside it"), False
    elif camera.password_file and is_missing(camera.password_file):
        yield (
            "password_file",
            say(
                "names a file that is not there: {password_file}",
                password_file=camera.password_file,
            ),
            True,
        )
    if camera.onvif and (text := find_onvif_refusal(camera)):
        yield "onvif", say("is refused: {text}", text=text), False


def find_refusal(source: str, *, allow_local: bool) -> str:
    """Why the camera's process would refuse an address; "" where it would not."""
    try:
        address = parse_address(source)
        ips = list_known_ips(address)
        if ips:
            choose_ip(address.shown, ips, is_own=is_own_address, allow_local=allow_local)
    except CameraError as error:
        return str(error)
    return ""


def find_source_faults(
    camera: CameraSettings, settings: Settings
) -> Iterator[tuple[str, str, bool]]:
    """The same of `source` alone."""
    source = camera.source
    if not source:
        yield "source", say("is empty: name the camera's address, a device or a video file"), False
    elif source.startswith(DEVICES):
        if is_no_camera(Path(source)):
            yield "source", say("is refused: {source} is no video device", source=source), False
    elif parse_scheme(source):
        if text := find_refusal(source, allow_local=camera.allow_local):
            yield "source", say("is refused: {text}", text=text), False
    elif not (settings.path.parent / source).exists():
        yield "source", say("names a video file that is not there: {source}", source=source), True


def find_tls_faults(camera: CameraSettings) -> Iterator[tuple[str, str, bool]]:
    """Whether somebody checks the certificate of an encrypted stream."""
    encrypted = [
        key
        for key, source in (("source", camera.source), ("sub_source", camera.sub_source))
        if parse_scheme(source) in TLS_SCHEMES
    ]
    if camera.tls_ca_file is None and encrypted:
        text = say("is encrypted, but nobody checks whom the unit talks to: name the camera's ")
        yield encrypted[0], say("{text}certificate in `tls_ca_file`", text=text), True
    elif camera.tls_ca_file and not encrypted:
        yield "tls_ca_file", say("changes nothing: no address is rtsps:// or https://"), True
    elif camera.tls_ca_file and is_missing(camera.tls_ca_file):
        yield (
            "tls_ca_file",
            say("names a file that is not there: {tls_ca_file}", tls_ca_file=camera.tls_ca_file),
            True,
        )


def find_sub_refusal(camera: CameraSettings) -> str:
    """What is wrong with the address of the smaller stream."""
    if not parse_scheme(camera.source) or not parse_scheme(camera.sub_source):
        return say("needs addresses, as `source` too: a video file or a device has one stream")
    if camera.sub_source == camera.source:
        return say("is the address of `source` too: name the smaller stream, or leave it out")
    text = find_refusal(camera.sub_source, allow_local=camera.allow_local)
    return (
        say("is refused: {reason}", reason=text.replace("`source`", "`sub_source`")) if text else ""
    )


def find_onvif_refusal(camera: CameraSettings) -> str:
    """The same of an ONVIF address; it must be http."""
    if parse_scheme(camera.onvif) != "http":
        return say("it must be http://HOST:PORT")
    text = find_refusal(camera.onvif, allow_local=camera.allow_local)
    return text.replace("`source`", "`onvif`")


def list_known_ips(address: Address) -> list[str]:
    """The IP addresses of a host that are known without asking anybody: in all forms in which the
    system takes numbers (127.1, 0x7f000001, a dot at the end).
    """
    host = address.host.lower().rstrip(".")
    if host in LOCAL_NAMES or host.endswith(".localhost"):
        return ["127.0.0.1"]
    with suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return []


def is_no_camera(device: Path) -> bool:
    """Whether a device is there and is none of Video4Linux."""
    with suppress(OSError):
        found = device.stat()
        return not (stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) == VIDEO4LINUX)
    return False


def is_missing(path: Path) -> bool:
    """Whether a file is certainly not there."""
    with suppress(OSError):
        return not path.exists()
    return False


def has_user(source: str) -> bool:
    """Whether the address holds the user's name."""
    with suppress(CameraError):
        return bool(parse_scheme(source) and parse_address(source).user)
    return False
