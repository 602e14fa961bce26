"""Small models that see bright squares: made on the spot, of NanoDet's form, with their cards.

Each cell's score for "person" is its mean brightness (0 to 1), for "car" half of that; each box
reaches half a stride to all sides, so it is the cell. So a test knows what must be found, and a
model may take any number of pictures, be damaged, or fail at will.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE, STRIDES, BINS = 64, (16, 32), 3
CLASSES = ("person", "car")
INPUT = "picture"


def make_model(
    path: Path,
    batch: int | str = "n",
    *,
    weight: float = 1.0,
    blinded_by_light: bool = False,
    domain: str = "",
) -> Path:
    """Write a model and its card. `weight` scales the scores; `blinded_by_light`: a bright picture
    gives NaN; `domain`: of a first operator that belongs to somebody.
    """
    nodes, values, results = [], [], []
    entry = INPUT
    if domain:
        nodes.append(helper.make_node("Strange", [INPUT], ["strange"], domain=domain))
        entry = "strange"
    if blinded_by_light:
        values.append(numpy_helper.from_array(np.float32(0.9), "glare"))
        nodes += [
            helper.make_node("Sub", ["glare", INPUT], ["left"]),
            helper.make_node("Sqrt", ["left"], ["root"]),
            helper.make_node("Mul", ["root", "root"], ["square"]),
            helper.make_node("Sub", ["glare", "square"], ["seen"]),
        ]
        entry = "seen"
    for stride in STRIDES:
        scores = np.full((len(CLASSES), 3, stride, stride), weight / (3 * stride**2), np.float32)
        scores[1] /= 2
        bins = np.zeros((4 * BINS, 3, stride, stride), np.float32)
        # The mean of bins 0 and 1 is half a stride.
        heights = np.tile(np.array([50, 50, 0], np.float32), 4)
        for name, kernel, bias in (
            ("scores", scores, np.zeros(len(CLASSES), np.float32)),
            ("bins", bins, heights),
        ):
            label, width = f"{name}{stride}", len(bias)
            values += [
                numpy_helper.from_array(kernel, f"{label}w"),
                numpy_helper.from_array(bias, f"{label}b"),
                numpy_helper.from_array(np.array([0, -1, width], np.int64), f"{label}s"),
            ]
            nodes += [
                helper.make_node(
                    "Conv", [entry, f"{label}w", f"{label}b"], [f"{label}c"], strides=[stride] * 2
                ),
                helper.make_node("Transpose", [f"{label}c"], [f"{label}t"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{label}t", f"{label}s"], [label]),
            ]
            shape = [batch, (SIZE // stride) ** 2, width]
            results.append(helper.make_tensor_value_info(label, TensorProto.FLOAT, shape))
    picture = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [batch, 3, SIZE, SIZE])
    graph = helper.make_graph(nodes, "bright", [picture], results, values)
    sets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    path.write_bytes(
        onnx.ModelProto.SerializeToString(
            helper.make_model(graph, opset_imports=sets, ir_version=9)
        )
    )
    write_card(path, batch)
    return path


def write_card(path: Path, batch: int | str = "n", classes: tuple[str, ...] = CLASSES) -> None:
    """The card of a model as it lies there now."""
    card = {
        "name": path.stem,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "decoder": "nanodet",
        "tier": "user",
        "input": {
            "name": INPUT,
            "shape": [batch, 3, SIZE, SIZE],
            "channels": "BGR",
            "resize": "stretch",
            "mean": [0.0, 0.0, 0.0],
            "std": [255.0, 255.0, 255.0],
        },
        "output": {"strides": list(STRIDES), "bins": BINS, "scores": "probabilities"},
        "licence": {"weights": "Apache-2.0", "lineage": "made by a test", "source": ""},
        "classes": list(classes),
    }
    path.with_suffix(".json").write_text(json.dumps(card))
