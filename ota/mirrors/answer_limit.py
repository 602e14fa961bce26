"""A limit on how long a web server may take to connect and to begin its answer.

    limit_answers(pool, limit_s=90.0)    # a urllib3 `PoolManager`

urllib3's own limits begin anew with each byte: a server, or who sits on the link, that gives one
byte of its headers every 20 s would keep the updater waiting for days, and from the next mirror.

Reads: the time. Writes: nothing; it shuts connections that took too long.
Never: limits the body, whose rate is looked at where it is read.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from appliance.wording.sentence import say


class Limited(HTTPConnection):
    """`twin`: a second handle of the socket; the first one is lost where TLS begins."""

    limit_s: float
    twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        found = super()._new_conn()
        self.twin = found.dup()
        return found

    def connect(self) -> None:
        with self.limited():
            super().connect()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with self.limited():
            return super().getresponse()

    def close(self) -> None:
        twin, self.twin = self.twin, None
        if twin is not None:
            twin.close()
        super().close()

    @contextmanager
    def limited(self) -> Iterator[None]:
        is_over = threading.Event()
        timer = threading.Timer(self.limit_s, self.shut, (is_over,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        if is_over.is_set():  # headers that end with the connection pass for whole ones
            raise TimeoutError(
                say("no whole answer began within {limit_s:g} s", limit_s=self.limit_s)
            )

    def shut(self, is_over: threading.Event) -> None:
        """Whoever reads or writes goes on at once."""
        is_over.set()
        twin = self.twin
        with suppress(OSError):
            if twin is not None:
                twin.shutdown(socket.SHUT_RDWR)


def limit_answers(pool: PoolManager, limit_s: float) -> None:
    """Let each connection of the pool have that limit, in real seconds."""

    class Http(Limited):
        pass

    class Https(Limited, HTTPSConnection):
        pass

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    Http.limit_s = Https.limit_s = limit_s
    pool.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
