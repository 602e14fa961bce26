"""What cameras and networks do to a unit, each through a real feed: noticed, reported, survived.

Real time, real sockets, a real RTSP server. The feed's cycle runs ten times a second here, so
what is measured is the source's own share; the service adds its cycle of one second.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from sensors.camera.sources.live import READER
from tests.conftest import CLIP
from tests.sensors.camera.sources.feed_bench import SECRET, watching
from tests.stand_ins.rtsp import (
    Cameras,
    Wire,
    needs_server,
    serving,
    wait_for_threads,
    wire_to,
)
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def server() -> Iterator[Cameras]:
    with serving(f"front={CLIP}") as cameras:
        yield cameras


# --- cameras that stop ----------------------------------------------------------------------------


@needs_server
def test_a_frozen_camera_is_noticed_and_seen_again_when_it_returns(server: Cameras) -> None:
    with watching(server.url("front")) as bench:
        bench.until_it_plays()
        server.freeze()
        try:
            text, noticed_s = bench.until_trouble()
        finally:
            server.thaw()
        assert "has sent nothing for 2 s" in text
        assert noticed_s < 3.0
        assert bench.until_it_plays(frames=1) < 5.0
    wait_for_threads(READER, 0)


@needs_server
def test_a_camera_that_dies_and_starts_again_is_found(tmp_path: Path) -> None:
    with serving(f"front={CLIP}") as server, watching(server.url("front")) as bench:
        bench.until_it_plays()
        server.kill()
        text, noticed_s = bench.until_trouble()
        assert noticed_s < 3.0
        assert "broke off" in text or "has ended the stream" in text
        text, _ = bench.until_trouble()
        server.start()
        assert bench.until_it_plays(frames=1) < 5.0


@needs_server
def test_a_half_open_connection_is_noticed_like_a_freeze(server: Cameras) -> None:
    with wire_to(server.port) as wire, watching(url(wire)) as bench:
        bench.until_it_plays()
        wire.swallows = True
        text, noticed_s = bench.until_trouble()
        assert "has sent nothing" in text
        assert noticed_s < 3.0
        wire.swallows = False
        bench.until_it_plays()


@needs_server
def test_a_slow_network_is_late_and_no_fault(server: Cameras) -> None:
    with wire_to(server.port) as wire, watching(url(wire)) as bench:
        wire.bytes_per_s = 60_000
        bench.until_it_plays()
        troubles = [bench.run_cycle() for _ in range(15)]
        assert troubles == [""] * 15
        assert bench.feed.sequence > 10


def url(wire: Wire) -> str:
    return f"rtsp://127.0.0.1:{wire.port}/front"


# --- cameras that say what nobody understands -----------------------------------------------------


@needs_server
def test_flipped_bytes_end_no_process_and_the_stream_comes_back(server: Cameras) -> None:
    with wire_to(server.port) as wire, watching(url(wire)) as bench:
        bench.until_it_plays()
        wire.flips_every = 500
        for _ in range(20):
            bench.run_cycle()
        wire.flips_every = None
        bench.until_it_plays()


@contextmanager
def talker(*, data: bytes, again: bool = False) -> Iterator[int]:
    """A server that says something to whoever comes, whatever is asked."""
    over = threading.Event()

    def talk(peer: socket.socket) -> None:
        with suppress(OSError), peer:
            peer.sendall(data)
            while again and not over.wait(0.01):
                peer.sendall(data)
            over.wait(20)

    def accept(ear: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(ear.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as ear:
        threading.Thread(target=accept, args=(ear,), daemon=True).start()
        yield ear.getsockname()[1]
        over.set()


STRANGERS = {
    "noise": ("rtsp", b"\x00\xff\x13\x37 noise\r\n" * 500, False),
    "a web server": ("rtsp", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
    "an endless header": ("rtsp", b"RTSP/1.0 200 OK\r\nX-Endless: ", True),
    "ssh": ("rtsp", b"SSH-2.0-OpenSSH_9.6\r\n", False),
    "no HTTP": ("http", b"SSH-2.0-OpenSSH_9.6\r\n", False),
    "no pictures": ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
}


def test_what_is_no_camera_is_reported_and_ends_by_itself() -> None:
    with ExitStack() as all_at_once:
        benches = {}
        for name, (scheme, data, again) in STRANGERS.items():
            port = all_at_once.enter_context(talker(data=data, again=again))
            source = f"{scheme}://ann:{SECRET}@127.0.0.1:{port}/x"
            benches[name] = all_at_once.enter_context(watching(source))
        messages: dict[str, str] = {}

        def all_answered() -> bool:
            for name, bench in benches.items():
                messages[name] = messages.get(name) or bench.run_cycle()
            return all(messages.values())

        assert wait_until(all_answered, "trouble with each", 20) < 9
        for name, text in messages.items():
            assert text.startswith(f"{STRANGERS[name][0]}://127.0.0.1:")
            assert SECRET not in text
    wait_for_threads(READER, 0)


def test_a_refused_connection_is_reported_and_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with watching(f"rtsp://127.0.0.1:{port}/x") as bench:
        text, took_s = bench.until_trouble()
        assert text == (
            f"rtsp://127.0.0.1:{port}/x refuses the connection: "
            "check the port, and that it is switched on"
        )
        assert took_s < 1
        wait_until(lambda: bench.run_cycle() != "" and len(bench.opened_s) > 1, "another try", 5)
