"""Runs a model on the CPU in a child process that has limits.

Reads: a model's bytes. Writes: nothing.
Never: takes more memory or threads than one run needs.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from appliance.errors import ModelError, shorten_error
from appliance.wording.sentence import say
from inference.detection.heads import Outputs
from inference.detection.runtime import list_runtime_errors, load_onnxruntime
from inference.detection.tensors import name_outputs

NO_MEMORY = ("bad_alloc", "Failed to allocate memory")  # in ONNX Runtime's words
FATAL_ONLY = 4


def load(data: bytes) -> Any:
    """A session of one thread; raises `ModelError`, or `MemoryError`."""
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = FATAL_ONLY
    try:
        return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
    except list_runtime_errors() as error:
        raise explain_failure(error, onnxruntime.__version__) from error


def run(session: Any, feed: Mapping[str, np.ndarray]) -> Outputs:
    """The outputs by name; raises `ModelError`, or `MemoryError`."""
    try:
        outputs = session.run(None, feed)
    except list_runtime_errors() as error:
        raise explain_failure(error, load_onnxruntime().__version__) from error
    return name_outputs([one.name for one in session.get_outputs()], outputs)


def explain_failure(error: Exception, version: str) -> MemoryError | ModelError:
    """What an error of ONNX Runtime says of the model."""
    if any(word in str(error) for word in NO_MEMORY):
        return MemoryError()
    return ModelError(
        say(
            "does not run with ONNX Runtime {version} ({shorten_error}); export it again for "
            "this version",
            version=version,
            shorten_error=shorten_error(error),
        )
    )
