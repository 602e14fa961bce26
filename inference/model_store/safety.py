"""Static checks of a model's file before anything runs it.

Reads: a model's bytes. Writes: nothing. The only importer of `onnx`; runs in trial.py's child.
Never: follows a path in a model, and never allocates the memory that a model declares.
"""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from appliance.errors import ModelError, shorten_error
from appliance.wording.sentence import say
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import fits
from inference.model_store.licences import find_strict_licences
from inference.model_store.limits import MIB, MOST_TENSOR_BYTES

DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
# Of com.microsoft, but not ONNX Runtime's own work: compiled code of others, calls into Python.
FOREIGN_OPS = ("EPContext", "PythonOp", "PythonOpGrad", "ATen")
DEEPEST = 8  # graphs within graphs; protobuf itself stops at about 30
ANY_BYTES = 8  # of one value, where its type is not known
FLOATS = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
)


def check_model(data: bytes, card: ModelCard) -> tuple[str, ...]:
    """The same as `check_graph`, and that the inputs are those of the card."""
    licences = check_graph(data)
    require_own_input(parse_model(data).graph, card)
    return licences


def check_graph(data: bytes) -> tuple[str, ...]:
    """The strict licences that the model names; raises `ModelError` where it is not safe."""
    model = parse_model(data)
    require_plain_graph(model)
    graphs = list(walk_graphs(model.graph))
    for graph in graphs:
        for node in graph.node:
            require_known(node)
    for tensor in walk_tensors(graphs):
        require_whole(tensor)
    require_sizes(model)
    return find_strict_licences(list(walk_texts(model, graphs)))


def parse_model(data: bytes) -> onnx.ModelProto:
    """The model as protobuf reads it. Not `onnx.load`, which would follow external data."""
    try:
        model: onnx.ModelProto = onnx.ModelProto.FromString(data)
    except (DecodeError, RecursionError) as error:
        raise ModelError(
            say("is no ONNX model, or one that is truncated or nested too deeply; copy it again")
        ) from error
    if not model.graph.node:
        raise ModelError(say("holds no graph, so it is empty or truncated; copy it again"))
    return model


def require_plain_graph(model: onnx.ModelProto) -> None:
    """Functions may call each other, and grow twofold with each call."""
    if model.functions:
        raise ModelError(
            say(
                "defines functions of its own ({function}); export it again with functions inlined",
                function=model.functions[0].name,
            )
        )
    if model.training_info:
        raise ModelError(say("carries training information; export it again for inference"))


def walk_graphs(graph: onnx.GraphProto, depth: int = 1) -> Iterator[onnx.GraphProto]:
    """A graph and all that are within its nodes."""
    if depth > DEEPEST:
        raise ModelError(
            say("nests graphs more than {deepest} deep; export it again without", deepest=DEEPEST)
        )
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.ByteSize():
                    yield from walk_graphs(inner, depth + 1)


def require_known(node: onnx.NodeProto) -> None:
    """Only operators that ONNX Runtime ships; the trial shows whether it has this one."""
    if node.domain not in DOMAINS:
        raise ModelError(
            say(
                "needs the custom operator {domain}.{op_type}, and no library of others is "
                "loaded here; export it with standard operators",
                domain=node.domain,
                op_type=node.op_type,
            )
        )
    if node.domain == "com.microsoft" and node.op_type in FOREIGN_OPS:
        raise ModelError(
            say(
                "carries foreign code ({op_type}); export it with standard operators",
                op_type=node.op_type,
            )
        )


def walk_tensors(graphs: list[onnx.GraphProto]) -> Iterator[onnx.TensorProto]:
    """All values that stand in the file."""
    for graph in graphs:
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from split_sparse(sparse)
        for node in graph.node:
            for attribute in node.attribute:
                require_numbers(attribute)
                yield from attribute.tensors
                if attribute.HasField("t"):
                    yield attribute.t
                for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                    yield from split_sparse(sparse)


def split_sparse(sparse: onnx.SparseTensorProto) -> tuple[onnx.TensorProto, ...]:
    """A sparse tensor's two parts; the whole is made dense, so its declared size counts."""
    require_size("a sparse tensor", sparse.dims, ANY_BYTES)
    parts = (sparse.values, sparse.indices)
    return tuple(part for part in parts if part.ByteSize())


def require_numbers(attribute: onnx.AttributeProto) -> None:
    if not np.isfinite(attribute.floats).all() or np.isnan(attribute.f):
        raise ModelError(
            say(
                "has a value that is no number in its attribute {attribute}; train or export it "
                "again",
                attribute=repr(attribute.name),
            )
        )


