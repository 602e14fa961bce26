"""The picture socket: one picture for each request over a Unix socket, never queued.

Reads and writes: a Unix stream socket, memory shared over it; the messages of frame_messages.py.
Never: sends a picture that was not requested (flow control by requests), ends a process because of
what the other side sends, or takes over a socket on which somebody answers.
"""

import contextlib
import math
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.errors import CameraError, ListenError
from appliance.media.frame_messages import (
    MOST_HEADER_BYTES,
    MOST_REQUEST_BYTES,
    SHARED,
    encode_header,
    encode_request,
    parse_header,
    parse_request,
)
from appliance.media.frames import RAW, Answer, Buffer, Picture, PictureRequest, Refusal
from appliance.media.shared_memory import SharedReader, SharedWriter
from appliance.strict_json import InputError
from appliance.wording.counts import format_count
from appliance.wording.sentence import say

TIMEOUT_S = 5.0  # for the first bytes of an answer
STALL_S = 1.0  # for the next ones: an answer that stalls is given up soon
MOST_CONNECTIONS = 16  # inference, the page, a technician; each has a thread
IDLE_S = 60.0  # who has asked for nothing for so long makes room where there is none
BUSY = Refusal(
    say(
        "{most_connections} programs are connected already: close one of them",
        most_connections=MOST_CONNECTIONS,
    )
)
LENGTH_BYTES = 4
RETRY_S = 1.0  # after a connection that could not be accepted (no descriptors, no memory)
SEND_TIMEOUT = struct.pack("ll", int(TIMEOUT_S), 0)  # who does not read is disconnected


class FrameServer:
    """Hands out pictures: calls `answer` for each request, in the thread of that connection."""

    def __init__(
        self, path: Path, answer: Callable[[PictureRequest], Answer], mode: int = 0o660
    ) -> None:
        self._answer = answer
        self._path = path
        self._used_s: dict[socket.socket, float] = {}  # when last; endless while it is answered
        self._closed = threading.Event()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            refuse_living(path)
            path.unlink(missing_ok=True)
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(str(path))
            os.chmod(path, mode)
            self._socket.listen(8)
        except OSError as error:
            raise ListenError(
                say("the socket {path} cannot be opened: {cause}", path=path, cause=error.strerror)
            ) from error
        threading.Thread(target=self._accept, name=f"frames {path.name}", daemon=True).start()

    def close(self) -> None:
        """Stop answering; clients see the socket gone."""
        self._closed.set()
        self._path.unlink(missing_ok=True)
        for open_socket in (self._socket, *self._used_s.copy()):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
                self._admit(connection)
            except (OSError, RuntimeError):  # closed; or no descriptor, no thread left for now
                self._closed.wait(RETRY_S)

    def _admit(self, connection: socket.socket) -> None:
        """Serve a connection in a thread of its own, or refuse it where there are too many."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, SEND_TIMEOUT)
        if len(self._used_s) >= MOST_CONNECTIONS and not self._drop_idle():
            with connection, contextlib.suppress(OSError):
                send(connection, BUSY)
            return
        self._used_s[connection] = time.monotonic()
        try:
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except RuntimeError:
            self._used_s.pop(connection, None)
            connection.close()
            raise

    def _drop_idle(self) -> bool:
        """End the connection that has been idle longest; whether there is one to be ended."""
        used_s = self._used_s.copy()
        if not used_s:
            return True
        idle = min(used_s, key=used_s.__getitem__)
        if time.monotonic() - used_s[idle] < IDLE_S:
            return False
        self._used_s.pop(idle, None)
        with contextlib.suppress(OSError):
            idle.shutdown(socket.SHUT_RDWR)  # its thread ends
        return True

    def _serve(self, connection: socket.socket) -> None:
        memory = SharedWriter()
        try:
            with connection, contextlib.suppress(OSError), connection.makefile("rb") as requests:
                while line := requests.readline(MOST_REQUEST_BYTES):
                    self._note_use(connection, math.inf)
                    answer, shared = self._answer_line(line)
                    send(connection, answer, memory if shared else None)
                    self._note_use(connection, time.monotonic())
                    if not line.endswith(b"\n"):
                        break  # too long or cut: where the next request begins is not known
        finally:
            memory.close()
            self._used_s.pop(connection, None)

    def _note_use(self, connection: socket.socket, used_s: float) -> None:
        if connection in self._used_s:
            self._used_s[connection] = used_s

    def _answer_line(self, line: bytes) -> tuple[Answer, bool]:
        """The answer to a request, and whether it may go through shared memory."""
        try:
            request = parse_request(line)
            return self._answer(request), request.shared and request.encoding in RAW
        except InputError as error:
            return Refusal(say("the request cannot be understood: {error}", error=error)), False


def refuse_living(path: Path) -> None:
    """Raise `ListenError` where somebody answers on the socket; one that was left is nobody's."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(STALL_S)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            pass  # its queue is full: somebody is there
        except OSError:
            return
    raise ListenError(
        say(
            "another process answers on the socket {path}: stop that one first, a camera or "
            "service runs once",
            path=path,
        )
    )


