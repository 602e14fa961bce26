"""Where a sending process may connect to: nothing on this computer, whatever a library is told.

    guard = install_guard()
    with guard.watch(allow_local=False):
        ...                                  # a connection to 127.0.0.1 raises `PermissionError`
    guard.blocked                            # "" or why one was not made

Settings come from many hands, a name may lead anywhere and a server may redirect: so the address of
each connection is judged when it is made, by Python's audit hook (PEP 578), which no library
passes by.

Reads: the addresses of this computer, by binding. Writes: nothing.
Never: judges a connection outside `watch`.
"""

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from appliance.wording.sentence import say

EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
ADVICE = say("give another address, or set `allow_local` if this is meant")


class ConnectionGuard:
    """One for a process. `blocked`: the last connection of this watch that was not made."""

    def __init__(self) -> None:
        self.blocked = ""
        self._is_watching = False

    @contextmanager
    def watch(self, *, allow_local: bool) -> Iterator[None]:
        """Judge all connections until the end of the block."""
        self.blocked, self._is_watching = "", not allow_local
        try:
            yield
        finally:
            self._is_watching = False

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook. Raises `PermissionError`."""
        if not self._is_watching or event not in EVENTS:
            return
        self._is_watching = False  # a look-up connects too
        try:
            why = find_refusal(arguments[1])
        finally:
            self._is_watching = True
        if why:
            self.blocked = say("{why}; {advice}", why=why, advice=ADVICE)
            raise PermissionError(errno.EACCES, self.blocked)


def install_guard() -> ConnectionGuard:
    """A hook stays until the process ends."""
    guard = ConnectionGuard()
    sys.addaudithook(guard.hear)
    return guard


def find_refusal(address: Any) -> str:
    """Why no connection to a socket's address is made; "" where it may be."""
    if address is None:  # of a socket that is connected
        return ""
    if not isinstance(address, tuple):
        return say("it leads to a socket of this computer")
    found = socket.getaddrinfo(address[0], None, type=socket.SOCK_STREAM)
    reasons = (judge(str(one[4][0]).partition("%")[0]) for one in found)
    return next((why for why in reasons if why), "")


def judge(ip: str) -> str:
    """Why an IP address is not connected to."""
    address = unwrap(ip_address(ip))
    if address.is_multicast:
        return say("it leads to {address}, which is no single computer", address=address)
    if address.is_loopback or address.is_unspecified or is_own(address):
        return say("it leads to {address}, this computer itself", address=address)
    if address.is_link_local:
        return say("it leads to {address}, which is link-local", address=address)
    return ""


def unwrap(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def is_own(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one of this computer: only those can be bound to."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
