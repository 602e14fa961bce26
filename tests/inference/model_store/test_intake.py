"""Files that are no model, and packs that would harm: refused before anything is unpacked."""

import os
import zipfile
from pathlib import Path

import pytest

from appliance.errors import ModelError
from inference.model_store import intake
from inference.model_store.card_making.request import CardMaker
from tests.scenes.onnx_models import make_model, write_model


def in_one_line(error: ModelError) -> str:
    assert "\n" not in str(error)
    return str(error)


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def taken(source: Path, target: Path, card: Path | None = None) -> str:
    """Why a file is not taken in; "" where it is."""
    target.mkdir(exist_ok=True)
    try:
        intake.copy_model(source, card, target=target, maker=CardMaker())
    except ModelError as error:
        return in_one_line(error)
    return ""


@pytest.fixture
def good(tmp_path: Path) -> dict[str, bytes]:
    """The members of a sound pack."""
    path = write_model(tmp_path / "good", make_model())
    return {one.name: one.read_bytes() for one in (path, path.with_suffix(".json"))}


def test_a_pack_of_model_card_and_licence_is_unpacked(
    tmp_path: Path, good: dict[str, bytes]
) -> None:
    source = pack(tmp_path / "p.zip", good | {"LICENSE": b"free", "PROVENANCE.md": b"here"})
    assert taken(source, tmp_path / "in") == ""
    found = {path.name: path.read_bytes() for path in (tmp_path / "in").iterdir()}
    assert found == good


def test_a_pack_that_is_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, good: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = pack(tmp_path / "bomb.zip", good | {"small.onnx": bytes(9_000_000)})
    assert source.stat().st_size < 20_000
    monkeypatch.setattr(intake, "MOST_MODEL_BYTES", 1_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert "would unpack 'small.onnx' to 9 MiB" in taken(source, tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []


def test_a_pack_that_lies_about_its_size_gives_no_more_than_it_says(
    tmp_path: Path, good: dict[str, bytes]
) -> None:
    source = pack(tmp_path / "liar.zip", good | {"small.onnx": bytes(9_000_000)})
    data = source.read_bytes()
    source.write_bytes(data.replace((9_000_000).to_bytes(4, "little"), b"\xe8\3\0\0"))
    assert "is damaged" in taken(source, tmp_path / "in")
    assert sum(path.stat().st_size for path in (tmp_path / "in").glob("*.onnx")) <= 1000


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({f"{number}.txt": b"" for number in range(20)}, "more than 8 files"),
        ({"../evil.onnx": b"x", "c.json": b"{}"}, "in a directory"),
        ({"/etc/evil.onnx": b"x", "c.json": b"{}"}, "in a directory"),
        ({"run.sh": b"x"}, "besides one model and one card"),
        ({"a.onnx": b"x", "b.onnx": b"y"}, "besides one model and one card"),
        ({"a.json": b"{}"}, "lacks a model (.onnx)"),
        ({"a.onnx": b"x"}, "the model a is no ONNX model"),
        ({"a.json": bytes(2_000_000)}, "would unpack 'a.json'"),
        ({"a.onnx": b"x", "a.json": b"{"}, "damaged or incomplete"),
    ],
)
def test_a_pack_of_other_things_is_refused(
    tmp_path: Path, members: dict[str, bytes], text: str
) -> None:
    assert text in taken(pack(tmp_path / "p.zip", members), tmp_path / "in")


def test_a_torn_pack_is_refused(tmp_path: Path, good: dict[str, bytes]) -> None:
    source = pack(tmp_path / "p.zip", good)
    source.write_bytes(source.read_bytes()[:-30])
    assert "is damaged" in taken(source, tmp_path / "in")


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"\x1f\x8b\x08", "an archive (gzip)"),
        (b"BZh9", "an archive (bzip2)"),
        (b"\xfd7zXZ\0", "an archive (xz)"),
        (b"x" * 257 + b"ustar", "an archive (tar)"),
    ],
    ids=["gzip", "bzip2", "xz", "tar"],
)
def test_any_other_archive_is_refused(tmp_path: Path, head: bytes, text: str) -> None:
    source = tmp_path / "model.onnx"
    source.write_bytes(head + bytes(300))
    assert text in taken(source, tmp_path / "in")


def test_what_is_no_file_or_too_large_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "empty.onnx").touch()
    with (tmp_path / "huge.onnx").open("wb") as file:
        file.truncate(2**40)
    text = {
        tmp_path / "pipe.onnx": "is no file but a pipe",
        tmp_path: "is no file but a directory",
        Path("/dev/zero"): "is no file but a device",
        tmp_path / "empty.onnx": "is empty; copy it again",
        tmp_path / "huge.onnx": "MiB, a model here may have 256",
        tmp_path / "nowhere.onnx": "No such file",
    }
    for source, sentence in text.items():
        assert sentence in taken(source, tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []
