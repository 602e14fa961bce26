"""Models that would harm the unit: each is refused in one sentence, and the unit goes on.

What is seen in the file is tried on `examined` itself; what shows only when it runs, and what may
take its process along, on the child that examines.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from appliance.errors import ModelError
from appliance.settings import Settings
from inference.detection.model_card import build_card, read_card, read_verified_card
from inference.model_store.examine import examine
from inference.model_store.licences import require_licence
from inference.model_store.limits import TrialLimits
from inference.model_store.safety import check_model
from tests.conftest import MODEL
from tests.scenes.onnx_models import make_card, make_model, write_model

Damage = Callable[[onnx.ModelProto], object]
SMALL = TrialLimits(memory_bytes=2**30, cpu_s=8, wall_s=120.0)


def looked_at(data: bytes) -> tuple[str, ...]:
    return check_model(data, build_card(make_card(data)))


def refusal(damage: Damage) -> str:
    """What is said of a model after `damage`."""
    model = make_model()
    damage(model)
    with pytest.raises(ModelError) as error:
        looked_at(model.SerializeToString())
    return in_one_line(error.value)


def node(op: str, *inputs: str, domain: str = "", **attributes: object) -> Damage:
    """Adds a node."""
    made = helper.make_node(op, list(inputs), ["more"], domain=domain, **attributes)
    return lambda model: model.graph.node.append(made)


def weights(values: np.ndarray, name: str = "more") -> Damage:
    """Adds an initialiser."""
    return lambda model: model.graph.initializer.append(numpy_helper.from_array(values, name))


def external(place: str) -> TensorProto:
    """A tensor whose values are said to stand in another file."""
    tensor = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    return tensor


def branch(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    made = [*nodes, helper.make_node("Identity", ["x"], ["y"])]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_graph(made, "branch", [], [out])


def bare_branch() -> onnx.GraphProto:
    """A graph without nodes: it gives one of its own values."""
    out = helper.make_tensor_value_info("far", TensorProto.FLOAT, [4])
    return helper.make_graph([], "bare", [], [out], initializer=[external("x.bin")])


def nested(depth: int) -> onnx.GraphProto:
    """Graphs within graphs."""
    graph = branch()
    for _ in range(depth):
        graph = branch(
            helper.make_node("If", ["c"], ["z"], then_branch=graph, else_branch=branch())
        )
    return graph


def deep(depth: int) -> bytes:
    """Graphs within graphs, deeper than protobuf itself would write them."""
    data = b""
    for _ in range(depth):
        for field in (6, 5, 1):  # GraphProto in AttributeProto.g in NodeProto.attribute
            data = bytes([field << 3 | 2]) + length(len(data)) + data
    return b"\x3a" + length(len(data)) + data


def length(number: int) -> bytes:
    """A number as protobuf writes it."""
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def in_a_branch(inner: onnx.NodeProto) -> Damage:
    return node("If", "c", then_branch=branch(inner), else_branch=branch())


def declared(dims: list[int], **values: object) -> Damage:
    tensor = TensorProto(name="more", data_type=TensorProto.FLOAT, dims=dims, **values)
    return lambda model: model.graph.initializer.append(tensor)


def shaped(op: str, *inputs: str, values: list[int]) -> Damage:
    """A node whose output's shape stands in an initialiser."""

    def damage(model: onnx.ModelProto) -> None:
        weights(np.array(values, np.int64), "sides")(model)
        node(op, *inputs, "sides")(model)

    return damage


def sparse(model: onnx.ModelProto) -> None:
    made = model.graph.sparse_initializer.add(dims=[2**20, 2**20])
    made.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "s"))
    made.indices.CopyFrom(numpy_helper.from_array(np.zeros(1, np.int64)))


def functions(model: onnx.ModelProto) -> None:
    inner = helper.make_node("Identity", ["a"], ["b"])
    opset = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "laugh", ["a"], ["b"], [inner], opset))


def declare(key: str, value: str) -> Damage:
    return lambda model: model.metadata_props.add(key=key, value=value)


def test_a_sound_model_passes_and_names_no_strict_licence() -> None:
    assert looked_at(make_model().SerializeToString()) == ()


@pytest.mark.parametrize("model", sorted(MODEL.parent.glob("*.onnx")), ids=lambda path: path.stem)
def test_every_shipped_model_passes_and_may_be_used(model: Path) -> None:
    card = read_verified_card(model)
    require_licence(
        card, named=check_model(model.read_bytes(), card), allowed=Settings().inference.licences
    )


