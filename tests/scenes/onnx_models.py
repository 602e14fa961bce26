"""Small detection models for tests, sound ones and what may be wrong with one.

A sound one takes pictures of 32 x 32 and gives the outputs of a NanoDet with two classes.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 32
CLASSES = ["person", "cat"]
BINS = 2
STRIDES = [8, 16, 32]


def make_model(batch: int | str = 1, seed: int = 1) -> onnx.ModelProto:
    """A sound model; `batch` may be a name: any number of pictures."""
    random = np.random.default_rng(seed)
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
    ]
    values, outputs = [], []
    for stride in STRIDES:
        cells = (SIDE // stride) ** 2
        for width in (len(CLASSES), 4 * BINS):
            end = f"out_{stride}_{width}"
            weights = random.random((3, cells * width), np.float32)
            values += [
                numpy_helper.from_array(weights, f"weights_{end}"),
                numpy_helper.from_array(np.array([0, cells, width], np.int64), f"shape_{end}"),
            ]
            nodes += [
                helper.make_node("MatMul", ["flat", f"weights_{end}"], [f"row_{end}"]),
                helper.make_node("Reshape", [f"row_{end}", f"shape_{end}"], [end]),
            ]
            shape = [batch, cells, width]
            outputs.append(helper.make_tensor_value_info(end, TensorProto.FLOAT, shape))
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, SIDE, SIDE])
    graph = helper.make_graph(nodes, "small", [entry], outputs, initializer=values)
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8)


def make_card(data: bytes, name: str = "small", **changes: Any) -> dict[str, Any]:
    """The card that belongs to a model of `a_model`."""
    card = {
        "name": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "decoder": "nanodet",
        "tier": "user",
        "input": {
            "name": "x",
            "shape": [1, 3, SIDE, SIDE],
            "channels": "BGR",
            "resize": "stretch",
            "mean": [0, 0, 0],
            "std": [255, 255, 255],
        },
        "output": {"strides": STRIDES, "bins": BINS},
        "licence": {"weights": "Apache-2.0", "lineage": "made by a test", "source": "here"},
        "classes": CLASSES,
    }
    return card | changes


def write_model(
    directory: Path, model: onnx.ModelProto | bytes, name: str = "small", **card: Any
) -> Path:
    """A model and its card in a directory; the model's path."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.onnx"
    path.write_bytes(data)
    path.with_suffix(".json").write_text(json.dumps(make_card(data, name, **card)))
    return path
