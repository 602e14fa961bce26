"""Pictures through shared memory, over real sockets: whole, by who may, and from nobody hostile."""

import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from appliance.errors import CameraError
from appliance.media.frame_messages import SHARED, encode_header, encode_request
from appliance.media.frame_socket import FrameClient, FrameServer
from appliance.media.frames import PictureRequest
from appliance.media.shared_memory import SharedWriter
from tests.appliance.media.test_frames import PICTURE

LARGE = replace(PICTURE, width=640, height=480, data=os.urandom(640 * 480 * 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "camera-front.sock"


def test_a_pictures_bytes_do_not_go_through_the_socket_where_that_is_asked(path: Path) -> None:
    server = FrameServer(path, lambda _: PICTURE)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        for shared, size in ((True, 0), (False, len(PICTURE.data))):
            client.sendall(encode_request(PictureRequest(shared=shared)))
            (length,) = struct.unpack(">I", client.recv(4))
            assert bool(length & SHARED) is shared
            rest = (length & ~SHARED) + size
            while rest:
                rest -= len(client.recv(rest))
        client.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            client.recv(1)  # nothing more came
    server.close()


def test_pictures_of_changing_size_come_whole_and_stay_as_they_were(path: Path) -> None:
    pictures = [PICTURE, LARGE, PICTURE, LARGE]
    left = iter(pictures)
    server = FrameServer(path, lambda _: next(left))
    client = FrameClient(path)
    got = [client.pull(PictureRequest()) for _ in pictures]
    assert got == pictures
    client.close()
    server.close()


def test_descriptors_do_not_pile_up(path: Path) -> None:
    sizes = iter([PICTURE, LARGE] * 40)
    server = FrameServer(path, lambda _: next(sizes))
    client = FrameClient(path)
    client.pull(PictureRequest())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(60):
        client.pull(PictureRequest())
    assert len(os.listdir("/proc/self/fd")) <= before + 1
    client.close()
    server.close()


def test_without_memory_a_picture_comes_through_the_socket(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(os, "memfd_create", refuse)
    server = FrameServer(path, lambda _: PICTURE)
    assert FrameClient(path).pull(PictureRequest()) == PICTURE
    server.close()


# --- who is hostile ------------------------------------------------------------------------------

Hostile = Callable[[], list[int]]


def send_none() -> list[int]:
    return []


def send_pipe() -> list[int]:
    reading, writing = os.pipe()
    os.close(writing)
    return [reading]


def send_unsealed() -> list[int]:
    descriptor = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, len(PICTURE.data))
    return [descriptor]


def send_small() -> list[int]:
    descriptor = SharedWriter().put(b"too few")
    assert descriptor is not None
    return [descriptor]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (send_none, "is not in the shared memory"),
        (send_pipe, "is no shared memory"),
        (send_unsealed, "may become smaller"),
        (send_small, "is not in the shared memory"),
    ],
)
def test_memory_that_could_vanish_under_a_picture_is_refused(
    path: Path, make: Hostile, words: str
) -> None:
    with hostile_server(path, make()), pytest.raises(CameraError, match=words):
        FrameClient(path).pull(PictureRequest())


@contextmanager
def hostile_server(path: Path, descriptors: list[int]) -> Iterator[None]:
    """Answers one request with a picture in shared memory, and these descriptors."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        thread = Thread(target=answer_once, args=(listening, descriptors))
        thread.start()
        yield
        thread.join(5)
    for descriptor in descriptors:
        os.close(descriptor)


def answer_once(listening: socket.socket, descriptors: list[int]) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(1024)
        header = encode_header(PICTURE)
        message = struct.pack(">I", len(header) | SHARED) + header
        socket.send_fds(connection, [message], descriptors)
        with suppress(ConnectionResetError):  # it may go with the rest unread
            connection.recv(1)  # until the other end has gone
