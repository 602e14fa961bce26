"""The mirror of the demonstration: the static tree over HTTP, with ranges, as any web server.

Reads: the tree. Writes: nothing.
Never: serves another directory, or listens beyond this computer.
"""

import threading
from pathlib import Path

from flask import Flask, Response, send_from_directory
from waitress.server import BaseWSGIServer, create_server  # type: ignore[import-untyped]

from appliance.errors import HostError


def serve(tree: Path, port: int) -> BaseWSGIServer:
    """Serve until the process ends; raises `HostError` where the port is taken."""
    app = Flask(__name__, static_folder=None)

    @app.get("/<path:name>")
    def send(name: str) -> Response:
        return send_from_directory(tree, name, conditional=True)

    try:
        server: BaseWSGIServer = create_server(app, host="127.0.0.1", port=port, threads=4)
    except OSError as error:
        raise HostError(
            f"the mirror cannot listen on port {port}: {error.strerror}; stop the program that "
            "uses it, or give `make run` another PORT"
        ) from error
    threading.Thread(target=server.run, daemon=True).start()
    return server
