"""Pictures between processes: one for each request over a Unix socket, never queued.

Reads and writes: a Unix stream socket. Request: one JSON line. Answer: 4 bytes length, JSON header,
then the picture's bytes (planes, rows, a JPEG or MP4 file).
Never: stores a picture, and never sends one that was not requested (flow control by requests).
"""

import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from appliance.errors import CameraError, ListenError
from appliance.model import Stamp
from appliance.model_cameras import Box, Detection
from appliance.store.rows import decode_time, encode_time

TIMEOUT_S = 5.0  # for the first bytes of an answer
STALL_S = 1.0  # for the next ones: an answer that stalls is given up soon
LONGEST_WAIT_S = 2.0  # an answer comes after this at the latest, a picture or a reason
LARGEST_BYTES = 64 * 1024 * 1024
I420, BGR, JPEG, MP4 = "i420", "bgr", "jpeg", "mp4"
Buffer = bytes | bytearray


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture in memory; `data` by `encoding`:

    I420: height x width bytes of luma, then two chroma planes of half the height and width, rounded
    up, rows without padding. BGR: height x width x 3 bytes. JPEG: a file. MP4: a clip.

    `media_s` is the camera's own time; `sequence` counts the camera's frames; `skipped` of them
    were never requested. `woken_by` is what detected motion ("" where nothing did) and `region`
    where, if that is known. `detections` is what inference found, if it analysed the picture.
    """

    camera: str
    stamp: Stamp
    sequence: int
    skipped: int
    media_s: float
    width: int
    height: int
    encoding: str
    data: Buffer
    detections: tuple[Detection, ...] = ()
    woken_by: str = ""
    region: Box | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no picture, in one sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """What a consumer requests: the newest picture after `after`, in `encoding`.

    `moved`: only one that shows motion. `wait_s`: how long the answer may be held back
    until there is one, at most `LONGEST_WAIT_S`. MP4 alone: a clip from `since_s` to `until_s`, in
    the camera's own time.
    """

    encoding: str = BGR
    after: int = -1
    moved: bool = False
    wait_s: float = 0.0
    since_s: float = 0.0
    until_s: float = 0.0


Answer = Picture | Refusal


class FrameServer:
    """Hands out pictures: calls `answer` for each request, in the thread of that connection."""

    def __init__(
        self, path: Path, answer: Callable[[PictureRequest], Answer], mode: int = 0o660
    ) -> None:
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
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as requests:
            while line := requests.readline(1024):
                try:
                    request = PictureRequest(**json.loads(line))
                except (ValueError, TypeError):
                    break
                send(connection, self._answer(request))
        self._connections.discard(connection)


class FrameClient:
    """Pulls pictures from one socket; connects when needed and again after a loss.

        picture = FrameClient(settings.camera_socket("gate")).pull(PictureRequest(JPEG))

    Either `pull`, or `ask` and, once the socket `fileno` is readable, `take`: so one thread can
    wait for many cameras. One request at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None

    def pull(self, request: PictureRequest) -> Answer:
        """One picture or the reason why not; raises `CameraError` where nobody answers."""
        self.ask(request)
        return self.take()

    def ask(self, request: PictureRequest) -> None:
        """Send the request; raises `CameraError` where nobody listens."""
        try:
            self._connect().sendall(json.dumps(asdict(request)).encode() + b"\n")
        except OSError as error:
            raise self._drop_connection(error) from error

    def take(self) -> Answer:
        """The answer; waits for it. Raises `CameraError` where it does not come whole."""
        try:
            return receive(self._connect())
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._drop_connection(error) from error

    def fileno(self) -> int:
        """The descriptor that becomes readable when the answer comes; -1 where there is none."""
        return self._socket.fileno() if self._socket else -1

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _drop_connection(self, error: Exception) -> CameraError:
        self.close()
        return CameraError(f"no pictures from {self._path.stem}: {error}")

    def _connect(self) -> socket.socket:
        if self._socket is None:
            fresh = socket.socket(socket.AF_UNIX)
            fresh.settimeout(TIMEOUT_S)
            self._socket = fresh
            fresh.connect(str(self._path))
        return self._socket


def send(connection: socket.socket, answer: Answer) -> None:
    """Write one answer, without a copy of the picture."""
    if isinstance(answer, Refusal):
        header: dict[str, Any] = {"reason": answer.reason}
        data: Buffer = b""
    else:
        data = answer.data
        header = {name: getattr(answer, name) for name in PLAIN_FIELDS}
        header["stamp"] = [
            encode_time(answer.stamp.utc),
            answer.stamp.boot_id,
            answer.stamp.uptime_s,
        ]
        header["region"] = answer.region and list(asdict(answer.region).values())
        header["detections"] = [
            [d.label, d.confidence, *asdict(d.box).values()] for d in answer.detections
        ]
    header["bytes"] = len(data)
    encoded = json.dumps(header).encode()
    connection.sendall(struct.pack(">I", len(encoded)) + encoded)
    connection.sendall(data)


PLAIN_FIELDS = tuple(
    spec.name
    for spec in fields(Picture)
    if spec.name not in {"stamp", "region", "detections", "data"}
)


def receive(connection: socket.socket) -> Answer:
    """Read one answer; raises `EOFError` where the other side went away in the middle."""
    connection.settimeout(TIMEOUT_S)
    (length,) = struct.unpack(">I", receive_exactly(connection, 4))
    connection.settimeout(STALL_S)
    header = json.loads(receive_exactly(connection, min(length, LARGEST_BYTES)))
    if "reason" in header:
        return Refusal(header["reason"])
    utc, boot_id, uptime_s = header.pop("stamp")
    seen = tuple(Detection(label, score, Box(*box)) for label, score, *box in header["detections"])
    region = header.pop("region")
    data = receive_exactly(connection, min(header.pop("bytes"), LARGEST_BYTES))
    known = {
        "stamp": Stamp(decode_time(utc), boot_id, uptime_s),
        "detections": seen,
        "region": Box(*region) if region else None,
        "data": data,
    }
    return Picture(**header | known)


def receive_exactly(connection: socket.socket, count: int) -> bytearray:
    """Exactly `count` bytes, or `EOFError`."""
    data = bytearray(count)
    rest = memoryview(data)
    while rest:
        got = connection.recv_into(rest)
        if got == 0:
            raise EOFError("the connection ended in the middle of a picture")
        rest = rest[got:]
    return data
