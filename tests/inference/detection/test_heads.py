"""Every head on tensors whose meaning is written beside them, as the families' own tools give them.

What the tools' own post-processing makes of real exports is compared in tests/exporters.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from appliance.errors import ModelError
from appliance.model_cameras import Tier
from inference.detection.heads import HEADS, Candidates, HeadError
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import parse_input, parse_output
from inference.detection.suppression import MOST, select_detections

SIDE = 64
CLASSES = ("person", "cat", "dog")


def make_card(decoder: str, size: tuple[int, int] = (SIDE, SIDE), **output: Any) -> ModelCard:
    entry = {"name": "x", "shape": [1, 3, size[1], size[0]], "mean": [0] * 3, "std": [1] * 3}
    form = parse_output({"strides": [8, 16, 32], "bins": 8} | output, decoder)
    return ModelCard("0" * 64, Tier.USER, parse_input(entry), form, CLASSES, decoder=decoder)


def find(
    card: ModelCard, outputs: dict[str, Any], classes: tuple[int, ...] = (0, 1, 2)
) -> list[tuple[str, float, tuple[float, ...]]]:
    """Label, score and box in pixels of the input of what a head finds at 0.25."""
    arrays = {name: np.asarray(one) for name, one in outputs.items()}
    head = HEADS[card.decoder]
    head.require_outputs(arrays, card)
    found = head.find_candidates(arrays, card, classes, 0.25)
    size = np.array([card.input.width, card.input.height] * 2)
    order = np.argsort(-found.scores)
    return [
        (
            CLASSES[found.classes[one]],
            round(float(found.scores[one]), 3),
            tuple((found.boxes[one] * size).round(2).tolist()),
        )
        for one in order
    ]


PERSON = ("person", 0.9, (10.0, 20.0, 20.0, 40.0))


def test_yolov8_gives_columns_of_middle_size_and_scores() -> None:
    rows = np.zeros((84, 7), np.float32)
    rows[3] = [15, 30, 10, 20, 0.9, 0.1, 0.2]
    for output in (rows.T[None], rows[None]):
        assert find(make_card("yolo"), {"output0": output}) == [PERSON]


def test_yolov5_multiplies_each_score_by_how_sure_it_is_of_anything() -> None:
    rows = np.zeros((1, 252, 8), np.float32)
    rows[0, 3] = [15, 30, 10, 20, 0.9, 1.0, 0.1, 0.2]
    rows[0, 4] = [15, 30, 10, 20, 0.2, 1.0, 0.1, 0.2]
    assert find(make_card("yolo", objectness=True), {"output0": rows}) == [PERSON]


def test_what_follows_the_scores_of_a_segmentation_model_is_left_alone() -> None:
    rows = np.full((1, 84, 4 + 3 + 32), 5.0, np.float32)
    rows[0, :, 4:7] = 0
    rows[0, 3, :7] = [15, 30, 10, 20, 0.9, 0.1, 0.2]
    outputs = {"output0": rows.transpose(0, 2, 1), "output1": np.zeros((1, 32, 16, 16))}
    assert find(make_card("yolo", extra=32), outputs) == [PERSON]


def test_boxes_in_fractions_are_read_as_such() -> None:
    rows = np.zeros((1, 300, 7), np.float32)
    rows[0, 3] = [15 / 64, 30 / 64, 10 / 64, 20 / 64, 0.9, 0.1, 0.2]
    assert find(make_card("yolo", pixels=False), {"output0": rows}) == [PERSON]


def test_a_dog_is_no_person_though_only_people_are_asked_for() -> None:
    rows = np.zeros((1, 84, 7), np.float32)
    rows[0, 3] = [15, 30, 10, 20, 0.5, 0.1, 0.8]
    assert find(make_card("yolo"), {"output0": rows}, classes=(0,)) == []


@pytest.mark.parametrize("size", [(64, 64), (96, 64)])
def test_yolox_tells_places_relative_to_cells(size: tuple[int, int]) -> None:
    cells = [(size[1] // stride) * (size[0] // stride) for stride in (8, 16, 32)]
    rows = np.zeros((1, sum(cells), 8), np.float32)
    # Row 1, column 2 of stride 16: its middle is (2 + x) 16, (1 + y) 16; its width 16 exp(w).
    place = cells[0] + 1 * (size[0] // 16) + 2
    rows[0, place] = [0.5, 0.25, np.log(2), np.log(0.5), 0.9, 1.0, 0, 0]
    box = (40 - 16, 20 - 4, 40 + 16, 20 + 4)
    card = make_card("yolox", size, objectness=True)
    assert find(card, {"output": rows}) == [("person", 0.9, box)]
    with pytest.raises(HeadError, match=f"one row for each of {sum(cells)} cells"):
        find(card, {"output": rows[:, 1:]})


def test_rt_detr_gives_logits_and_fractions() -> None:
    logits = np.full((1, 300, 3), -9.0, np.float32)
    logits[0, 7, 0] = np.log(9)  # sigmoid: 0.9
    boxes = np.full((1, 300, 4), 0.5, np.float32)
    boxes[0, 7] = np.array([15, 30, 10, 20]) / 64
    card = make_card("detr", activation="sigmoid", boxes="pred_boxes", scores="logits")
    assert find(card, {"logits": logits, "pred_boxes": boxes}) == [PERSON]
    assert find(card, {"pred_boxes": boxes, "logits": logits}) == [PERSON]
    with pytest.raises(HeadError, match="an output called 'logits'"):
        find(card, {"pred_boxes": boxes})


def test_the_first_detr_shares_between_classes_and_nothing() -> None:
    logits = np.full((1, 100, 4), -9.0, np.float32)
    logits[0, :, 3] = 9.0
    logits[0, 7] = [np.log(9), -20, -20, 0]  # 9 of 10
    boxes = np.full((1, 100, 4), 0.5, np.float32)
    boxes[0, 7] = np.array([15, 30, 10, 20]) / 64
    card = make_card("detr", activation="softmax", boxes="b", scores="s")
    assert find(card, {"s": logits, "b": boxes}) == [PERSON]


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (("left", "top", "right", "bottom", "score", "class"), [10, 20, 20, 40, 0.9, 0]),
        (
            ("picture", "left", "top", "right", "bottom", "class", "score"),
            [0, 10, 20, 20, 40, 0, 0.9],
        ),
        (("class", "score", "left", "top", "right", "bottom"), [0, 0.9, 10, 20, 20, 40]),
    ],
    ids=["yolov10", "yolov7", "paddle"],
)
def test_rows_are_final_whatever_their_order(columns: tuple[str, ...], row: list[float]) -> None:
    card = make_card("rows", columns=columns)
    rows = np.zeros((300, len(row)), np.float32)
    rows[3] = row
    assert find(card, {"out": rows}) == find(card, {"out": rows[None]}) == [PERSON]
    none = np.zeros((0, len(row)), np.float32)
    assert find(card, {"out": none}) == [], "some give no row at all"
    with pytest.raises(HeadError, match=f"rows of {len(row)} columns"):
        find(card, {"out": rows[None, :, :-1]})


def test_a_count_says_how_many_parts_mean_something() -> None:
    outputs = {
        "num_dets": np.array([[1]], np.int32),
        "det_boxes": np.array([[[10, 20, 20, 40], [1, 2, 3, 4]]], np.float32),
        "det_scores": np.array([[0.9, 0.8]], np.float32),
        "det_classes": np.array([[0, 0]], np.int64),
    }
    names: dict[str, Any] = {"boxes": "det_boxes", "scores": "det_scores", "numbers": "det_classes"}
    card = make_card("parts", count="num_dets", **names)
    assert find(card, outputs) == [PERSON]
    assert len(find(make_card("parts", **names), outputs)) == 2


def test_tensorflows_ssd_counts_classes_from_one_and_begins_with_the_top() -> None:
    outputs = {
        "boxes": np.array([[[20, 10, 40, 20]]], np.float32) / 64,
        "scores": np.array([[0.9]], np.float32),
        "classes": np.array([[1.0]], np.float32),
    }
    card = make_card(
        "parts",
        boxes="boxes",
        scores="scores",
        numbers="classes",
        box="yxyx",
        pixels=False,
        first_class=1,
    )
    assert find(card, outputs) == [PERSON]


@pytest.mark.parametrize("form", ["apart", "joined", "whole"])
@pytest.mark.parametrize("point", [0.5, 0.0])
def test_nanodets_outputs_come_apart_or_joined(form: str, point: float) -> None:
    card = make_card("nanodet", cell_point=point)
    grids = []
    for stride in (8, 16, 32):
        count = (SIDE // stride) ** 2
        grids.append((np.zeros((1, count, 3), np.float32), np.zeros((1, count, 32), np.float32)))
    scores, bins = grids[1]
    scores[0, 1 * 4 + 2, 0] = 0.9
    for side, distance in enumerate((1, 1, 1, 1)):
        bins[0, 6, side * 8 + distance] = 50
    x, y = (2 + point) * 16, (1 + point) * 16
    outputs = {
        f"{index}{part}": one for index, both in enumerate(grids) for part, one in enumerate(both)
    }
    joined = [np.concatenate(both, axis=2) for both in grids]
    if form != "apart":
        outputs = {str(index): one for index, one in enumerate(joined)}
    if form == "whole":
        outputs = {"output": np.concatenate(joined, axis=1)}
    box = (x - 16, max(0.0, y - 16), x + 16, y + 16)
    assert find(card, outputs) == [("person", 0.9, box)]
    with pytest.raises(HeadError, match="strides"):
        find(card, {name: one[:, :, 1:] for name, one in outputs.items()})


@pytest.mark.parametrize(
    ("decoder", "outputs"),
    [
        ("yolo", {"x": np.full((1, 84, 7), np.nan, np.float32)}),
        ("yolox", {"x": np.full((1, 84, 7), np.nan, np.float32)}),
        ("rows", {"x": np.full((1, 9, 6), np.nan, np.float32)}),
    ],
)
def test_numbers_that_are_none_are_never_nothing_there(
    decoder: str, outputs: dict[str, np.ndarray]
) -> None:
    with pytest.raises(ModelError, match="gave invalid numbers"):
        HEADS[decoder].find_candidates(outputs, make_card(decoder), (0,), 0.25)


def test_of_many_candidates_the_surest_are_compared_and_one_stays_for_each_thing() -> None:
    random = np.random.default_rng(1)
    boxes = np.tile(np.array([0.1, 0.1, 0.5, 0.5], np.float32), (5000, 1))
    boxes[::2] += 0.4
    boxes += random.uniform(-0.01, 0.01, boxes.shape).astype(np.float32)
    scores = random.uniform(0.3, 0.9, 5000).astype(np.float32)
    found = Candidates(boxes, scores, np.zeros(5000, np.intp))
    kept = select_detections(found, CLASSES, 0.3, 0.6)
    assert [round(one.confidence, 3) for one in kept[:1]] == [round(float(scores.max()), 3)]
    assert len(kept) == 2
    assert MOST < 5000
    apart = replace(found, classes=np.arange(5000) % 2)
    assert len(select_detections(apart, CLASSES, 0.3, 0.6)) in (2, 4), "labels are told apart"
    assert len(select_detections(replace(found), CLASSES, 0.3, None)) == MOST