def test_operators_that_onnx_runtime_ships_beside_the_standard_pass() -> None:
    model = make_model()
    node("Gelu", "flat", domain="com.microsoft")(model)
    assert looked_at(model.SerializeToString()) == ()


def test_a_bound_of_infinity_is_no_weight() -> None:
    model = make_model()
    weights(np.array(np.inf, np.float32))(model)
    assert looked_at(model.SerializeToString()) == ()


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (node("Evil", "x", domain="com.evil"), "custom operator com.evil.Evil"),
        (in_a_branch(helper.make_node("Evil", [], ["e"], domain="evil")), "custom operator evil"),
        (node("EPContext", "x", domain="com.microsoft"), "foreign code (EPContext)"),
        (node("PythonOp", "x", domain="com.microsoft"), "foreign code (PythonOp)"),
        (functions, "functions of its own"),
        (lambda model: model.graph.initializer.append(external("/etc/passwd")), "external data"),
        (lambda model: model.graph.initializer.append(external("../../x")), "external data"),
        (lambda model: model.graph.initializer.append(external("beside.bin")), "external data"),
        (node("Constant", value=external("x.bin")), "external data"),
        (
            in_a_branch(helper.make_node("Constant", [], ["k"], value=external("x.bin"))),
            "external data",
        ),
        (node("If", "c", then_branch=bare_branch(), else_branch=branch()), "external data"),
        (weights(np.array([1, np.nan], np.float32)), "NaN or infinite weights in more"),
        (weights(np.array(np.nan, np.float32)), "NaN or infinite weights in more"),
        (weights(np.array([1, np.inf], np.float16)), "NaN or infinite weights in more"),
        (declared([2], float_data=[1.0, float("nan")]), "NaN or infinite weights in more"),
        (node("Constant", value_floats=[1.0, float("nan")]), "no number in its attribute"),
        (node("LeakyRelu", "flat", alpha=float("nan")), "no number in its attribute"),
        (declared([8], raw_data=b"\0" * 16), "but holds something else"),
        (declared([-1], raw_data=b""), "declares more as [-1]"),
        (declared([2**40], raw_data=b""), "are allowed; choose a smaller model"),
        (declared([2**40, 2**40, 2**40], raw_data=b""), "are allowed"),
        (sparse, "a sparse tensor as [1048576, 1048576]"),
        (shaped("ConstantOfShape", values=[2**40]), "declares more as [1099511627776]"),
        (shaped("Tile", "flat", values=[2**20, 2**20]), "are allowed"),
        (shaped("Expand", "mean", values=[2**20, 3, 2**10, 2**10]), "are allowed"),
        (in_a_branch(helper.make_node("If", ["c"], ["z"], then_branch=nested(10))), "8 deep"),
        (lambda model: model.graph.ClearField("node"), "holds no graph"),
        (
            lambda model: model.graph.input.add(name="second"),
            "takes x [1, 3, 32, 32] as float32; second",
        ),
        (lambda model: setattr(model.graph.input[0], "name", "y"), "its card says x"),
        (lambda model: model.training_info.add(), "training information"),
    ],
)
def test_a_harmful_model_is_refused_before_it_runs(damage: Damage, text: str) -> None:
    assert text in refusal(damage)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"weights",
        b"#!/bin/sh\n",
        b"\x0b" * 100_000,
        b"\x3a\xff\xff\xff\xff\x0f",
        deep(5000),
        make_model().SerializeToString()[:2000],
        bytes(5000),
    ],
    ids=["empty", "text", "script", "groups", "length", "deep", "truncated", "zeros"],
)
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="copy it again"):
        looked_at(data)


