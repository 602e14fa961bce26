"""Limits of the page's connections: so many for each client, so many in all, and so long for each.

    limits = ConnectionLimits()
    limits.apply(server_map)     # the listening sockets of a waitress server

Reads and writes: TCP connections, through waitress.
Never: lets slow clients keep a visitor out: where a place is needed, the connection that has waited
longest for its client goes. Never ends one whose answer is being made.
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Protocol

from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]

from appliance.web import proxied
from appliance.web.origins import ORIGIN, Origin, judge_peer
from appliance.web.request_head import RequestParser

MOST_PER_CLIENT = 24  # a browser opens six; several may share an address
MOST = 160
MOST_PROXIED = 128  # the rest is for the touchscreen, whatever the network does
LOCAL_ADDRESS = "SERVER_ADDR"  # in the WSGI environment: where the client reached us
IS_OVER = "appliance.is_over"  # there: whether nobody waits for the answer any more
IPV6_NETWORK_BITS = 64  # what one client has for itself


class Phase(Enum):
    """What a connection does."""

    WAITING = "waiting for a request"
    RECEIVING = "receiving a request"
    QUEUED = "waiting for a thread"
    ANSWERING = "answering"
    SENDING = "sending the answer"


DEADLINES_S = {Phase.WAITING: 30.0, Phase.RECEIVING: 10.0, Phase.SENDING: 120.0}
# The first that gives way first.
GIVES_WAY = (Phase.WAITING, Phase.RECEIVING, Phase.SENDING, Phase.QUEUED)


class Connection(Protocol):
    """What the limits know of a connection."""

    phase: Phase
    since_s: float
    is_dropped: bool
    is_proxied: bool

    @property
    def client(self) -> str: ...


def identify_client(address: str) -> str:
    """Who that is: an IPv4 address, or the network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_NETWORK_BITS), strict=False))


def choose_to_drop(new: Connection, others: Iterable[Connection]) -> Connection | None:
    """Which connection gives way to `new`; None: there is room. `new`, if nothing can."""
    present = [one for one in others if not one.is_dropped]
    # The proxy has its own limit for each client; here it is not known before its request is.
    mine = [one for one in present if is_like(one, new)]
    if len(mine) >= (MOST_PROXIED if new.is_proxied else MOST_PER_CLIENT):
        return find_slowest(mine) or new
    if len(present) >= MOST:
        return find_slowest(list_largest(present)) or find_slowest(present) or new
    return None


def is_like(one: Connection, new: Connection) -> bool:
    """Whether both are the proxy's, or both of one client."""
    if new.is_proxied or one.is_proxied:
        return new.is_proxied and one.is_proxied
    return one.client == new.client


def list_largest(connections: Iterable[Connection]) -> list[Connection]:
    """Those of the client that has most."""
    clients: dict[str, list[Connection]] = {}
    for one in connections:
        clients.setdefault(one.client, []).append(one)
    return max(clients.values(), key=len)


def find_slowest(connections: Iterable[Connection]) -> Connection | None:
    """The one that has waited longest, of the phase that gives way first; None: none can."""
    can = [one for one in connections if one.phase in GIVES_WAY]
    return min(can, key=lambda one: (GIVES_WAY.index(one.phase), one.since_s), default=None)


class ConnectionLimits:
    """All connections of one server."""

    def __init__(
        self,
        now_s: Callable[[], float] = time.monotonic,
        deadlines_s: Mapping[Phase, float] = DEADLINES_S,
    ) -> None:
        self.now_s = now_s
        self.deadlines_s = deadlines_s
        self._open: set[Channel] = set()

    def apply(self, server_map: Mapping[int, Any]) -> None:
        """Make waitress's listening sockets open their connections through these limits."""
        for one in server_map.values():
            if hasattr(one, "channel_class"):
                one.channel_class = self.open_channel

    def open_channel(self, server: Any, *more: Any, **named: Any) -> None:
        """A new connection; another may have to go for it."""
        new = Channel(server, *more, **named)
        new.limits, new.since_s = self, self.now_s()
        gone = choose_to_drop(new, self._open)
        if gone is not None:
            gone.is_dropped = True
        self._open.add(new)

    def find_queued_s(self) -> float:
        """How long the oldest request has waited for a thread; 0 where none does."""
        since_s = [one.since_s for one in self._open if one.phase is Phase.QUEUED]
        return self.now_s() - min(since_s, default=self.now_s())

    def count(self) -> int:
        """How many there are."""
        return len(self._open)

    def forget(self, channel: "Channel") -> None:
        self._open.discard(channel)

    def is_over(self, channel: "Channel") -> bool:
        """Whether a connection must end now."""
        left_s = channel.since_s + self.deadlines_s.get(channel.phase, float("inf")) - self.now_s()
        return channel.is_dropped or left_s <= 0


