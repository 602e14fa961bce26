"""Applications of Flask on sockets of this computer, as threads of one process.

    with listening(app, host="127.0.0.1", port=0) as server: server.effective_port

Reads and writes: TCP connections or a socket file, through waitress.
Never: cuts a request off that is under way when it ends.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import waitress  # type: ignore[import-untyped]
from flask import Flask

THREADS = 8


@contextmanager
def listening(app: Flask, **where: object) -> Iterator[Any]:
    """`where`: as waitress takes it: `host` and `port`, or `unix_socket`."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = waitress.create_server(app, threads=THREADS, ident=None, **where)
    Thread(target=server.run, daemon=True).start()
    try:
        yield server
    finally:
        server.close()
        server.task_dispatcher.shutdown()
