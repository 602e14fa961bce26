"""The detector: the only importer of ONNX Runtime, behind a seam of two methods.

Reads: a model and its card. Writes: nothing.
Never: runs a model whose digest is not its card's, and never says that it used a device that it did
not: `provider` is what the session really got, since a GPU build falls back to the CPU in silence.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from appliance.errors import ModelError
from appliance.model import Detection, Tier
from inference.card import Card, verified_card
from inference.nanodet import Bytes, blob, decode

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PREFERRED = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
CPU = "CPUExecutionProvider"
NOT_LOADED = "none"


class Detector(Protocol):
    """What finds things in a picture.

    `provider` is the ONNX Runtime provider in use ("none" before the first picture), `wanted` the
    one that was hoped for; `digest` is the model's SHA-256.
    """

    provider: str
    wanted: str
    digest: str
    tier: Tier

    def detect(self, bgr: Bytes) -> list[Detection]:
        """What is in a picture (height x width x 3, BGR), the surest first; loads when needed."""

    def free(self) -> None:
        """Give the memory back; the next `detect` loads again."""


class NanoDet:
    """One NanoDet model. Building it checks the file and its card; the session comes later."""

    def __init__(self, model: Path, threads: int, floor: float, labels: tuple[str, ...]) -> None:
        """`floor`: least confidence that is reported. Raises `ModelError` in one sentence."""
        self._model = model
        self._card = verified_card(model)
        self._classes = self._card.numbers_of(labels)
        self._threads = threads
        self._floor = floor
        self._session: InferenceSession | None = None
        self.digest = self._card.sha256
        self.tier = self._card.tier
        self.provider = self.wanted = NOT_LOADED

    def detect(self, bgr: Bytes) -> list[Detection]:
        return decode(self._run(blob(bgr, self._card)), self._card, self._classes, self._floor)

    def free(self) -> None:
        self._session = None
        self.provider = NOT_LOADED

    def load(self) -> None:
        """Make the session and warm it once; raises `ModelError`."""
        cv2.setNumThreads(self._threads)
        self._session, self.wanted = open_session(self._model, self._card, self._threads)
        self.provider = self._session.get_providers()[0]
        self._run(np.zeros((1, 3, self._card.size, self._card.size), np.float32))

    def _run(self, entry: Any) -> Any:
        if self._session is None:
            self.load()
        assert self._session is not None
        try:
            return self._session.run(None, {self._card.input_name: entry})
        except runtime_errors() as error:
            self.free()
            raise ModelError(
                f"the model {self._model.name} failed while it ran: {first_line(error)}; "
                "it is loaded again at the next picture"
            ) from error


def open_session(model: Path, card: Card, threads: int) -> "tuple[InferenceSession, str]":
    """A session, and the provider that it should have got; raises `ModelError`."""
    import onnxruntime  # noqa: PLC0415  (60 MB that a resting process does not need)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads cost three times the CPU at a few frames a second, and gain nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    available = onnxruntime.get_available_providers()
    providers = [name for name in PREFERRED if name in available]
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers)
    except runtime_errors() as error:
        raise ModelError(
            f"{model} is not a model that ONNX Runtime can load: {first_line(error)}; "
            "copy the model and its card together again"
        ) from error
    require_input(session, model, card)
    return session, providers[0]


def require_input(session: "InferenceSession", model: Path, card: Card) -> None:
    """Raise `ModelError` where the model takes something else than its card says."""
    wanted = [(card.input_name, [1, 3, card.size, card.size])]
    found = [(entry.name, entry.shape) for entry in session.get_inputs()]
    if found != wanted:
        raise ModelError(
            f"the model {model} takes {found}, but its card says {wanted}: correct the card, "
            "or name another model in the section [inference] of the settings"
        )


def runtime_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: its error types have no common base but `Exception`."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415  (see above)

    return tuple(
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    )


def first_line(error: Exception) -> str:
    """The first line of an error: ONNX Runtime's texts are long."""
    return (str(error).strip().splitlines() or ["no message"])[0][:200]
