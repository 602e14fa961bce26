"""A TCP port that listens at once and answers until it is stopped.

Reads and writes: TCP connections, by the handler given.
Never: depends on what the bytes mean.
"""

import socketserver
from threading import Event, Thread

from appliance.errors import ListenError


class Listener(socketserver.ThreadingTCPServer):
    """Listens at once; `serve()` answers until `stop` is set. Port 0 takes a free one."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, host: str, port: int, handler: type[socketserver.BaseRequestHandler]
    ) -> None:
        try:
            super().__init__((host, port), handler)
        except OSError as error:
            raise ListenError(f"cannot listen on {host}:{port}: {error}") from error

    @property
    def url(self) -> str:
        """What `port` in the settings must be to reach it."""
        host, port = self.server_address[:2]
        return f"tcp://{host!s}:{port}"

    def serve(self, stop: Event) -> None:
        """Answer until `stop` is set, then stop listening."""
        worker = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        worker.start()
        stop.wait()
        self.shutdown()
        self.server_close()
