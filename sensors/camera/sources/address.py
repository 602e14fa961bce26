"""A camera's address: parses the setting `source`, and checks that the unit may connect to it.

In: the text of the setting, the IP addresses of a name. Out: an `Address`, or a `CameraError`.
Never: does I/O, and never puts a user name, a password or a query into a sentence.

A unit opens what its settings name, and settings come from many hands: so no address may lead back
into the unit or to what answers without asking who one is (a cloud's metadata at 169.254.169.254).
A name is resolved once and its IP address is what is connected to: a second look-up could differ.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, unquote, urlsplit

from appliance.errors import CameraError
from appliance.wording.sentence import say

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
PRINTABLE = re.compile(r"[!-~]+")  # ASCII without blanks and control characters
NAT64 = IPv6Network("64:ff9b::/96")
KNOWN = "rtsp://, rtsps://, http:// or https:// with a host, a /dev/video device or a video file"


@dataclass(frozen=True, slots=True)
class Address:
    """A stream's address, taken apart; `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """The address as people may see it: some cameras want their password in path or query."""
        path = self.path.partition("?")[0]
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{'/...' if '=' in path or '@' in path else path}"

    def url(self, ip: str) -> str:
        """What is opened: the checked IP address in the place of the name, and the password."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        host = f"[{ip}]" if ":" in ip else ip
        return f"{self.scheme}://{login}{host}:{self.port}{self.path}"


def parse_scheme(source: str) -> str | None:
    """The scheme of an address in small letters, None for a path (`./a:b` is one)."""
    found = SCHEME.match(source)
    return found[1].lower() if found else None


def parse_address(source: str) -> Address:
    """Take an address apart; raises `CameraError` that does not repeat it: it may hold a secret."""
    scheme = parse_scheme(source)
    if scheme not in PORTS:
        raise CameraError(
            say(
                "the camera's `source` begins with {scheme}:, which is not opened: it must be "
                "{known}",
                scheme=scheme,
                known=KNOWN,
            )
        )
    if not PRINTABLE.fullmatch(source):
        raise CameraError(
            say(
                "the camera's `source` holds a blank or a letter that an address cannot have: "
                "write it as %XX, and put a password into a `password_file`"
            )
        )
    try:
        parts = urlsplit(source)
        port = parts.port or PORTS[scheme]
    except ValueError:
        raise make_unreadable_error(scheme) from None
    if not parts.hostname or not source[len(scheme) + 1 :].startswith("//"):
        raise make_unreadable_error(scheme)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Address(scheme, parts.hostname, port, path, user, password)


def make_unreadable_error(scheme: str) -> CameraError:
    """The error for an address that cannot be parsed, as by a password with one of / ? #."""
    return CameraError(
        say(
            "the camera's `source` is no {scheme}://HOST:PORT/PATH: check it; in a password "
            "write / ? # @ : as %XX, or put it into a `password_file`",
            scheme=scheme,
        )
    )


def choose_ip(
    shown: str, ips: Sequence[str], *, is_own: Callable[[str], bool], allow_local: bool
) -> str:
    """The IP address to connect to, IPv4 first; raises `CameraError` if any of `ips` is inside."""
    for ip in ips:
        why = find_refusal(ip, is_own=is_own, allow_local=allow_local)
        if why:
            raise CameraError(say("{shown} is not opened: {why}", shown=shown, why=why))
    if not ips:
        raise CameraError(say("{shown} has a host without an address: check the name", shown=shown))
    return min(ips, key=lambda ip: ":" in ip)


def find_refusal(ip: str, *, is_own: Callable[[str], bool], allow_local: bool) -> str | None:
    """Why no camera can be at `ip`, and what to do; None where one can."""
    address = extract_ipv4(ip_address(ip))
    if address.is_multicast or address.is_unspecified or is_reserved(address):
        return say(
            "no camera can be at {address}: set `source` to the camera's own address",
            address=address,
        )
    if allow_local:
        return None
    advice = say("set `source` to the camera's own address, or `allow_local` if this is meant")
    if address.is_loopback or is_own(str(address)):
        return say("{address} is this computer itself; {advice}", address=address, advice=advice)
    if address.is_link_local:
        return say(
            "{address} is link-local, where no settings but defaults are; {advice}",
            address=address,
            advice=advice,
        )
    return None


def is_reserved(address: IPv4Address | IPv6Address) -> bool:
    """Class E and broadcast, 0.x: no host has them, but Linux takes some for itself."""
    if isinstance(address, IPv4Address):
        return address.is_reserved or address.packed[0] == 0
    return False


def extract_ipv4(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64 or (address.packed[:12] == bytes(12) and int(address) > 1):
        return IPv4Address(address.packed[12:])
    return address.ipv4_mapped or address.sixtofour or address