def require_whole(tensor: onnx.TensorProto) -> None:
    """A tensor that is all in the file, as large as it says, and of numbers."""
    name = tensor.name or "a constant"
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ModelError(
            say(
                "keeps {name} in another file (external data); save it again as one file", name=name
            )
        )
    require_size(name, tensor.dims, 1)
    try:
        values = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ModelError(
            say(
                "declares {name} as {dims}, but holds something else; copy it again",
                name=name,
                dims=list(tensor.dims),
            )
        ) from error
    if tensor.data_type in FLOATS and is_unusable(values):
        raise ModelError(
            say("has NaN or infinite weights in {name}; train or export it again", name=name)
        )


def is_unusable(values: np.ndarray) -> bool:
    """NaN, or infinity but for a single value: that is a bound (Clip), not a weight."""
    return bool(np.isnan(values).any() or (values.size > 1 and np.isinf(values).any()))


def require_own_input(graph: onnx.GraphProto, card: ModelCard) -> None:
    """The inputs are those of the card: the picture, and constants such as its size."""
    inner = {tensor.name for tensor in graph.initializer}
    found = [describe_input(entry) for entry in graph.input if entry.name not in inner]
    picture = card.input
    wanted = [(picture.name, picture.type, picture.make_shape(card.batch))]
    wanted += [(one.name, one.type, [card.batch, len(one.values)]) for one in picture.constants]
    if len(found) != len(wanted) or not all(
        name == own and kind == own_kind and fits(shape, own_shape)
        for (name, kind, shape), (own, own_kind, own_shape) in zip(
            sorted(found), sorted(wanted, key=lambda one: one[0]), strict=True
        )
    ):
        raise ModelError(
            say(
                "takes {inputs}, but its card says {wanted}: correct the card, or add the "
                "model without one",
                inputs=format_inputs(found) or "nothing",
                wanted=format_inputs(wanted),
            )
        )


def format_inputs(inputs: Sequence[tuple[str, str, Sequence[int | str | None]]]) -> str:
    return "; ".join(
        f"{name} {[side or 'any' for side in shape]} as {kind}" for name, kind, shape in inputs
    )


def describe_input(entry: onnx.ValueInfoProto) -> tuple[str, str, list[int | str]]:
    """An input's name, type and shape; a side without a number is "any"."""
    kind = entry.type.tensor_type
    shape = [dim.dim_value if dim.dim_value > 0 else "any" for dim in kind.shape.dim]
    return entry.name, name_type(kind.elem_type), shape


def name_type(kind: int) -> str:
    """NumPy's name of a type of values."""
    try:
        return str(onnx.helper.tensor_dtype_to_np_dtype(kind))
    except (KeyError, TypeError, ValueError):
        return "another type"


def require_sizes(model: onnx.ModelProto) -> None:
    """No tensor on the way may be absurd, as far as the graph says before it runs."""
    try:
        # Needs the small values (shapes, repeats), not the weights.
        shaped = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise ModelError(
            say(
                "contradicts itself about its shapes ({shorten_error}); export it again",
                shorten_error=shorten_error(error),
            )
        ) from error
    for graph in walk_graphs(shaped.graph):
        for entry in (*graph.value_info, *graph.output, *graph.input):
            kind = entry.type.tensor_type
            sides = [dim.dim_value for dim in kind.shape.dim if dim.dim_value > 0]
            require_size(entry.name, sides, count_value_bytes(kind.elem_type))


def count_value_bytes(kind: int) -> int:
    """Bytes of one value of a type."""
    try:
        return int(onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize)
    except (KeyError, TypeError, ValueError):
        return ANY_BYTES


def require_size(name: str, sides: object, value_bytes: int) -> None:
    """Raise `ModelError` for a declared shape that needs too much memory."""
    dims = [int(side) for side in sides]  # type: ignore[attr-defined]
    size = prod(dims) * value_bytes
    if min(dims, default=0) < 0 or size > MOST_TENSOR_BYTES:
        raise ModelError(
            say(
                "declares {name} as {dims}, {size:.3g} MiB, where {most_mib:.0f} are "
                "allowed; choose a smaller model",
                name=name,
                dims=dims,
                size=size / MIB,
                most_mib=MOST_TENSOR_BYTES / MIB,
            )
        )


def walk_texts(model: onnx.ModelProto, graphs: list[onnx.GraphProto]) -> Iterator[tuple[str, str]]:
    """All texts in the model: (key, value)."""
    for entry in model.metadata_props:
        yield entry.key, entry.value
    yield "producer", model.producer_name
    yield "domain", model.domain
    yield "description", model.doc_string
    for graph in graphs:
        yield "graph", f"{graph.name} {graph.doc_string}"
        for part in (graph, *graph.node):
            for entry in part.metadata_props:
                yield entry.key, entry.value
