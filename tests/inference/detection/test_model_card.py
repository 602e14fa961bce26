"""A model's card: what it must hold, old forms that stay readable, everything that is refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import ModelError
from appliance.model_cameras import Tier
from inference.detection.model_card import (
    Licence,
    build_card,
    compute_digest,
    read_card,
    read_verified_card,
)
from tests.conftest import MODEL
from tests.scenes.onnx_models import make_card, make_model, write_model

SHIPPED = read_card(MODEL.with_suffix(".json"))


def refused(tmp_path: Path, text: str) -> str:
    """What is said of a card with this text."""
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(ModelError) as error:
        read_card(path)
    return str(error.value)


def changed(where: str, value: Any) -> str:
    """A card's text with one value changed; `where` is section.key, or a key."""
    card = make_card(b"model")
    section, _, key = where.rpartition(".")
    (card[section] if section else card)[key] = value
    return json.dumps(card)


def test_the_shipped_card_has_name_licence_and_batch() -> None:
    assert SHIPPED.name == "nanodet-g-416-int8"
    assert (SHIPPED.tier, SHIPPED.size, SHIPPED.batch) == (Tier.INT8, 416, 1)
    assert SHIPPED.licence.weights == "Apache-2.0"
    assert "RangiLyu" in SHIPPED.licence.lineage


def test_a_card_of_the_first_form_has_its_files_name() -> None:
    card = make_card(b"model", "NanoDet-g 416, COCO-80, int8", file="nanodet-g-416-int8.onnx")
    del card["licence"]
    read = build_card(card)
    assert (read.name, read.licence, read.batch) == ("nanodet-g-416-int8", Licence(), 1)


def test_a_card_with_a_title_alone_gets_a_name_from_it() -> None:
    assert build_card(make_card(b"model", "Barn owls, v2")).name == "barn-owls-v2"


@pytest.mark.parametrize("batch", [None, -1, "N", "batch"])
def test_a_batch_without_a_number_is_any(batch: object) -> None:
    assert build_card(
        make_card(b"") | {"input": make_card(b"")["input"] | {"shape": [batch, 3, 32, 32]}}
    )


@pytest.mark.parametrize(("batch", "read"), [("N", None), (1, 1), (4, 4)])
def test_the_batch_is_read(batch: object, read: int | None) -> None:
    entry = make_card(b"")["input"] | {"shape": [batch, 3, 32, 32]}
    assert build_card(make_card(b"", input=entry)).batch == read


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        ("sha256", "12", "64 hex digits"),
        ("sha256", None, "damaged or incomplete"),
        ("decoder", "dream", "'dream' is none of nanodet, yolo"),
        ("tier", "fast", "is not a valid Tier"),
        ("input.shape", [1, 32, 32, 3], "no picture of three channels in NCHW"),
        ("input.shape", [1, 1, 32, 32], "no picture of three channels"),
        ("input.shape", [1, 3, 32], "damaged or incomplete"),
        ("input.shape", [0, 3, 32, 32], "batch must be"),
        ("input.shape", [1, 3, 10**9, 10**9], "width must be a whole number from 32"),
        ("input.channels", "GBR", "channels must be one of BGR, RGB"),
        ("input.resize", "crop", "is not a valid Resize"),
        ("input.layout", "CHWN", "is not a valid Layout"),
        ("input.type", "bfloat16", "a type must be one of"),
        ("input.pad", "grey", "damaged or incomplete"),
        ("input.constants", [{"name": "size"}], "damaged or incomplete"),
        ("output.box", "ltwh", "is not a valid BoxForm"),
        ("output.activation", "relu", "is not a valid Activation"),
        ("output.iou", 1.5, "iou must be a number from 0 to 1"),
        ("output.columns", ["left", "top"], "its columns must be left"),
        ("input.name", 5, "must be text"),
        ("input.name", "a\x1b[2J", "must be text in one line"),
        ("input.std", [1, 1, 0], "std must be three numbers"),
        ("input.mean", [1, 1], "damaged or incomplete"),
        ("output.strides", [8, 0], "stride must be"),
        ("output.bins", 1e9, "bins must be"),
        ("classes", [], "must have names"),
        ("classes", ["a", "a"], "each another one"),
        ("licence.weights", "MIT\nApproved", "must be text in one line"),
        ("licence", "MIT", "damaged or incomplete"),
    ],
)
def test_a_wrong_card_is_refused_by_name(
    tmp_path: Path, where: str, value: object, message: str
) -> None:
    assert message in refused(tmp_path, changed(where, value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "damaged or incomplete"),
        ("[]", "damaged or incomplete"),
        ("[" * 200_000, "damaged or incomplete"),
        (changed("input.mean", [float("nan"), 0, 0]), "NaN is no number"),
        ('"' + "x" * 1_000_001, "larger than 1000000 bytes"),
    ],
    ids=["empty", "list", "deep", "nan", "large"],
)
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


def test_a_card_that_is_a_pipe_or_a_directory_is_refused_at_once(tmp_path: Path) -> None:

    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "dir.json").mkdir()
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read_card(tmp_path / "pipe.json")
    with pytest.raises(ModelError, match="Is a directory"):
        read_card(tmp_path / "dir.json")


def test_a_model_that_is_a_pipe_is_refused_at_once(tmp_path: Path) -> None:

    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ModelError, match="no regular file"):
        compute_digest(tmp_path / "pipe.onnx")


def test_a_card_for_another_file_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path, make_model())
    assert read_verified_card(path).name == "small"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="damaged or another one"):
        read_verified_card(path)
