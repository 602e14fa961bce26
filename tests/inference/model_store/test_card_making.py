"""Models without a card, in the forms in which people export them: it is found, or asked for."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from appliance.errors import ModelError
from inference.detection.detector import OnnxDetector
from inference.detection.model_card import read_card
from inference.model_store.card_making import labels, trial_picture
from inference.model_store.card_making.facts import ModelFacts, parse_value
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.labels import COCO
from inference.model_store.card_making.request import CardMaker
from inference.model_store.examine import examine
from tests.conftest import MODEL
from tests.scenes.foreign_exports import make_export
from tests.scenes.onnx_models import make_model

ULTRALYTICS = {
    "author": "Ultralytics",
    "license": "AGPL-3.0 License (https://ultralytics.com/license)",
    "task": "detect",
    "names": str(dict(enumerate(COCO))),
}


def make_card(model: Path, **hints: Any) -> tuple[dict[str, Any], str]:
    """The card that is made, and the notes."""
    maker = CardMaker(Hints(**hints), licence="Apache-2.0")
    text = maker.make(model)
    model.with_suffix(".json").write_bytes(text)
    return json.loads(text), "; ".join(maker.notes)


def make_constant(path: Path, shape: tuple[int, ...], names: str) -> Path:
    """A model whose output is nothing but zeros, whatever it sees."""
    entry = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)
    zeros = numpy_helper.from_array(np.zeros(shape, np.float32))
    node = helper.make_node("Constant", [], ["output"], value=zeros)
    graph = helper.make_graph([node], "constant", [entry], [output])
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    helper.set_model_props(model, {"names": names})
    path.write_bytes(model.SerializeToString())
    return path


def find_people(model: Path) -> trial_picture.TrialScore:
    """What the unit finds with the card that was made."""
    detector = OnnxDetector(model, threads=1, floor=0.3, labels=("person",))
    return trial_picture.score(detector.detect(trial_picture.load_picture()))


@pytest.mark.parametrize(
    ("output", "form", "decoder", "manner"),
    [
        ("yolov8", {}, "yolo", "RGB letterbox 255"),
        ("yolov8", {"channels": "BGR", "scale": 1.0}, "yolo", "BGR letterbox 1"),
        ("yolov5", {}, "yolo", "RGB letterbox 255"),
        ("yolox", {"channels": "BGR", "scale": 1.0}, "yolox", "BGR letterbox-top-left 1"),
        ("detr", {}, "detr", "RGB stretch 255"),
        ("rows", {}, "rows", "RGB letterbox 255"),
        ("parts", {"sizes": True}, "parts", "RGB stretch 255"),
        (
            "parts",
            {"layout": "NHWC", "kind": TensorProto.UINT8, "scale": 1.0},
            "parts",
            "RGB letterbox 1",
        ),
        ("yolov8", {"kind": TensorProto.FLOAT16}, "yolo", "RGB letterbox 255"),
    ],
)
def test_an_export_gets_the_card_with_which_it_finds_people(
    tmp_path: Path, output: str, form: dict[str, Any], decoder: str, manner: str
) -> None:
    model = make_export(tmp_path / "foreign.onnx", output, **form)
    card, notes = make_card(model)
    assert card["decoder"] == decoder, notes
    entry = card["input"]
    assert f"{entry['channels']} {entry['resize']} {entry['std'][0]:g}" == manner, notes
    assert "those of COCO are taken" in notes
    assert "finds 4 of 4 people" in notes
    score = find_people(model)
    assert (score.found, score.wrong) == (4, 0)


def test_a_wrong_word_of_the_owner_is_told(tmp_path: Path) -> None:
    model = make_export(tmp_path / "foreign.onnx", "yolov8")
    with pytest.raises(ModelError, match=r"how it wants its pictures is not clear.*--input-order"):
        make_card(model, input_range="0..255")
    with pytest.raises(ModelError, match="cannot be read as the head rows"):
        make_card(model, head="rows")
    card, notes = make_card(model, input_range="0..255", untried=True)
    assert card["input"]["std"] == [1, 1, 1]
    assert "added untried: look at its first events" in notes


def test_another_manner_than_the_familys_is_taken_where_it_is_clearly_better(
    tmp_path: Path,
) -> None:
    model = make_export(tmp_path / "foreign.onnx", "detr", channels="BGR", scale=1.0)
    card, notes = make_card(model)
    assert (card["input"]["channels"], card["input"]["std"]) == ("BGR", [1, 1, 1])
    assert "its family usually wants RGB, 0..1, stretch, with which it finds" in notes


def test_the_metadata_say_names_and_licence(tmp_path: Path) -> None:
    model = make_export(tmp_path / "foreign.onnx", "yolov8", metadata=ULTRALYTICS)
    maker = CardMaker()
    card = json.loads(maker.make(model))
    assert card["licence"]["weights"] == "AGPL-3.0"
    assert tuple(card["classes"]) == COCO
    assert "COCO" not in "".join(maker.notes)


@pytest.mark.parametrize("text", ["made\nin two\x1b[2J lines", "x" * 2_000_000])
def test_any_description_becomes_one_line_of_the_card(tmp_path: Path, text: str) -> None:
    metadata = ULTRALYTICS | {"description": text}
    model = make_export(tmp_path / "foreign.onnx", "yolov8", metadata=metadata)
    lineage = json.loads(CardMaker().make(model))["licence"]["lineage"]
    assert lineage.isprintable()
    assert lineage[:2] == text[:2]
    assert len(lineage) <= 300


def test_a_licence_that_nobody_says_is_asked_for(tmp_path: Path) -> None:
    model = make_export(tmp_path / "foreign.onnx", "yolov8")
    with pytest.raises(ModelError, match="add it with --licence NAME"):
        CardMaker().make(model)


def test_a_model_for_another_task_or_of_unknown_form_is_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    metadata = ULTRALYTICS | {"task": "obb"}
    turned = make_export(tmp_path / "turned.onnx", "yolov8", metadata=metadata)
    with pytest.raises(ModelError, match=r"task 'obb'.*export a detection model"):
        make_card(turned)
    small = tmp_path / "small.onnx"
    small.write_bytes(make_model().SerializeToString())
    with pytest.raises(ModelError, match=r"gives out_8_2 \[1, 16, 2\].*--labels FILE"):
        make_card(small)


def test_a_model_that_knows_no_people_is_added_untried_and_that_is_said(tmp_path: Path) -> None:
    names = {number: f"owl {number}" for number in range(80)}
    metadata = ULTRALYTICS | {"names": str(names)}
    model = make_export(tmp_path / "owls.onnx", "yolov8", metadata=metadata)
    card, notes = make_card(model)
    assert card["input"]["channels"] == "RGB"
    assert "not tried, since none of its classes is a person" in notes
    twofold = make_constant(tmp_path / "more.onnx", (1, 300, 6), "['owl', 'fox']")
    with pytest.raises(ModelError, match=r"may have the head rows or yolo.*--head"):
        make_card(twofold)
    assert make_card(twofold, head="rows")[0]["decoder"] == "rows"


def test_a_yolox_that_knows_no_people_is_known_by_its_values(tmp_path: Path) -> None:
    names = {"names": str({number: f"owl {number}" for number in range(80)})}
    model = make_export(tmp_path / "owls.onnx", "yolox", metadata=names)
    assert make_card(model)[0]["decoder"] == "yolox"


def test_names_are_read_as_exporters_write_them() -> None:
    def read(**metadata: str) -> tuple[str, ...]:
        return labels.list_labels(ModelFacts((), (), metadata), ())[0].names

    assert read(names="{0: 'owl', 1: 'fox'}") == ("owl", "fox")
    assert read(names='{"0": "owl", "1": "fox"}') == ("owl", "fox")
    assert read(classes='["owl", "fox"]') == ("owl", "fox")
    assert read(names="{'owl': 1, 'fox': 0}") == ("fox", "owl")
    assert read(character="owl\nfox\n") == ("owl", "fox")
    assert read() == COCO
    numbered = {"names": str({number: str(number) for number in range(80)})}
    assert read(**numbered) == COCO
    assert labels.list_labels(ModelFacts((), (), {"names": "{0: '0', 1: '1'}"}), ()) == []
    assert labels.list_labels(ModelFacts((), (), {}), ("owl",))[0].names == ("owl",)


@pytest.mark.parametrize(
    "names",
    [
        "{0: 'owl', 'x': 'fox'}",
        "{None: None}",
        "{'owl': 'fox'}",
        "{0: 'owl', 1: 'owl'}",
        "['owl', 'a\\x1b[31m']",
    ],
)
def test_names_that_cannot_be_used_are_asked_for(names: str) -> None:
    found = labels.list_labels(ModelFacts((), (), {"names": names}), ())
    assert found == [] or found[0].assumed


def test_a_file_of_labels_that_no_card_can_have_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    for text in ("owl\nowl\n", "owl\na\x1b[31m\n"):
        path.write_text(text)
        with pytest.raises(ModelError, match="cannot be used"):
            labels.read_labels_file(path)


@pytest.mark.parametrize(
    "text", ["", "__import__('os').abort()", "{" * 5000, "(" * 300_000, "9" * 9999]
)
def test_hostile_metadata_are_no_data(text: str) -> None:
    assert not isinstance(parse_value(text), (dict, list))


def test_a_file_of_labels_has_one_in_each_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("owl\n\n fox \n")
    assert labels.read_labels_file(path) == ("owl", "fox")
    path.write_text("\n")
    with pytest.raises(ModelError, match="hold no name"):
        labels.read_labels_file(path)


def test_the_trial_picture_is_what_its_places_say() -> None:
    bgr = trial_picture.load_picture()
    assert bgr.shape == (288, 384, 3)
    found = OnnxDetector(MODEL, threads=1, floor=0.4, labels=("person",)).detect(bgr)
    assert trial_picture.score(found).found == 4
    assert trial_picture.score([]).quality == 0


def test_a_card_with_which_nobody_is_found_is_told_of(tmp_path: Path) -> None:
    model = make_export(tmp_path / "foreign.onnx", "yolov8")
    card, _ = make_card(model)
    assert examine(model, read_card(model.with_suffix(".json"))).remark == ""
    card["input"]["std"] = [1, 1, 1]
    model.with_suffix(".json").write_text(json.dumps(card))
    remark = examine(model, read_card(model.with_suffix(".json"))).remark
    assert "finds 0 of 4 people" in remark
    assert "added without a card, one is made that fits" in remark
