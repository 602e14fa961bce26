"""The trial of one model in a process of its own: `python -m inference.model_store.trial`.

Reads: a model and its card, named on the command line. Writes: one line of JSON to standard output.
Never: runs without its limits of memory and time, and never writes a file: a model that is a bomb
ends this process and nothing else.
"""

import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.errors import ModelError, shorten_error
from inference.detection.model_card import ModelCard, compute_digest, read_card, require_digest

NO_MEMORY = ("bad_alloc", "Failed to allocate memory")  # in ONNX Runtime's words


def set_limits(memory_bytes: int, cpu_s: int) -> None:
    """Limit address space and processor time from here on; no core dump, no file written."""
    # One thread each: NumPy's library else takes address space for every core of the machine.
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def run_trial(model: Path, card: ModelCard) -> dict[str, Any]:
    """The answer for the parent; raises `ModelError` where the model is refused."""
    from inference.model_store.safety import check_model  # noqa: PLC0415  (after the limits)

    require_digest(model, compute_digest(model), card)
    data = model.read_bytes()
    return {"licences": check_model(data, card), **run_once(data, card)}


def run_once(data: bytes, card: ModelCard) -> dict[str, float]:
    """Load it as the unit would, on the CPU, and run it on one black picture."""
    import numpy as np  # noqa: PLC0415

    from inference.detection.runtime import load_onnxruntime  # noqa: PLC0415
    from inference.detection.sessions import list_runtime_errors  # noqa: PLC0415
    from inference.detection.tensors import (  # noqa: PLC0415
        make_feed,
        name_outputs,
        require_outputs,
    )

    onnxruntime = load_onnxruntime()
    options = make_options(onnxruntime)
    started = time.monotonic()
    # Two at once where any number may come: the claim is tried.
    entry = card.input
    black = np.zeros((card.batch or 2, 3, entry.height, entry.width), np.float32)
    try:
        session = onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
        loaded = time.monotonic()
        outputs = session.run(None, make_feed(black, card))
    except list_runtime_errors() as error:
        raise explain_failure(error, onnxruntime.__version__) from error
    names = [one.name for one in session.get_outputs()]
    require_outputs(name_outputs(names, outputs), replace(card, batch=len(black)), card.name)
    return {"load_s": loaded - started, "frame_s": time.monotonic() - loaded}


def make_options(onnxruntime: Any) -> Any:
    """One thread, and no more memory than needed."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return options


def explain_failure(error: Exception, version: str) -> MemoryError | ModelError:
    """What an error of ONNX Runtime says of the model."""
    if any(word in str(error) for word in NO_MEMORY):
        return MemoryError()
    return ModelError(
        f"does not run with ONNX Runtime {version} ({shorten_error(error)}); "
        "export it again for this version"
    )


def main() -> None:
    model, card, memory_bytes, cpu_s = sys.argv[1:]
    set_limits(int(memory_bytes), int(cpu_s))
    try:
        answer = run_trial(Path(model), read_card(Path(card)))
    except (ModelError, OSError) as error:
        answer = {"refused": str(error)}
    except (MemoryError, RecursionError):
        answer = {"refused": "needs more memory than a model may have here; choose a smaller one"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
