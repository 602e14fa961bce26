"""Opens the camera that a section of the settings names: the one module that depends on all kinds.

Reads: the camera's password file, the names of hosts. Writes: nothing.
Never: imports PyAV before a camera is really opened: a camera that is off costs no memory for it;
and never opens what sensors/camera/sources/address.py refuses.
"""

import logging
import socket
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import CameraError
from appliance.parsing.small_file import read_small_file
from appliance.sections.cameras import CameraSettings, Transport
from appliance.wording.sentence import say
from sensors.camera.sources.address import Address, choose_ip, parse_address, parse_scheme
from sensors.camera.sources.source import Camera, OnPacket

if TYPE_CHECKING:
    from sensors.camera.sources.live import LiveStream, Target

MOST_BYTES = 4096  # of a password file
CONNECT_S = 1.5  # a camera in the same network takes milliseconds
REFUSED_PAUSE_S = 60.0  # cameras lock out who often comes with a wrong password
DEVICES = "/dev/"
# Not `nobuffer`: it throws away what was read while opening, the first key frame too.
# `timeout` (microseconds) is for each read: with it an abandoned thread ends.
ANY = {"analyzeduration": "500000", "fpsprobesize": "0", "timeout": "10000000"}
RTSP = {**ANY, "allowed_media_types": "video", "protocol_whitelist": "rtsp,rtp,tcp,udp,tls,crypto"}
UDP = {"rtsp_transport": "udp", "max_delay": "200000", "buffer_size": "2097152"}
HTTP = {**ANY, "max_redirects": "0", "protocol_whitelist": "http,https,tcp,tls,crypto"}
TLS_SCHEMES = ("rtsps", "https")
V4L2 = {"input_format": "mjpeg"}


@dataclass(slots=True)
class Opener:
    """Opens one camera whenever needed; a login that was refused is not tried again at once."""

    settings: CameraSettings = field(repr=False)
    directory: Path = Path()
    now_s: Callable[[], float] = time.monotonic
    _last: "LiveStream | None" = field(default=None, repr=False)
    _address: Address | None = field(default=None, repr=False)
    _opened_s: float = 0.0
    _warned: bool = False

    def __call__(self, on_packet: OnPacket) -> Camera:
        """The camera; a live one opens in a thread of its own. Raises `CameraError`."""
        source = self.settings.source
        if not source:
            raise CameraError(say("the camera has no source: set `source` in its section"))
        if source.startswith(DEVICES):
            return self._open_live(source, partial(make_device_target, source), on_packet)
        if parse_scheme(source):
            return self._open_stream(self._add_login(parse_address(source)), on_packet)
        # PyAV costs 18 MB: only where it works
        from sensors.camera.sources.video_file import VideoFile  # noqa: PLC0415

        return VideoFile(self.directory / source, on_packet)

    def _open_stream(self, address: Address, on_packet: OnPacket) -> Camera:
        refused = self._last is not None and self._last.refused and address == self._address
        if refused and self._last and self.now_s() < self._opened_s + REFUSED_PAUSE_S:
            self._last.advance(self.now_s())  # raises the refusal again
        self._address, self._opened_s = address, self.now_s()
        return self._open_live(
            address.shown, partial(find_stream_target, address, self.settings), on_packet
        )

    def _open_live(
        self, shown: str, find_target: "Callable[[], Target]", on_packet: OnPacket
    ) -> Camera:
        from sensors.camera.sources.live import LiveStream  # noqa: PLC0415

        self._last = LiveStream(shown, find_target, on_packet, self.now_s)
        return self._last

    def _add_login(self, address: Address) -> Address:
        """The address with user and password, wherever they are kept."""
        path = self.settings.password_file
        user = address.user or self.settings.user
        if path is None:
            return replace(address, user=user)
        if not user:
            raise CameraError(say("the camera has a `password_file` and no `user`: set it too"))
        self._warn_if_open(path)
        return replace(address, user=user, password=read_password(path))

    def _warn_if_open(self, path: Path) -> None:
        if not self._warned and path.exists() and path.stat().st_mode & stat.S_IROTH:
            self._warned = True
            logging.getLogger("camera").warning(
                "everybody on this computer can read %s: chmod o-r it", path
            )


def read_password(path: Path) -> str:
    """The one line of the file; raises `CameraError` that says what is wrong with it."""
    try:
        text = read_small_file(path, MOST_BYTES).decode().strip("\r\n")
    except FileNotFoundError:
        raise CameraError(
            say("there is no password file {path}: write the password into it", path=path)
        ) from None
    except OSError as error:
        raise CameraError(
            say(
                "the password file {path} cannot be read ({strerror}): give it to the group "
                "appliance, with mode 0640",
                path=path,
                strerror=error.strerror,
            )
        ) from None
    except UnicodeDecodeError:
        raise CameraError(
            say("the password file {path} is no text: write it again", path=path)
        ) from None
    if not text or not text.isprintable():
        raise CameraError(
            say("the password file {path} must hold the password in one line", path=path)
        )
    return text


def find_stream_target(address: Address, settings: CameraSettings) -> "Target":
    """The target of an address; looks the host up and tests the port. Raises `CameraError`."""
    from sensors.camera.sources.live import Target  # noqa: PLC0415

    ips = resolve(address)
    ip = choose_ip(address.shown, ips, is_own=is_own_address, allow_local=settings.allow_local)
    tls = knock(ip, address, settings.tls_ca_file)
    if address.scheme in ("http", "https"):
        options = {**HTTP, **tls, "headers": f"Host: {address.host}:{address.port}\r\n"}
        return Target(address.url(ip), "mpjpeg", options, has_times=False)
    if settings.transport is Transport.UDP:
        # a UDP socket's buffer does not grow: what is not fetched soon is lost
        return Target(address.url(ip), "rtsp", RTSP | tls | UDP, most_gathered_s=0.1)
    return Target(address.url(ip), "rtsp", RTSP | tls | {"rtsp_transport": "tcp"})


def knock(ip: str, address: Address, ca_file: Path | None) -> dict[str, str]:
    """Test the port and, where a file is named, the certificate; returns libav's options for it."""
    connection = socket.create_connection((ip, address.port), CONNECT_S)
    try:
        if ca_file is None or address.scheme not in TLS_SCHEMES:
            return {}
        # ssl costs 4 MB: only where it is used
        from sensors.camera.sources.certificate import verify_certificate  # noqa: PLC0415

        return verify_certificate(connection, address, ca_file)
    finally:
        connection.close()


def make_device_target(path: str) -> "Target":
    """The target of a video device. Not tested on a real one: see docs."""
    from sensors.camera.sources.live import Target  # noqa: PLC0415

    return Target(path, "v4l2", V4L2)


def resolve(address: Address) -> list[str]:
    """The IP addresses of a host, each once; raises `CameraError`."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CameraError(
            say(
                "{shown}: the host's name is not known: check it, or set an IP address",
                shown=address.shown,
            )
        ) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_own_address(ip: str) -> bool:
    """Whether an address is one of this computer: only those can be bound to."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((ip, 0))
        except OSError:
            return False
    return True