class Task(WSGITask):  # type: ignore[misc]
    """One request; the application sees whence it came, and at which address it arrived."""

    def get_environment(self) -> dict[str, Any]:
        environment: dict[str, Any] = super().get_environment()
        if self.channel.is_proxied:
            take_over(environment, proxied.read_said(environment))
        else:
            passed_on = proxied.is_passed_on(environment)
            peer = judge_peer(environment["REMOTE_ADDR"])
            environment[ORIGIN] = Origin.PLAIN if passed_on else peer
            environment[LOCAL_ADDRESS] = self.channel.local_address
        proxied.remove_said(environment)
        environment[IS_OVER] = self.channel.is_over
        return environment


def take_over(environment: dict[str, Any], said: proxied.Said) -> None:
    """As if the client were connected here."""
    environment[ORIGIN], environment[LOCAL_ADDRESS] = said.origin, said.local_address
    environment["REMOTE_ADDR"] = environment["REMOTE_HOST"] = said.client
    environment["wsgi.url_scheme"] = "https" if said.origin is Origin.NETWORK else "http"


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection of waitress, with a deadline for each phase.

    It ends itself, and only in `readable`: there the server's loop has not yet asked the kernel
    about it in this round.
    """

    parser_class, task_class = RequestParser, Task
    limits: ConnectionLimits | None = None
    phase = Phase.WAITING
    since_s = 0.0
    is_dropped = False
    is_queued = False

    def __init__(self, server: Any, sock: Any, *more: Any, **named: Any) -> None:
        self.local_address = find_local_address(sock)
        self.is_proxied = sock.family == socket.AF_UNIX  # no other socket of ours is of that kind
        super().__init__(server, sock, *more, **named)

    @property
    def client(self) -> str:
        """Whose it is; of the proxy's, the client of the request that it carries."""
        if not self.is_proxied:
            return identify_client(str(self.addr[0]))
        carried = self.requests[:1]  # another thread may end it meanwhile
        found = proxied.find_client(carried[0].headers) if carried else proxied.UNKNOWN_CLIENT
        return identify_client(found)

    def readable(self) -> bool:
        self._follow()
        if self.limits is not None and self.limits.is_over(self):
            self.handle_close()
            return False
        return bool(super().readable())

    def writable(self) -> bool:
        return self.connected and bool(super().writable())

    def is_over(self) -> bool:
        """Whether the client has gone, or the server ends: for a thread that waits."""
        return bool(self.server.task_dispatcher.stop_count) or has_client_gone(self.socket)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002
        super().del_channel(map)
        if self.limits is not None:
            self.limits.forget(self)

    def _follow(self) -> None:
        """A new phase begins a new deadline."""
        phase = self._find_phase()
        if phase is not self.phase and self.limits is not None:
            self.phase, self.since_s = phase, self.limits.now_s()

    def _find_phase(self) -> Phase:
        if self.total_outbufs_len:
            return Phase.SENDING
        if self.requests:
            return Phase.QUEUED if self.is_queued else Phase.ANSWERING
        return Phase.WAITING if self.request is None else Phase.RECEIVING


def has_client_gone(sock: Any) -> bool:
    """Whether the other end has closed, or the socket is closed; takes nothing from it."""
    try:
        return not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except (OSError, AttributeError):
        return True


def find_local_address(sock: Any) -> str:
    """The address of ours that the client reached, as text."""
    try:
        return str(sock.getsockname()[0])
    except (OSError, IndexError):
        return ""
