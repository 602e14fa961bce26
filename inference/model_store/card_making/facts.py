"""What is known of a model without its card: its inputs, outputs and metadata.

Reads: an ONNX Runtime session. Writes: nothing.
Never: believes the metadata more than the shapes.
"""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_TEXT = 200_000  # of one metadata entry that is read
TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One input or output; an axis without a fixed length is None."""

    name: str
    type: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """All that the file says. `metadata` are its own key and value pairs."""

    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    metadata: Mapping[str, str]

    def read_value(self, key: str) -> Any:
        """A metadata entry as data; None where there is none, or one that is no data."""
        return parse_value(self.metadata.get(key, ""))


def read_facts(session: Any) -> ModelFacts:
    """The facts of a model that ONNX Runtime has loaded."""
    return ModelFacts(
        inputs=tuple(read_tensor(one) for one in session.get_inputs()),
        outputs=tuple(read_tensor(one) for one in session.get_outputs()),
        metadata=dict(session.get_modelmeta().custom_metadata_map),
    )


def read_tensor(entry: Any) -> TensorFacts:
    shape = tuple(side if isinstance(side, int) else None for side in entry.shape)
    return TensorFacts(entry.name, TYPES.get(entry.type, entry.type), shape)


def parse_value(text: str) -> Any:
    """JSON or a Python literal, as exporters write them; None for anything else."""
    if not text or len(text) > LONGEST_TEXT:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None
