"""RTSP over TLS with a real server: verified by the certificate that is named, else told."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CLIP
from tests.sensors.camera.sources.feed_bench import watching
from tests.stand_ins.rtsp import Cameras, needs_server, serving


def make_certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate as a camera has one, and the same with its key."""
    certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "3650"]
    subprocess.run([*words, "-subj", f"/CN={name}"], check=True, capture_output=True)
    both = directory / f"{name}-both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    return certificate, both


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def encrypted(directory: Path) -> Iterator[Cameras]:
    _, both = make_certificate(directory, "camera")
    with serving(f"front={CLIP}", options=("--tls", str(both))) as cameras:
        yield cameras


def url(server: Cameras) -> str:
    return server.url("front").replace("rtsp://", "rtsps://")


@needs_server
def test_a_stream_over_tls_plays_where_its_certificate_is_the_one_named(
    encrypted: Cameras, directory: Path
) -> None:
    with watching(url(encrypted), tls_ca_file=directory / "camera.pem") as bench:
        bench.until_it_plays()


@needs_server
def test_without_a_certificate_named_it_plays_unverified(encrypted: Cameras) -> None:
    with watching(url(encrypted)) as bench:
        bench.until_it_plays()


@needs_server
def test_another_certificate_is_refused_and_told(encrypted: Cameras, directory: Path) -> None:
    other, _ = make_certificate(directory, "other")
    with watching(url(encrypted), tls_ca_file=other) as bench:
        text, _ = bench.until_trouble()
        assert f"shows a certificate that {other} does not vouch for" in text
        assert bench.feed.sequence == -1


@needs_server
def test_a_camera_without_tls_and_a_file_that_is_no_certificate_are_told(
    encrypted: Cameras, directory: Path
) -> None:
    pem = directory / "camera.pem"
    with serving(f"front={CLIP}") as plain, watching(url(plain), tls_ca_file=pem) as bench:
        text, _ = bench.until_trouble()
    assert "cannot be opened with TLS" in text
    nothing = directory / "nothing.pem"
    nothing.write_text("no certificate\n")
    with watching(url(encrypted), tls_ca_file=nothing) as bench:
        text, _ = bench.until_trouble()
    assert f"cannot be opened with TLS and {nothing}" in text
