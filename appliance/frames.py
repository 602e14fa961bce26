"""How pictures travel between processes: pulled one by one over a Unix socket, never queued.

Reads and writes: a Unix stream socket. Request: one JSON line. Answer: 4 bytes length, JSON header,
then the picture's bytes (BGR rows or JPEG).
Never: stores a picture, and never sends one that was not asked for: the asking is the credit.
"""

import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from appliance.errors import CameraError, ListenError
from appliance.model import Box, Detection, Stamp
from appliance.rows import text_of, time_of

TIMEOUT_S = 5.0
LARGEST_BYTES = 64 * 1024 * 1024
BGR, JPEG = "bgr", "jpeg"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in memory. `data` is height x width x 3 bytes BGR, or a JPEG file.

    `media_s` is the camera's own time; `sequence` counts the camera's frames; `skipped` of them
    were never asked for. `detections` is what was seen in it, if anybody looked.
    """

    camera: str
    stamp: Stamp
    sequence: int
    skipped: int
    media_s: float
    width: int
    height: int
    encoding: str
    data: bytes
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no picture, in one sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What a consumer wants: the newest picture after `after`, in `encoding`."""

    encoding: str = BGR
    after: int = -1


Answer = Picture | Refusal


class FrameServer:
    """Hands out pictures: calls `answer` for each request, in the thread of that connection."""

    def __init__(self, path: Path, answer: Callable[[Ask], Answer], mode: int = 0o660) -> None:
        self._answer = answer
        self._path = path
        self._connections: set[socket.socket] = set()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(str(path))
            os.chmod(path, mode)
            self._socket.listen(8)
        except OSError as error:
            raise ListenError(f"the socket {path} cannot be opened: {error.strerror}") from error
        threading.Thread(target=self._accept, name=f"frames {path.name}", daemon=True).start()

    def close(self) -> None:
        """Stop answering; clients see the socket gone."""
        self._path.unlink(missing_ok=True)
        for open_socket in (self._socket, *self._connections):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._connections.add(connection)
        with connection, contextlib.suppress(OSError), connection.makefile("rwb") as stream:
            while line := stream.readline(1024):
                try:
                    ask = Ask(**json.loads(line))
                except (ValueError, TypeError):
                    break
                send(stream, self._answer(ask))
        self._connections.discard(connection)


class FrameClient:
    """Pulls pictures from one socket; connects when needed and again after a loss."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._stream: BinaryIO | None = None

    def pull(self, ask: Ask) -> Answer:
        """One picture or the reason why not; raises `CameraError` where nobody answers."""
        try:
            stream = self._connected()
            stream.write(json.dumps(asdict(ask)).encode() + b"\n")
            stream.flush()
            return receive(stream)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.close()
            raise CameraError(f"no pictures from {self._path.stem}: {error}") from error

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._stream = None

    def _connected(self) -> BinaryIO:
        if self._stream is None:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(TIMEOUT_S)
            self._socket.connect(str(self._path))
            self._stream = self._socket.makefile("rwb")  # type: ignore[assignment]
        assert self._stream is not None
        return self._stream


def send(stream: Any, answer: Answer) -> None:
    """Write one answer."""
    if isinstance(answer, Refusal):
        header: dict[str, Any] = {"reason": answer.reason}
        data = b""
    else:
        data = answer.data
        header = {
            name: getattr(answer, name)
            for name in ("camera", "sequence", "skipped", "media_s", "width", "height", "encoding")
        }
        header["stamp"] = [
            text_of(answer.stamp.utc),
            answer.stamp.boot_id,
            answer.stamp.uptime_s,
        ]
        header["detections"] = [
            [d.label, d.confidence, *asdict(d.box).values()] for d in answer.detections
        ]
    header["bytes"] = len(data)
    encoded = json.dumps(header).encode()
    stream.write(struct.pack(">I", len(encoded)) + encoded)
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO) -> Answer:
    """Read one answer; raises `EOFError` where the other side went away in the middle."""
    (length,) = struct.unpack(">I", exactly(stream, 4))
    header = json.loads(exactly(stream, min(length, LARGEST_BYTES)))
    if "reason" in header:
        return Refusal(header["reason"])
    utc, boot_id, uptime_s = header.pop("stamp")
    seen = tuple(Detection(label, score, Box(*box)) for label, score, *box in header["detections"])
    data = exactly(stream, min(header.pop("bytes"), LARGEST_BYTES))
    stamp = Stamp(time_of(utc), boot_id, uptime_s)
    return Picture(**header | {"stamp": stamp, "detections": seen, "data": data})


def exactly(stream: BinaryIO, count: int) -> bytes:
    """Exactly `count` bytes, or `EOFError`."""
    data = stream.read(count)
    if data is None or len(data) < count:
        raise EOFError("the connection ended in the middle of a picture")
    return data
