"""Which heads fit the outputs of a model: shapes and values as the families' own tools give them.

What these tools find with such exports is compared in tests/exporters.
"""

import numpy as np
import pytest

from inference.detection.heads import yolox
from inference.detection.model_forms import InputForm
from inference.model_store.card_making import families, labels
from inference.model_store.card_making.facts import ModelFacts
from inference.model_store.card_making.labels import COCO, Labels


@pytest.mark.parametrize(
    ("shapes", "side", "first"),
    [
        ({"output0": (1, 84, 8400)}, 640, "yolo"),
        ({"output0": (1, 84, 2100)}, 320, "yolo"),
        ({"output0": (1, 116, 2100), "output1": (1, 32, 80, 80)}, 320, "yolo"),
        ({"output0": (1, 25200, 85)}, 640, "yolo, with objectness"),
        ({"output0": (1, 300, 6)}, 640, "rows, boxes in fractions"),
        ({"output": (1, 3549, 85)}, 416, "yolox, with objectness"),
        ({"logits": (1, 300, 80), "pred_boxes": (1, 300, 4)}, 640, "detr, boxes in fractions"),
        ({"dets": (1, 300, 4), "labels": (1, 300, 91)}, 560, "detr, boxes in fractions"),
        (
            {"labels": (1, 300), "boxes": (1, 300, 4), "scores": (1, 300)},
            640,
            "parts, boxes in fractions",
        ),
        (
            {
                "num_dets": (1, 1),
                "det_boxes": (1, 100, 4),
                "det_scores": (1, 100),
                "det_classes": (1, 100),
            },
            640,
            "parts, boxes in fractions",
        ),
        ({"output": (1, 3598, 112)}, 416, "nanodet"),
        ({"output": (1, 3549, 124)}, 416, "nanodet"),
        ({"boxes": (1, 8400, 4), "scores": (1, 8400, 80)}, 640, "detr, boxes in fractions"),
    ],
)
def test_the_shape_of_each_familys_export_is_known(
    shapes: dict[str, tuple[int, ...]], side: int, first: str
) -> None:
    outputs = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    known = labels.list_labels(ModelFacts((), (), {}), ())
    guesses = families.list_heads(outputs, known, InputForm("images", side, side))
    assert guesses[0].describe() == first


def test_what_no_head_reads_gives_no_guess() -> None:
    outputs = {f"{side}": np.zeros((1, 255, side, side), np.float32) for side in (80, 40, 20)}
    assert families.list_heads(outputs, [Labels(COCO)], InputForm("images", 640, 640)) == []


def test_yolox_shows_by_its_values_whether_its_boxes_are_decoded() -> None:
    raw = np.random.default_rng(1).normal(0, 1, (1, 3549, 85)).astype(np.float32)
    cells = yolox.make_cells(416, 416, (8, 16, 32))
    decoded = raw.copy()
    decoded[0, :, :2] = (raw[0, :, :2] + cells[:, :2]) * cells[:, 2:]
    decoded[0, :, 2:4] = np.exp(raw[0, :, 2:4]) * cells[:, 2:]
    for table, decoder in ((raw, "yolox"), (decoded, "yolo"), (decoded.transpose(0, 2, 1), "yolo")):
        found = families.list_heads(
            {"output": table}, [Labels(COCO)], InputForm("images", 416, 416)
        )
        assert [one.decoder for one in found] == [decoder]


def test_four_grids_apart_are_picodets_and_its_points_are_the_middles_of_cells() -> None:
    outputs = {
        f"{cells} {width}": np.zeros((1, cells, width), np.float32)
        for cells in (7600, 1900, 475, 130)
        for width in (80, 32)
    }
    first, second = families.list_heads(outputs, [Labels(COCO)], InputForm("image", 608, 800))
    assert (first.output.cell_point, first.manner.channels) == (0.5, "RGB")
    assert (second.output.cell_point, second.manner.channels) == (0.0, "BGR")
    joined = {"output": np.zeros((1, 3598, 112), np.float32)}
    (plus,) = families.list_heads(joined, [Labels(COCO)], InputForm("data", 416, 416))
    assert plus.output.cell_point == 0.0
