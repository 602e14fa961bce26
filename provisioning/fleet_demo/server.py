"""The fleet's receiver and the operator's page on loopback, as threads of the demonstration.

    with serving(create_receiver(...), port=0) as address: ...

Reads and writes: TCP connections on loopback.
Never: listens on another address.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import waitress  # type: ignore[import-untyped]
from flask import Flask

HOST = "127.0.0.1"
THREADS = 4


@contextmanager
def serving(app: Flask, port: int) -> Iterator[str]:
    """Its address; `port` 0 for any that is free."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = waitress.create_server(app, host=HOST, port=port, threads=THREADS)
    Thread(target=server.run, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