class FrameClient:
    """Pulls pictures from one socket; connects when needed and again after a loss.

        picture = FrameClient(settings.camera_socket("gate")).pull(PictureRequest(JPEG))

    Either `pull`, or `ask` and, once the socket `fileno` is readable, `take`: so one thread can
    wait for many cameras. One request at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._encoding = ""
        self._memory = SharedReader()

    def pull(self, request: PictureRequest) -> Answer:
        """One picture or the reason why not; raises `CameraError` where nobody answers."""
        self.ask(request)
        return self.take()

    def ask(self, request: PictureRequest) -> None:
        """Send the request; raises `CameraError` where nobody listens."""
        self._encoding = request.encoding
        try:
            asked = replace(request, shared=request.encoding in RAW)
            self._connect().sendall(encode_request(asked))
        except OSError as error:
            raise self._drop_connection(error) from error

    def take(self) -> Answer:
        """The answer; waits for it. Raises `CameraError` where none comes whole and right."""
        try:
            answer = receive(self._connect(), self._memory)
            if isinstance(answer, Picture) and answer.encoding != self._encoding:
                raise InputError(
                    say(
                        "{came} came, {wanted} was requested",
                        came=answer.encoding,
                        wanted=self._encoding,
                    )
                )
        except (OSError, EOFError, InputError) as error:
            raise self._drop_connection(error) from error
        return answer

    def fileno(self) -> int:
        """The descriptor that becomes readable when the answer comes; -1 where there is none."""
        return self._socket.fileno() if self._socket else -1

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._memory.close()

    def _drop_connection(self, error: Exception) -> CameraError:
        self.close()
        return CameraError(
            say("no pictures from {path}: {error}", path=self._path.stem, error=error)
        )

    def _connect(self) -> socket.socket:
        if self._socket is None:
            fresh = socket.socket(socket.AF_UNIX)
            fresh.settimeout(TIMEOUT_S)
            self._socket = fresh
            fresh.connect(str(self._path))
        return self._socket


def send(connection: socket.socket, answer: Answer, memory: SharedWriter | None = None) -> None:
    """Write one answer, without a copy of the picture; through `memory` where there is one."""
    header = encode_header(answer)
    data = answer.data if isinstance(answer, Picture) else b""
    if memory is not None and data and send_shared(connection, header, data, memory):
        return
    connection.sendall(struct.pack(">I", len(header)) + header)
    if data:
        connection.sendall(data)


def send_shared(
    connection: socket.socket, header: bytes, data: Buffer, memory: SharedWriter
) -> bool:
    """Write an answer whose picture goes through `memory`; False where there is no memory."""
    try:
        new = memory.put(data)
    except OSError:
        memory.close()
        return False
    message = struct.pack(">I", len(header) | SHARED) + header
    sent = socket.send_fds(connection, [message], [new]) if new is not None else 0
    connection.sendall(message[sent:])
    return True


def receive(connection: socket.socket, memory: SharedReader | None = None) -> Answer:
    """Read one answer; raises `EOFError` where the other side went away in the middle, and
    `InputError` where it is none. `memory`: that of this connection, where it may be used.
    """
    connection.settimeout(TIMEOUT_S)
    ends_s = time.monotonic() + TIMEOUT_S
    (length,) = struct.unpack(">I", receive_length(connection, memory, ends_s))
    is_shared = memory is not None and bool(length & SHARED)
    length = length & ~SHARED if is_shared else length
    if length > MOST_HEADER_BYTES:
        raise InputError(say("a header of {size} was announced", size=format_count(length, "byte")))
    connection.settimeout(STALL_S)
    answer, size = parse_header(receive_exactly(connection, length, ends_s))
    if isinstance(answer, Refusal):
        return answer
    if memory is not None and is_shared:
        return replace(answer, data=memory.take(size))
    return replace(answer, data=receive_exactly(connection, size, ends_s))


def receive_length(
    connection: socket.socket, memory: SharedReader | None, ends_s: float
) -> bytes | bytearray:
    """The first four bytes of an answer, with a descriptor where the other end has sent one."""
    if memory is None:
        return receive_exactly(connection, LENGTH_BYTES, ends_s)
    first, descriptors, _, _ = socket.recv_fds(connection, LENGTH_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
    for descriptor in descriptors:
        memory.accept(descriptor)
    if not first:
        raise EOFError(say("the connection ended"))
    return first + receive_exactly(connection, LENGTH_BYTES - len(first), ends_s)


def receive_exactly(connection: socket.socket, count: int, ends_s: float) -> bytearray:
    """Exactly `count` bytes, or `EOFError`; `TimeoutError` where they trickle past `ends_s`."""
    data = bytearray(count)
    rest = memoryview(data)
    while rest:
        got = connection.recv_into(rest)
        if got == 0:
            raise EOFError(say("the connection ended in the middle of a picture"))
        rest = rest[got:]
        if rest and time.monotonic() > ends_s:
            raise TimeoutError(say("timed out: the picture comes too slowly"))
    return data
