"""Mirrors over HTTP, against a real server on loopback and its faults."""

import ssl
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

import pytest

from ota.errors import LinkError
from ota.mirrors.mirror import NotThereError, read_whole
from ota.mirrors.web import WebMirror
from tests.stand_ins.range_server import Link, RangeServer

DATA = Random(1).randbytes(300_000)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/a").write_bytes(DATA)
    return tmp_path


@pytest.fixture
def server(root: Path) -> Iterator[RangeServer]:
    with RangeServer(root) as server:
        yield server


def read(mirror: WebMirror, offset: int, most_bytes: int, path: str = "packs/a") -> bytes:
    return b"".join(mirror.read(path, offset=offset, most_bytes=most_bytes))


def add_parts(mirror: WebMirror, came: bytearray) -> None:
    for part in mirror.read("packs/a", most_bytes=300_000):
        came += part


def test_a_range_is_asked_for_and_nothing_more_comes(server: RangeServer) -> None:
    mirror = WebMirror(server.address)
    assert read(mirror, 1000, 5000) == DATA[1000:6000]
    assert read(mirror, 299_000, 5000) == DATA[299_000:]
    assert read(mirror, 300_000, 5000) == b""
    assert server.asked[0] == ("packs/a", "bytes=1000-5999")
    assert server.link.sent_bytes == 6000


def test_parts_that_a_server_cuts_smaller_are_put_together(server: RangeServer) -> None:
    server.most_answer_bytes = 700
    assert read(WebMirror(server.address), 10, 2000) == DATA[10:2010]


def test_a_file_that_is_not_there_is_told_apart_from_a_broken_link(server: RangeServer) -> None:
    with pytest.raises(NotThereError, match="has no packs/b"):
        read(WebMirror(server.address), 0, 10, "packs/b")
    server.status["packs/a"] = 503
    with pytest.raises(LinkError, match="503") as caught:
        read(WebMirror(server.address), 0, 10)
    assert not isinstance(caught.value, NotThereError)


def test_a_server_that_nobody_runs_is_a_broken_link(root: Path) -> None:
    with RangeServer(root) as server:
        address = server.address
    with pytest.raises(LinkError):
        read(WebMirror(address), 0, 10)


@pytest.mark.parametrize("reset", [False, True])
def test_a_link_that_breaks_gives_what_came_and_says_so(root: Path, *, reset: bool) -> None:
    with RangeServer(root, link=Link(drop_bytes=100_000, reset=reset)) as server:
        mirror, came = WebMirror(server.address), bytearray()
        with pytest.raises(LinkError):
            add_parts(mirror, came)
        assert came == DATA[: len(came)]
        assert reset or len(came) == 100_000
        assert read(mirror, 200_000, 50_000) == DATA[200_000:250_000]


def test_a_file_that_changed_meanwhile_is_noticed(server: RangeServer) -> None:
    mirror = WebMirror(server.address)
    read(mirror, 0, 1000)
    server.etags["packs/a"] = '"2"'
    with pytest.raises(LinkError, match="changed"):
        read(mirror, 1000, 1000)


# --- servers without ranges ----------------------------------------------------------------------


def test_a_server_without_ranges_is_read_on_and_sends_the_file_once(root: Path) -> None:
    with RangeServer(root, ranges=False) as server:
        mirror = WebMirror(server.address)
        assert read(mirror, 0, 100_000) == DATA[:100_000]
        assert read(mirror, 100_000, 200_000) == DATA[100_000:]
        assert len(server.asked) == 1
        assert read(mirror, 50_000, 10) == DATA[50_000:50_010]
        mirror.close()


def test_on_a_link_paid_by_volume_a_server_without_ranges_is_refused(root: Path) -> None:
    with RangeServer(root, ranges=False) as server:
        mirror = WebMirror(server.address, metered=True)
        for offset in (0, 1000):
            with pytest.raises(LinkError, match="metered") as caught:
                read(mirror, offset, 1000)
            assert caught.value.reason_code == "no-ranges"
        assert read_whole(mirror, "packs/a", most_bytes=300_000) == DATA


# --- limits --------------------------------------------------------------------------------------


def test_a_link_that_only_drips_is_given_up(root: Path) -> None:
    clock = count(0, 40)
    with RangeServer(root) as server:
        (root / "packs/a").write_bytes(DATA[:1000])
        mirror = WebMirror(server.address, now_s=lambda: float(next(clock)) * 40)
        with pytest.raises(LinkError, match="bytes came in"):
            read(mirror, 0, 1000)


def test_a_redirection_is_followed_a_few_times_and_never_to_another_scheme(
    server: RangeServer,
) -> None:
    server.redirect["old"] = "/packs/a"
    assert read(WebMirror(server.address), 5, 5, "old") == DATA[5:10]
    refusals = {
        "https://127.0.0.1/x": "another host or scheme",
        "file:///etc/passwd": "another host or scheme",
        "/loop": "more than 3 times",
        "//": "gave no more",
        "http://[::": "gave no more",
    }
    for target, text in refusals.items():
        server.redirect["loop"] = target
        with pytest.raises(LinkError, match=text):
            read(WebMirror(server.address), 0, 10, "loop")


def test_more_than_was_asked_for_is_not_read(server: RangeServer) -> None:
    with pytest.raises(LinkError, match="more than 1000 bytes"):
        read_whole(WebMirror(server.address), "packs/a", most_bytes=1000)
    assert server.link.sent_bytes == 1001


def test_a_certificate_is_checked_with_the_file_of_the_settings(root: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"]
    command += ["-out", "ca.pem", "-days", "2", "-subj", "/CN=x"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    with RangeServer(root) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(root / "ca.pem", root / "key.pem")
        server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
        address = server.address.replace("http:", "https:")
        assert read(WebMirror(address, ca_file=root / "ca.pem"), 1, 9) == DATA[1:10]
        with pytest.raises(LinkError, match="certificate"):
            read(WebMirror(address), 1, 9)


def test_a_password_in_the_address_is_not_shown() -> None:
    assert WebMirror("https://me:secret@host:8/x/").name == "https://host:8/x"
