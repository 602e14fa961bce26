"""Pictures between processes, over real sockets: whole, refused, cut, or nobody there."""

import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.errors import CameraError, ListenError
from appliance.media.frame_socket import FrameClient, FrameServer
from appliance.media.frames import Answer, Picture, PictureRequest, Refusal
from appliance.model import Stamp
from appliance.model_cameras import Box, Detection
from tests.stand_ins.fakes import START

PICTURE = Picture(
    camera="front",
    stamp=Stamp(START, "00000001", 12.5),
    sequence=7,
    skipped=3,
    media_s=1.25,
    width=320,
    height=240,
    encoding="bgr",
    data=bytes(range(256)) * 900,
    detections=(Detection("person", 0.75, Box(0.1, 0.2, 0.3, 0.4)),),
)


def echo(ask: PictureRequest) -> Answer:
    """The picture, numbered after what was asked."""
    if ask.encoding == "jpeg":
        return Refusal("only packet sizes are checked, nothing is decoded")
    return PICTURE if ask.after < PICTURE.sequence else Refusal("no new picture yet")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run/camera-front.sock"


def test_a_picture_arrives_as_it_was_sent(path: Path) -> None:
    FrameServer(path, echo)
    assert FrameClient(path).pull(PictureRequest()) == PICTURE


def test_one_connection_serves_many_pulls_and_refusals(path: Path) -> None:
    FrameServer(path, echo)
    client = FrameClient(path)
    for _ in range(20):
        assert client.pull(PictureRequest(after=6)) == PICTURE
        assert client.pull(PictureRequest(after=7)) == Refusal("no new picture yet")
        assert client.pull(PictureRequest("jpeg")) == Refusal(
            "only packet sizes are checked, nothing is decoded"
        )


def test_two_consumers_do_not_disturb_each_other(path: Path) -> None:
    FrameServer(path, echo)
    got: list[Answer] = []
    client = FrameClient(path)
    threads = [
        threading.Thread(target=lambda: got.append(FrameClient(path).pull(PictureRequest())))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    assert client.pull(PictureRequest(after=7)) == Refusal("no new picture yet")
    for thread in threads:
        thread.join()
    assert got == [PICTURE] * 8


def test_nobody_there_is_a_camera_error_that_names_the_camera(path: Path) -> None:
    with pytest.raises(CameraError, match="no pictures from camera-front"):
        FrameClient(path).pull(PictureRequest())


def test_a_socket_left_by_a_killed_server_is_refused_and_taken_over(path: Path) -> None:
    path.parent.mkdir()
    killed = socket.socket(socket.AF_UNIX)
    killed.bind(str(path))
    killed.close()
    client = FrameClient(path)
    with pytest.raises(CameraError, match="refused"):
        client.pull(PictureRequest())
    FrameServer(path, echo)
    assert client.pull(PictureRequest()) == PICTURE


def test_a_closed_server_takes_no_new_consumers(path: Path) -> None:
    FrameServer(path, echo).close()
    assert not path.exists()
    with pytest.raises(CameraError):
        FrameClient(path).pull(PictureRequest())


def test_a_closed_server_answers_nobody_any_more(path: Path) -> None:
    server = FrameServer(path, echo)
    client = FrameClient(path)
    assert client.pull(PictureRequest()) == PICTURE
    server.close()
    with pytest.raises(CameraError, match="camera-front"):
        client.pull(PictureRequest())


def test_a_directory_that_cannot_hold_a_socket_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ListenError, match="cannot be opened"):
        FrameServer(tmp_path / "file/camera-front.sock", echo)


def test_the_group_may_connect_and_others_may_not(path: Path) -> None:
    FrameServer(path, echo)
    assert path.stat().st_mode & 0o777 == 0o660


@contextmanager
def one_answer(path: Path, answer: bytes) -> Iterator[None]:
    """A server that sends these bytes to its one consumer, then goes away (as if killed)."""
    path.parent.mkdir(exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        listener.close()


def header(**changes: object) -> bytes:
    """A header as the server sends it for `PICTURE`, with `changes`."""
    fields = {
        "camera": "front",
        "sequence": 7,
        "skipped": 3,
        "media_s": 1.25,
        "width": 320,
        "height": 240,
        "encoding": "bgr",
        "stamp": ["2026-04-15T02:00:00.000Z", "00000001", 12.5],
        "detections": [],
        "region": None,
        "woken_by": "",
        "bytes": len(PICTURE.data),
    }
    encoded = json.dumps(fields | changes).encode()
    return struct.pack(">I", len(encoded)) + encoded


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x00",
        struct.pack(">I", 100) + b'{"camera"',
        struct.pack(">I", 3) + b"xyz",
        struct.pack(">I", 2) + b"{}",
        header(),
        header() + PICTURE.data[:1000],
    ],
    ids=["nothing", "length", "cut-header", "no-json", "empty-header", "no-data", "cut-data"],
)
def test_a_picture_cut_in_the_middle_is_an_error_and_the_next_is_whole(
    path: Path, answer: bytes
) -> None:
    client = FrameClient(path)
    with one_answer(path, answer), pytest.raises(CameraError, match="no pictures from"):
        client.pull(PictureRequest())
    path.unlink()
    FrameServer(path, echo)
    assert client.pull(PictureRequest()) == PICTURE


def test_a_camera_that_freezes_in_the_middle_of_a_picture_is_not_waited_for_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.media.frame_socket.TIMEOUT_S", 60.0)
    monkeypatch.setattr("appliance.media.frame_socket.STALL_S", 0.05)
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(path))
        frozen.listen()
        client = FrameClient(path)
        client.ask(PictureRequest())
        connection, _ = frozen.accept()
        with connection:
            connection.sendall(header() + PICTURE.data[:1000])
            with pytest.raises(CameraError, match="timed out"):
                client.take()


def test_fifty_lost_servers_leave_no_descriptors_behind(path: Path) -> None:
    client = FrameClient(path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        with one_answer(path, header()), pytest.raises(CameraError):
            client.pull(PictureRequest())
        path.unlink()
    assert len(os.listdir("/proc/self/fd")) <= before
