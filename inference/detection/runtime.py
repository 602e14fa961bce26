"""ONNX Runtime, loaded so that it reports to nobody.

    onnxruntime = load_onnxruntime()

Its packages for Linux (1.31) write a device id into the home directory and ask DNS for a host of
their maker as soon as a model is opened, unless the environment forbids it before it is loaded.

Reads: nothing. Writes: one variable of this process' environment.
Never: is passed by: nothing else here imports onnxruntime (a test holds it).
"""

import os
from typing import Any

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"


def load_onnxruntime() -> Any:
    """The module (60 MB that a resting process does not need), its telemetry off."""
    os.environ[NO_TELEMETRY] = "1"
    import onnxruntime  # noqa: PLC0415  (after the variable, and only where it is used)

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def list_runtime_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: its own types have no common base but `Exception`.

    `RuntimeError` and `ValueError` come from its Python part: a device that is gone, a wrong shape.
    """
    state = load_onnxruntime().capi.onnxruntime_pybind11_state
    own = tuple(
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    )
    return (*own, RuntimeError, ValueError)
