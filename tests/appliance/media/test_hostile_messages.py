"""The picture socket with another side that sends anything: it is answered, and nothing ends."""

import json
import math
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import CameraError, ListenError
from appliance.media import frame_socket
from appliance.media.frame_messages import (
    MOST_DATA_BYTES,
    MOST_HEADER_BYTES,
    encode_header,
    parse_header,
    parse_request,
)
from appliance.media.frame_socket import FrameClient, FrameServer, receive
from appliance.media.frames import Picture, PictureRequest, Refusal
from appliance.model_cameras import Box, Detection
from appliance.strict_json import InputError
from tests.appliance.media.test_frames import PICTURE, echo

BAD_REQUESTS = [
    b"[" * 1023,
    b"[" * 1022 + b"\n",
    b'{"a":' * 200 + b"\n",
    b'{"wait_s": "x"}\n',
    b'{"wait_s": NaN}\n',
    b'{"wait_s": Infinity}\n',
    b'{"wait_s": 1e999}\n',
    b'{"wait_s": -1}\n',
    b'{"wait_s": null}\n',
    b'{"wait_s": true}\n',
    b'{"wait_s": [1]}\n',
    b'{"after": 1.5}\n',
    b'{"after": "7"}\n',
    b'{"after": ' + b"9" * 900 + b"}\n",
    b'{"encoding": 7}\n',
    b'{"encoding": "tiff"}\n',
    b'{"encoding": ["bgr"]}\n',
    b'{"encoding": "\\ud800"}\n',
    b'{"moved": 1}\n',
    b'{"moved": "false"}\n',
    b'{"since_s": {}}\n',
    b'{"until_s": 1e300}\n',
    b'{"encoding": "bgr", "more": 1}\n',
    b'{"after": 1, "after": 2}\n',
    b"GET / HTTP/1.1\r\n",
    b"[1]\n",
    b"\xff\xfe\n",
    b"\x00\n",
    b"7\n",
    b"\n",
    b"x" * 5000,
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "camera-front.sock"


@pytest.fixture
def server(path: Path) -> Iterator[FrameServer]:
    with closing(FrameServer(path, echo)) as one:
        yield one


def connect(path: Path) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX)
    opened.settimeout(10)
    opened.connect(str(path))
    return opened


