"""ONNX Runtime sessions: execution providers asked for and got, options, warm-up.

Reads: a model's file. Writes: nothing itself; TensorRT keeps its engines
(inference/detection/tensorrt_cache.py).
Never: loads a library of custom operators or a file whose digest is not its card's, and never
trusts the request for a device: `provider` is what the session really got, since a GPU build falls
back to the CPU without an error.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from appliance.errors import ModelError, shorten_error
from appliance.wording.sentence import say
from inference.detection import tensorrt_cache
from inference.detection.heads import Outputs
from inference.detection.heads.candidates import Floats
from inference.detection.model_card import ModelCard, require_digest
from inference.detection.model_forms import fits
from inference.detection.runtime import list_runtime_errors, load_onnxruntime
from inference.detection.tensors import make_feed, name_outputs, require_outputs

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

TENSORRT = "TensorrtExecutionProvider"
CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
PREFERRED = (TENSORRT, CUDA, CPU)
MOST_AT_ONCE = 8  # pictures in one run, where the model takes any number
FATAL_ONLY = 4  # of ONNX Runtime's log: what matters comes as an error, and is reported once


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How sessions are made on this unit.

    `threads`: of one run. `engines_dir`: where TensorRT keeps what it compiled; None: TensorRT is
    not used, since it would compile for minutes at each start. `available`: the providers that the
    runtime was built with; None: it is asked.
    """

    threads: int = 1
    engines_dir: Path | None = None
    available: tuple[str, ...] | None = None


class Session:
    """One model in memory, warm. For one thread at a time.

    `provider` is the one in use, `wanted` the preferred one. `load_s` is how long loading
    and warming took.
    """

    def __init__(self, model: Path, card: ModelCard, runtime: "InferenceSession") -> None:
        self.provider: str = runtime.get_providers()[0]
        self.wanted = self.provider
        self.load_s = 0.0
        self._model = model
        self._card = card
        self._runtime = runtime
        self._names = [one.name for one in runtime.get_outputs()]

    @property
    def degraded(self) -> str:
        """Why this is not the device that was wanted, in one sentence; "" where it is."""
        return format_degraded(self._model.stem, wanted=self.wanted, provider=self.provider)

    def run(self, entry: Floats) -> Outputs:
        """The outputs for pictures x 3 x height x width numbers, by name; raises `ModelError`."""
        try:
            outputs = self._runtime.run(None, make_feed(entry, self._card))
        except list_runtime_errors() as error:
            raise ModelError(
                say(
                    "the model {model} failed while it ran: {error}; it is loaded again at the "
                    "next picture",
                    model=self._model.name,
                    error=shorten_error(error),
                )
            ) from error
        return name_outputs(self._names, outputs)

    def warm(self) -> None:
        """Run once, as the first run allocates; raises `ModelError` for outputs of no use."""
        entry = self._card.input
        black = np.zeros((self._card.batch or 1, 3, entry.height, entry.width), np.float32)
        require_outputs(self.run(black), self._card, self._model.name)


def open_session(model: Path, card: ModelCard, settings: SessionSettings) -> Session:
    """A warm session on the best device that works; raises `ModelError`, in one sentence."""
    started = time.monotonic()
    onnxruntime = load_onnxruntime()
    onnxruntime.set_default_logger_severity(FATAL_ONLY)
    data = read_verified_bytes(model, card)
    available = settings.available or tuple(onnxruntime.get_available_providers())
    wanted = order_providers(available, settings.engines_dir)
    for number, _ in enumerate(wanted):
        try:
            session = make_session(model, card, settings, data, wanted[number:])
            break
        except ModelError:
            if wanted[number] == CPU:
                raise
    session.wanted = wanted[0]
    session.load_s = time.monotonic() - started
    return session


def make_session(
    model: Path, card: ModelCard, settings: SessionSettings, data: bytes, providers: list[str]
) -> Session:
    """A warm session that may use `providers`; raises `ModelError`."""
    onnxruntime = load_onnxruntime()
    with_options = [
        (name, make_provider_options(name, card, settings.engines_dir)) for name in providers
    ]
    try:
        runtime = onnxruntime.InferenceSession(
            # Its own way back to the CPU prints to standard output and hides why.
            data,
            make_session_options(settings.threads),
            with_options,
            enable_fallback=0,
        )
    except list_runtime_errors() as error:
        raise ModelError(
            say(
                "{model} is not a model that ONNX Runtime can load: {error}; copy the "
                "model and its card together again",
                model=model,
                error=shorten_error(error),
            )
        ) from error
    require_input(runtime, model, card)
    session = Session(model, card, runtime)
    session.warm()
    return session


