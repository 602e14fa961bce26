"""The shipped model in the forms of other families: real values behind a foreign input and output.

Nodes around NanoDet-g turn its outputs into YOLO's table, into DETR's pair or into final parts, as
these families' tools export them, and take pictures as those families do. So a test knows what must
be found, and nothing of another licence is needed. The shapes are those that the tools of
tests/exporters gave.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.conftest import MODEL

SIDE, STRIDES, BINS = 416, (8, 16, 32), 11
CELLS = sum((SIDE // stride) ** 2 for stride in STRIDES)
MEAN, STD = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)  # of BGR


def make_export(
    path: Path,
    output: str,
    *,
    channels: str = "RGB",
    scale: float = 255.0,
    layout: str = "NCHW",
    kind: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
    sizes: bool = False,
) -> Path:
    """Write an export. `output`: yolov8, yolov5, yolox, detr, rows or parts.

    `scale` is what makes 0..255 of the input; `sizes`: it also takes orig_target_sizes.
    """
    model = onnx.load(MODEL)
    maker = GraphMaker(model.graph)
    shape = [1, 3, SIDE, SIDE] if layout == "NCHW" else [1, SIDE, SIDE, 3]
    picture = helper.make_tensor_value_info("images", kind, shape)
    maker.take_picture(model.graph.input[0].name, channels, scale, layout)
    named = maker.make_outputs(output)
    inputs = [picture]
    if sizes:
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    del model.graph.input[:], model.graph.output[:]
    model.graph.input.extend(inputs)
    model.graph.output.extend(named)
    model.graph.node.sort(key=lambda node: not node.name.startswith("before"))
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    return path


class GraphMaker:
    """Adds nodes and values to a graph."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph, self._count = graph, 0

    def add(self, op: str, *inputs: str, name: str = "", **attributes: object) -> str:
        """A node; the name of its output."""
        self._count += 1
        output = f"more_{self._count}"
        self._graph.node.append(
            helper.make_node(
                op, inputs, [output], name=name and f"{name}_{self._count}", **attributes
            )
        )
        return output

    def value(self, values: object, kind: type = np.float32) -> str:
        self._count += 1
        name = f"value_{self._count}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def take_picture(self, target: str, channels: str, scale: float, layout: str) -> None:
        """From the foreign input to that of the model, before all its nodes."""
        now = self.add("Cast", "images", name="before", to=TensorProto.FLOAT)
        if layout == "NHWC":
            now = self.add("Transpose", now, name="before", perm=[0, 3, 1, 2])
        now = self.add("Mul", now, self.value(scale), name="before")
        if channels == "RGB":
            now = self.add("Gather", now, self.value([2, 1, 0], np.int64), name="before", axis=1)
        shift = self.value(np.reshape(MEAN, (1, 3, 1, 1)))
        now = self.add("Sub", now, shift, name="before")
        now = self.add("Div", now, self.value(np.reshape(STD, (1, 3, 1, 1))), name="before")
        self._graph.node.append(helper.make_node("Identity", [now], [target], name="before"))

    def make_outputs(self, form: str) -> list[onnx.ValueInfoProto]:
        scores, middle, size = self.decode()
        if form == "yolov8":
            table = self.add("Concat", middle, size, scores, axis=2)
            return [
                self.name(self.add("Transpose", table, perm=[0, 2, 1]), "output0", [1, 84, CELLS])
            ]
        if form == "yolov5":  # three anchors for each cell
            sure = self.value(np.ones((1, CELLS, 1)))
            table = self.add("Concat", middle, size, sure, scores, axis=2)
            none = self.value(np.zeros((1, 2 * CELLS, 85)))
            table = self.add("Concat", table, none, axis=1)
            return [self.name(table, "output0", [1, 3 * CELLS, 85])]
        if form == "yolox":
            cells, strides = self.list_cells()
            middle = self.add("Sub", self.add("Div", middle, strides), cells)
            size = self.add("Log", self.add("Div", size, strides))
            sure = self.value(np.ones((1, CELLS, 1)))
            table = self.add("Concat", middle, size, sure, scores, axis=2)
            return [self.name(table, "output", [1, CELLS, 85])]
        if form == "detr":
            boxes = self.add("Concat", middle, size, axis=2)
            boxes = self.add("Div", boxes, self.value(SIDE))
            bound = self.add("Clip", scores, self.value(1e-6), self.value(1 - 1e-6))
            logits = self.add("Log", self.add("Div", bound, self.add("Sub", self.value(1), bound)))
            pair = (("logits", logits, 80), ("pred_boxes", boxes, 4))
            return [self.name(one, name, [1, CELLS, width]) for name, one, width in pair]
        return self.make_final(form, scores, middle, size)

    def make_final(
        self, form: str, scores: str, middle: str, size: str
    ) -> list[onnx.ValueInfoProto]:
        """The 300 surest boxes of their best class; nobody suppresses more than one here."""
        half = self.add("Mul", size, self.value(0.5))
        boxes = self.add(
            "Concat", self.add("Sub", middle, half), self.add("Add", middle, half), axis=2
        )
        best = self.add("ReduceMax", scores, axes=[2], keepdims=0)
        labels = self.add("ArgMax", scores, axis=2, keepdims=0)
        corners = self.add("Squeeze", boxes, self.value([0], np.int64))
        ones = self.add("Unsqueeze", best, self.value([1], np.int64))
        kept = self.add("NonMaxSuppression", boxes, ones, *map(self.value_of, (300, 0.6, 0.05)))
        index = self.add("Gather", kept, self.value(2, np.int64), axis=1)
        boxes = self.add("Gather", corners, index, axis=0)
        best = self.add(
            "Gather", self.add("Squeeze", best, self.value([0], np.int64)), index, axis=0
        )
        labels = self.add("Gather", self.add("Squeeze", labels, self.value([0], np.int64)), index)
        if form == "parts":
            return [
                self.name(labels, "labels", ["n"], TensorProto.INT64),
                self.name(boxes, "boxes", ["n", 4]),
                self.name(best, "scores", ["n"]),
            ]
        columns = [
            self.add("Unsqueeze", one, self.value([1], np.int64))
            for one in (best, self.add("Cast", labels, to=TensorProto.FLOAT))
        ]
        return [self.name(self.add("Concat", boxes, *columns, axis=1), "output0", ["n", 6])]

    def value_of(self, number: float) -> str:
        return self.value([number], np.int64 if isinstance(number, int) else np.float32)

    def decode(self) -> tuple[str, str, str]:
        """NanoDet's outputs as scores, middles and sizes in pixels, 1 x cells x 80, 2, 2."""
        by_shape = {
            tuple(one.dim_value for one in output.type.tensor_type.shape.dim[1:]): output.name
            for output in self._graph.output
        }
        counts = [(SIDE // stride) ** 2 for stride in STRIDES]
        scores = self.add("Concat", *(by_shape[count, 80] for count in counts), axis=1)
        bins = self.add("Concat", *(by_shape[count, 4 * BINS] for count in counts), axis=1)
        shape = self.value([1, CELLS, 4, BINS], np.int64)
        shares = self.add("Softmax", self.add("Reshape", bins, shape), axis=3)
        mean = self.add("MatMul", shares, self.value(np.arange(BINS)[:, None]))
        cells, strides = self.list_cells()
        sides = self.add("Mul", self.add("Squeeze", mean, self.value([3], np.int64)), strides)
        halves = self.value([2, 2], np.int64)
        self._graph.node.append(
            helper.make_node("Split", [sides, halves], ["to_corner", "from_corner"], axis=2)
        )
        point = self.add("Mul", self.add("Add", cells, self.value(0.5)), strides)
        first = self.add("Sub", point, "to_corner")
        last = self.add("Add", point, "from_corner")
        middle = self.add("Mul", self.add("Add", first, last), self.value(0.5))
        return scores, middle, self.add("Sub", last, first)

    def list_cells(self) -> tuple[str, str]:
        """Column and row of each cell, and its stride."""
        cells = [
            (column, row)
            for one in STRIDES
            for row in range(SIDE // one)
            for column in range(SIDE // one)
        ]
        strides = [one for one in STRIDES for _ in range((SIDE // one) ** 2)]
        return self.value([cells]), self.value(np.reshape(strides, (1, CELLS, 1)))

    def name(
        self, output: str, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT
    ) -> onnx.ValueInfoProto:
        self._graph.node.append(helper.make_node("Identity", [output], [name]))
        return helper.make_tensor_value_info(name, kind, shape)