def test_another_type_or_size_of_input_than_the_cards_is_refused() -> None:
    def as_doubles(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE

    def larger(model: onnx.ModelProto) -> None:
        model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 64

    assert "as float32: correct the card" in refusal(as_doubles)
    assert "takes x [1, 3, 64, 32]" in refusal(larger)
    data = make_model("N").SerializeToString()
    assert looked_at(data) == (), "an axis of any length takes what the card says"
    entry = make_card(data)["input"] | {"shape": ["N", 3, 32, 32]}
    assert check_model(data, build_card(make_card(data, input=entry))) == ()
    fixed = make_model().SerializeToString()
    with pytest.raises(ModelError, match=r"its card says x \['any', 3, 32, 32\].*correct the card"):
        check_model(fixed, build_card(make_card(fixed, input=entry)))


@pytest.mark.parametrize(
    ("damage", "reported"),
    [
        (
            declare("license", "AGPL-3.0 License (https://ultralytics.com/license)"),
            "AGPL: license=",
        ),
        (declare("author", "Ultralytics"), "AGPL: author=Ultralytics"),
        (declare("description", "Ultralytics YOLO11n model trained on coco.yaml"), "AGPL: descr"),
        (lambda model: setattr(model, "doc_string", "GNU Affero"), "AGPL: description="),
        (
            lambda model: model.graph.node[0].metadata_props.add(
                key="class", value="ultralytics.nn.tasks.DetectionModel"
            ),
            "AGPL: class=",
        ),
        (declare("licence", "GPL-3.0-only"), "GPL: licence="),
        (declare("License", "CC-BY-NC-4.0"), "NC: License="),
    ],
)
def test_a_strict_licence_in_the_model_is_found(damage: Damage, reported: str) -> None:
    model = make_model()
    damage(model)
    (found,) = looked_at(model.SerializeToString())
    assert found.startswith(reported)


def tried(path: Path, limits: TrialLimits = SMALL) -> str:
    """What the child says of a model; "" where it passes."""
    try:
        examine(path, read_card(path.with_suffix(".json")), limits)
    except ModelError as error:
        return in_one_line(error)
    return ""


def in_one_line(error: ModelError) -> str:
    assert "\n" not in str(error)
    return str(error)


def test_a_sound_model_passes_its_trial_and_any_batch_is_tried(tmp_path: Path) -> None:
    entry = make_card(b"")["input"] | {"shape": ["N", 3, 32, 32]}
    assert tried(write_model(tmp_path, make_model("N"), input=entry)) == ""


def test_a_model_that_asks_for_much_memory_when_it_runs_is_refused(tmp_path: Path) -> None:
    model = make_model()
    weights(np.array([[2e4, 2e4]], np.float32), "many")(model)
    weights(np.array([[0.0], [0.0], [0.0]], np.float32), "none")(model)
    model.graph.node.extend(
        [
            helper.make_node("MatMul", ["flat", "none"], ["zero"]),
            helper.make_node("Add", ["many", "zero"], ["sides"]),
            helper.make_node("Cast", ["sides"], ["whole"], to=TensorProto.INT64),
            helper.make_node("Flatten", ["whole"], ["row"], axis=0),
            helper.make_node("Squeeze", ["row"], ["shape"]),
            helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        ]
    )
    model.graph.output.append(helper.make_tensor_value_info("sum", TensorProto.FLOAT, []))
    text = tried(write_model(tmp_path, model))
    assert "needs more memory than a model may have here" in text


def test_a_model_that_never_ends_is_stopped(tmp_path: Path) -> None:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Identity", ["flat_in"], ["flat_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("flat_in", TensorProto.FLOAT, [1, 3]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("flat_out", TensorProto.FLOAT, [1, 3]),
        ],
    )
    model = make_model()
    weights(np.array(2**62, np.int64), "trips")(model)
    weights(np.ones((), np.bool_), "yes")(model)
    model.graph.node.append(helper.make_node("Loop", ["trips", "yes", "flat"], ["last"], body=body))
    model.graph.output.append(helper.make_tensor_value_info("last", TensorProto.FLOAT, [1, 3]))
    text = tried(write_model(tmp_path, model), TrialLimits(2**30, cpu_s=2, wall_s=120))
    assert "takes more than 2 s of processor time" in text
    hurried = tried(write_model(tmp_path, model), TrialLimits(2**30, cpu_s=60, wall_s=0.2))
    assert "took more than 0.2 s to try" in hurried


def test_what_the_card_says_of_the_outputs_is_tried(tmp_path: Path) -> None:
    text = tried(write_model(tmp_path, make_model(), classes=["person", "cat", "dog"]))
    assert "(head nanodet, 3 classes) it has strides [8, 16, 32] and 2 bins" in text


def test_an_operator_that_onnx_runtime_lacks_is_refused(tmp_path: Path) -> None:
    model = make_model()
    node("NoSuchThing", "flat", domain="com.microsoft")(model)
    assert "does not run with ONNX Runtime" in tried(write_model(tmp_path, model))


def test_a_file_of_python_beside_the_caller_is_not_run(tmp_path: Path) -> None:
    path = write_model(tmp_path, make_model())
    (tmp_path / "onnx.py").write_text("raise SystemExit('hijacked')")
    code = (
        "from pathlib import Path; from inference.detection.model_card import read_card;"
        "from inference.model_store.examine import examine;"
        f"examine(Path({str(path)!r}), read_card(Path({str(path.with_suffix('.json'))!r})))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 0