@pytest.mark.parametrize("line", BAD_REQUESTS)
def test_a_request_that_is_none_is_answered_with_why_and_the_server_goes_on(
    path: Path, server: FrameServer, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    with connect(path) as other:
        other.sendall(line)
        other.shutdown(socket.SHUT_WR)
        answer = receive(other)
    assert isinstance(answer, Refusal)
    assert answer.reason.startswith("the request cannot be understood: ")
    assert FrameClient(path).pull(PictureRequest()) == PICTURE
    assert not ended


def test_after_a_wrong_line_the_same_connection_gets_its_picture(
    path: Path, server: FrameServer
) -> None:
    with connect(path) as other:
        other.sendall(b'{"wait_s": "x"}\n{"after": -1}\n')
        assert isinstance(receive(other), Refusal)
        assert receive(other) == PICTURE


def test_connections_that_ask_for_nothing_make_room_for_one_that_does(
    path: Path, server: FrameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [FrameClient(path) for _ in range(frame_socket.MOST_CONNECTIONS)]
    assert all(one.pull(PictureRequest()) == PICTURE for one in kept)
    with connect(path) as other:
        assert receive(other) == frame_socket.BUSY
    monkeypatch.setattr(frame_socket, "IDLE_S", 0.0)
    with closing(FrameClient(path)) as asking:
        assert asking.pull(PictureRequest()) == PICTURE
    for one in kept:
        one.close()


def test_more_connections_than_threads_are_refused_and_a_place_becomes_free(
    path: Path, server: FrameServer
) -> None:
    kept = [FrameClient(path) for _ in range(frame_socket.MOST_CONNECTIONS)]
    assert all(one.pull(PictureRequest()) == PICTURE for one in kept)
    with connect(path) as other:
        assert receive(other) == frame_socket.BUSY
    kept[0].close()
    answer: object = frame_socket.BUSY
    for _ in range(1000):  # the server's thread has to see that it closed
        if answer == PICTURE:
            break
        try:
            with closing(FrameClient(path)) as late:
                answer = late.pull(PictureRequest())
        except CameraError:
            continue  # refused and closed before the request was sent
    assert answer == PICTURE


def test_a_server_without_descriptors_for_a_while_accepts_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_socket, "RETRY_S", 0.01)
    started = threading.Thread.start
    failing = iter([True, False])

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("frames") or not next(failing, False):
            return started(thread)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with closing(FrameServer(path, echo)):
        with pytest.raises(CameraError):
            FrameClient(path).pull(PictureRequest())
        assert FrameClient(path).pull(PictureRequest()) == PICTURE


def test_a_label_of_any_length_is_shown_by_its_beginning() -> None:
    found = Detection("shark, " * 30, 0.9, Box(0.1, 0.1, 0.2, 0.2))
    shown, _ = parse_header(encode_header(replace(PICTURE, detections=(found,))))
    assert isinstance(shown, Picture)
    assert found.label.startswith(shown.detections[0].label)


def test_a_socket_on_which_somebody_answers_is_not_taken_over(
    path: Path, server: FrameServer
) -> None:
    with pytest.raises(ListenError, match="another process answers on the socket"):
        FrameServer(path, echo)
    assert FrameClient(path).pull(PictureRequest()) == PICTURE


# --- what a camera may send to inference and the page --------------------------------------------


def header_with(**changes: Any) -> bytes:
    return json.dumps(json.loads(encode_header(PICTURE)) | changes).encode()


BAD_HEADERS = [
    b"[]",
    b'"text"',
    b"null",
    b"{}",
    b"[" * 100_000,
    b'{"reason": 7}',
    b'{"reason": "\\ud800"}',
    b'{"stamp": 1}',
    header_with(bytes=-1),
    header_with(bytes=MOST_DATA_BYTES + 1),
    header_with(bytes="9"),
    header_with(bytes=1.5),
    header_with(width=-320),
    header_with(height=10**400),
    header_with(sequence=None),
    header_with(media_s=math.nan),
    header_with(media_s=1e300),
    header_with(camera="../../etc"),
    header_with(camera="a" * 100),
    header_with(camera=7),
    header_with(encoding={}),
    header_with(stamp=["9999-12-31T23:59:59+00:00", "1", 1]),
    header_with(stamp=["0001-01-01T00:00:00+14:00", "1", 1]),
    header_with(stamp=["2026-04-15T02:00:00", "1", 1]),
    header_with(stamp=["soon", "1", 1]),
    header_with(stamp=["2026-04-15T02:00:00Z", "1"]),
    header_with(stamp=["2026-04-15T02:00:00Z", "1", -5]),
    header_with(detections=[["person", 2.0, 0, 0, 1, 1]]),
    header_with(detections=[["person", 0.5, 0, 0, 1]]),
    header_with(detections=[["person", 0.5, 0, 0, 1, "1"]]),
    header_with(detections=[["p" * 100, 0.5, 0, 0, 1, 1]]),
    header_with(detections=[["person", 0.5, 0, 0, 1, 1]] * 1001),
    header_with(detections="none"),
    header_with(region=[0, 0, 1]),
    header_with(region=[0, 0, 1, math.inf]),
    header_with(woken_by=None),
]


@pytest.mark.parametrize("sent", BAD_HEADERS)
def test_an_answer_of_another_form_is_a_camera_error(path: Path, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        client = FrameClient(path)
        client.ask(PictureRequest())
        connection, _ = listener.accept()
        with connection:
            connection.sendall(struct.pack(">I", len(sent)) + sent)
            with pytest.raises(CameraError, match="no pictures from camera-front"):
                client.take()


def test_a_header_of_a_gigabyte_is_not_waited_for(path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">I", MOST_HEADER_BYTES + 1))
        with pytest.raises(InputError, match="announced"):
            receive(ours)


def test_a_picture_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_socket, "TIMEOUT_S", 0.0)
    monkeypatch.setattr(frame_socket, "STALL_S", 5.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\x00")
        monkeypatch.setattr(ours.__class__, "settimeout", lambda *_: None)
        with pytest.raises(TimeoutError, match="too slowly"):
            receive(ours)


def test_a_picture_in_another_encoding_than_requested_is_refused(
    path: Path, server: FrameServer
) -> None:
    with pytest.raises(CameraError, match="bgr came, mp4 was requested"):
        FrameClient(path).pull(PictureRequest("mp4"))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_named_error(data: bytes) -> None:
    for parse in (parse_request, parse_header):
        try:
            found = parse(data)
        except InputError:
            continue
        assert isinstance(found, PictureRequest | tuple)


SIDES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([[]])
)


@given(st.sampled_from(sorted(json.loads(encode_header(PICTURE)))), SIDES)
def test_a_header_with_one_strange_value_is_a_picture_or_the_named_error(
    name: str, value: object
) -> None:
    try:
        picture, size = parse_header(header_with(**{name: value}))
    except InputError:
        return
    assert isinstance(picture, Picture)
    assert 0 <= size <= MOST_DATA_BYTES
