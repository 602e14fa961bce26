"""A real web server on loopback for mirrors: ranges, ETags, and the faults of links and servers.

    with RangeServer(root) as server:
        WebMirror(server.address)

Reads: files below `root`. Writes: nothing.
Never: waits; a slow link is counted in bytes (64 kbit/s are 8000 bytes a second).
"""

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Self

RESET = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Link:
    """`lost`: share of answers that break off somewhere. `drop_bytes`: after so many bytes the link
    drops in the middle of an answer and all connections with it. `reset`: how it breaks off: with a
    reset, else with an early end.
    """

    lost: float = 0.0
    drop_bytes: int = 0
    reset: bool = False
    random: Random = field(default_factory=lambda: Random(1))
    sent_bytes: int = 0
    drops: int = 0

    def limit(self, length: int) -> int:
        """How many of an answer's bytes get through."""
        through = length
        if self.random.random() < self.lost:
            through = self.random.randrange(length + 1)
        if self.drop_bytes:
            through = min(through, self.drop_bytes - self.sent_bytes % self.drop_bytes)
        return through


class QuietServer(ThreadingHTTPServer):
    """A client that goes, or whose certificate check fails, is no news."""

    def handle_error(self, *_: object) -> None:
        pass


class RangeServer:
    """`ranges=False`: a server that knows none. `etags`: path -> ETag, in place of the usual one.

    `redirect`: path -> target. `damage`: paths whose bytes are all turned. `asked`: the questions.
    """

    def __init__(self, root: Path, *, ranges: bool = True, link: Link | None = None) -> None:
        self.root = root
        self.ranges = ranges
        self.link = link or Link()
        self.etags: dict[str, str] = {}
        self.redirect: dict[str, str] = {}
        self.damage: set[str] = set()
        self.status: dict[str, int] = {}
        self.most_answer_bytes = 2**62
        self.asked: list[tuple[str, str]] = []
        self.http = QuietServer(("127.0.0.1", 0), partial(Handler, self))
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def read(self, path: str) -> bytes | None:
        file = self.root / path
        data = file.read_bytes() if file.is_file() else None
        return bytes(255 - one for one in data) if data and path in self.damage else data


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    timeout = 5

    def __init__(self, server: RangeServer, *words: Any) -> None:
        self.rig = server
        super().__init__(*words)

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.rig.asked.append((path, self.headers.get("Range", "")))
        data = self.rig.read(path)
        if path in self.rig.redirect:
            self.answer(302, b"", Location=self.rig.redirect[path])
        elif path in self.rig.status:
            self.answer(self.rig.status[path], b"broken")
        elif data is None:
            self.answer(404, b"")
        else:
            self.answer_file(path, data)

    def answer_file(self, path: str, data: bytes) -> None:
        etag = self.rig.etags.get(path, '"1"')
        found = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", etag) == etag
        if not (found and self.rig.ranges and same):
            self.answer(200, data, ETag=etag)
            return
        start = int(found[1])
        end = min(int(found[2]) + 1, len(data), start + self.rig.most_answer_bytes)
        if start >= end:
            self.answer(416, b"")
            return
        place = f"bytes {start}-{end - 1}/{len(data)}"
        self.answer(206, data[start:end], ETag=etag, Content_Range=place)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        through = self.rig.link.limit(len(body)) if body else 0
        self.rig.link.sent_bytes += through
        try:
            self.wfile.write(body[:through])
        except OSError:
            self.close_connection = True
            return
        if through < len(body):
            self.break_off()

    def break_off(self) -> None:
        self.rig.link.drops += 1
        self.close_connection = True
        if self.rig.link.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def log_message(self, *_: Any) -> None:
        pass