def read_verified_bytes(model: Path, card: ModelCard) -> bytes:
    """The model, byte for byte the one that its card describes; raises `ModelError`.

    Read anew for each session, and the session is made of these very bytes: a file that is changed
    between the check and the loading is not loaded.
    """
    try:
        data = model.read_bytes()
    except OSError as error:
        raise ModelError(
            say(
                "the model {model} cannot be read: {strerror}; see `model` in the section "
                "[inference] of the settings",
                model=model,
                strerror=error.strerror,
            )
        ) from error
    require_digest(model, hashlib.sha256(data).hexdigest(), card)
    return data


def order_providers(available: Sequence[str], engines_dir: Path | None) -> list[str]:
    """The providers to ask for, the best first. The CPU is always among them."""
    found = [name for name in PREFERRED if name in available or name == CPU]
    if engines_dir is None and TENSORRT in found:
        found.remove(TENSORRT)
    return found


def make_session_options(threads: int) -> "SessionOptions":
    """How a session behaves. Measured with the int8 model on two cores of an EPYC:

    spinning off: CPU time of a run at one frame a second is 1.05 times that of runs back to back;
    with spinning and two threads it is 3 times (120 ms instead of 42). Memory patterns off: 8 MB
    less of 44 (23 of 95 for the exact model) at the same speed; without the arena, 31 MB stay
    taken after the session is gone.
    """
    onnxruntime = load_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False
    options.log_severity_level = FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def make_provider_options(
    provider: str, card: ModelCard, engines_dir: Path | None
) -> Mapping[str, str]:
    """The options of one provider for one model: what a small, shared GPU can bear."""
    if provider == TENSORRT and engines_dir is not None:
        onnxruntime = load_onnxruntime()
        runtime = f"onnxruntime {onnxruntime.__version__}"
        kept = tensorrt_cache.prepare_directory(
            engines_dir,
            runtime=runtime,
            device=tensorrt_cache.read_device_name(),
            digest=card.sha256,
        )
        return tensorrt_cache.make_tensorrt_options(card, kept, MOST_AT_ONCE)
    if provider == CUDA:
        return {
            # Grow by what is needed, not by doubling; do not try all algorithms at each load.
            "arena_extend_strategy": "kSameAsRequested",
            "cudnn_conv_algo_search": "HEURISTIC",
            "cudnn_conv_use_max_workspace": "0",
        }
    return {}


def require_input(runtime: "InferenceSession", model: Path, card: ModelCard) -> None:
    """Raise `ModelError` where the model's inputs are not those of its card."""
    picture = card.input
    wanted = {picture.name: picture.make_shape(card.batch)}
    wanted |= {one.name: [card.batch, len(one.values)] for one in picture.constants}
    found = {entry.name: list(entry.shape) for entry in runtime.get_inputs()}
    if found.keys() != wanted.keys() or not all(
        fits(found[name], shape) for name, shape in wanted.items()
    ):
        raise ModelError(
            say(
                "the model {model} takes {found}, but its card says {wanted}: add it anew without "
                "a card (`unitctl models add`), or name another model in [inference] of the "
                "settings",
                model=model,
                found=found,
                wanted=wanted,
            )
        )


def format_degraded(model: str, *, wanted: str, provider: str) -> str:
    """The sentence for a session on another device than the wanted one; "" where it is that."""
    if provider == wanted:
        return ""
    text = say(
        "the model {model} runs on {provider}, although {wanted} was to be used",
        model=model,
        provider=format_provider(provider),
        wanted=format_provider(wanted),
    )
    if provider == CPU:
        return say(
            "{text}: each frame costs more energy than planned; check the GPU's driver", text=text
        )
    return say("{text}: frames cost a little more; check its libraries and engines", text=text)


def format_provider(provider: str) -> str:
    """A provider's name for people."""
    return {TENSORRT: "TensorRT", CUDA: "CUDA", CPU: "the CPU"}.get(provider, provider)
