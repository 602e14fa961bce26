"""Servers that are no web servers: raw sockets that give what an attacker would."""

import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import pytest

from ota.errors import LinkError
from ota.mirrors.mirror import read_whole
from ota.mirrors.web import WebMirror

Act = Callable[[socket.socket, Event], None]
DRIPS = {
    "http": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "https": b"\x16\x03\x03\x40\x00",  # a record of TLS of 16 KiB begins
}


@contextmanager
def listen(act: Act) -> Iterator[int]:
    """A port on which each connection is handed to `act`."""
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as ends:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    ends.callback(connection.close)
                    Thread(target=act, args=(connection, ended), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        ended.set()


def answer(data: bytes, asked: list[bytes] | None = None) -> Act:
    def act(connection: socket.socket, _: Event) -> None:
        question = connection.recv(9999)
        if asked is not None:
            asked.append(question)
        connection.sendall(data)
        connection.close()

    return act


@pytest.mark.parametrize("scheme", DRIPS)
def test_a_server_that_drips_before_its_answer_is_given_up(scheme: str) -> None:
    def drip(connection: socket.socket, ended: Event) -> None:
        connection.recv(9999)
        connection.sendall(DRIPS[scheme])
        with suppress(OSError):
            while not ended.wait(0.05):
                connection.sendall(b"a")

    with listen(drip) as port:
        began_s = time.monotonic()
        with pytest.raises(LinkError):
            read_whole(WebMirror(f"{scheme}://127.0.0.1:{port}", answer_s=0.5), "a", most_bytes=9)
        assert time.monotonic() - began_s < 10


def test_a_packed_body_is_not_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    body = packer.compress(bytes(50_000_000)) + packer.flush()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    with listen(answer(head.encode() + body)) as port:
        assert read_whole(WebMirror(f"http://127.0.0.1:{port}"), "a", most_bytes=10**6) == body


def test_a_redirection_does_not_lead_to_the_devices_beside_the_unit() -> None:
    switched: list[bytes] = []
    with listen(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\non", switched)) as relay:
        target = f"http://127.0.0.1:{relay}/relay/0?turn=off"
        head = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
        with listen(answer(head.encode())) as port, pytest.raises(LinkError, match="another host"):
            read_whole(WebMirror(f"http://127.0.0.1:{port}"), "a", most_bytes=9)
    assert switched == []


def test_where_a_server_leads_to_moves_no_cursor() -> None:
    head = (
        b"HTTP/1.1 302 Found\r\nLocation: ftp://x/\x1b[2J\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n"
    )
    with listen(answer(head)) as port, pytest.raises(LinkError) as caught:
        read_whole(WebMirror(f"http://127.0.0.1:{port}"), "a", most_bytes=9)
    assert str(caught.value).isprintable()
