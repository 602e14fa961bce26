"""A stick as a mirror: also read-only, damaged, pulled out, or made by somebody hostile."""

import os
import shutil
from pathlib import Path

import pytest

from appliance.sections.network import UpdateSettings
from ota.errors import LinkError
from ota.mirrors.directory import DirectoryMirror
from ota.mirrors.mirror import NotThereError
from ota.mirrors.opening import open_mirrors
from ota.mirrors.web import WebMirror


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    root = tmp_path / "my stick"
    (root / "packs").mkdir(parents=True)
    (root / "packs/a").write_bytes(bytes(range(256)) * 1000)
    (tmp_path / "secret").write_bytes(b"secret")
    return root


def read(root: Path, path: str, offset: int = 0, most_bytes: int = 10) -> bytes:
    return b"".join(DirectoryMirror(str(root)).read(path, offset=offset, most_bytes=most_bytes))


def test_a_range_of_a_file_is_read(stick: Path) -> None:
    assert read(stick, "packs/a", 100_000, 70_000) == (bytes(range(256)) * 1000)[100_000:170_000]
    assert read(stick, "packs/a", 255_990, 70_000) == bytes(range(246, 256))
    assert read(stick, "packs/a", 400_000) == b""


def test_an_address_may_have_a_space(stick: Path) -> None:
    mirror = DirectoryMirror(f"file://{stick}".replace(" ", "%20"))
    assert b"".join(mirror.read("packs/a", most_bytes=2)) == b"\0\1"


@pytest.mark.parametrize("path", ["../secret", "packs/../../secret", "/etc/passwd", "", "packs//a"])
def test_no_path_leads_out_of_the_stick(stick: Path, path: str) -> None:
    with pytest.raises(LinkError):
        read(stick, path)


def test_no_link_on_the_stick_is_followed(stick: Path) -> None:
    (stick / "packs/link").symlink_to("../../secret")
    (stick / "folder").symlink_to("packs")
    for path in ("packs/link", "folder/a"):
        with pytest.raises(LinkError):
            read(stick, path)


def test_a_pipe_a_device_and_a_directory_are_no_files_and_nobody_waits(stick: Path) -> None:
    os.mkfifo(stick / "packs/pipe")
    for path in ("packs/pipe", "packs"):
        with pytest.raises(LinkError):
            read(stick, path)
    with pytest.raises(LinkError):
        read(Path("/dev"), "zero")


def test_a_missing_file_and_a_missing_stick_are_told_apart(stick: Path) -> None:
    with pytest.raises(NotThereError):
        read(stick, "packs/b")
    shutil.rmtree(stick)
    with pytest.raises(LinkError, match="plug the stick in") as caught:
        read(stick, "packs/b")
    assert not isinstance(caught.value, NotThereError)


def test_a_stick_that_is_pulled_out_while_it_is_read_is_a_broken_link(
    stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = DirectoryMirror(str(stick)).read("packs/a", most_bytes=256_000)
    assert len(next(parts)) == 65_536

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    with pytest.raises(LinkError, match="plug the stick in again"):
        next(parts)


def test_the_settings_name_mirrors_in_their_order() -> None:
    addresses = ("https://host/x", "http://192.168.1.7:8080", "file:///media/usb")
    first, second, third = open_mirrors(UpdateSettings(mirrors=addresses, metered=True))
    assert [one.name for one in (first, second, third)] == list(addresses)
    assert isinstance(first, WebMirror)
    assert first.metered


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://x/y",
        "host/x",
        "file://host/x",
        "file:x",
        "https://",
        "http://[",
        "http://h:99999",
    ],
)
def test_an_address_that_is_none_is_refused_in_words(address: str) -> None:
    with pytest.raises(LinkError, match="is no mirror"):
        open_mirrors(UpdateSettings(mirrors=(address,)))
