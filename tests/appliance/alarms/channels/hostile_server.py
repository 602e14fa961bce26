"""A TCP server on loopback that does one thing with each connection.

    with serve(lambda connection: connection.sendall(b"nonsense")) as port: ...

Reads and writes: its connections.
Never: outlives the block.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def serve(say: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that does one thing with each connection; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        say(connection)

        threading.Thread(target=run, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
