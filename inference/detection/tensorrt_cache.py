"""The cache of TensorRT engines: minutes of compiling that a restart must not repeat.

Reads: the driver's name of the GPU. Writes: directories below the engines' directory.
Never: lets an engine be used by another model, runtime or device than the one that it was made for,
keeps those that nothing can use any more, or deletes a directory that is not named like them.

An engine is machine code: its directory must be writable by the inference service alone.
"""

import hashlib
import platform
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from appliance.errors import ModelError
from appliance.model_cameras import Tier
from appliance.process.nvml import open_nvml
from inference.detection.model_card import ModelCard

DEVICE_TREE_MODEL = "proc/device-tree/model"  # names a Jetson
OWN_NAME = re.compile(r"[a-z0-9.-]{1,60}-[0-9a-f]{8}")
WORKSPACE_BYTES = 512 * 2**20


def make_directory_name(base: Path, *, runtime: str, device: str) -> Path:
    """The directory of one version of the runtime on one device; one below it for each model."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", f"{runtime} {device}").strip("-").lower()
    mark = hashlib.sha256(f"{runtime}\n{device}".encode()).hexdigest()[:8]
    return base / f"{words[:60]}-{mark}"


def prepare_directory(base: Path, *, runtime: str, device: str, digest: str) -> Path:
    """Make the directory of one model, and delete those of other runtimes and devices.

    Raises `ModelError` where that cannot be.
    """
    mine = make_directory_name(base, runtime=runtime, device=device)
    own = mine / digest[:16]
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in base.iterdir():
            if other != mine and OWN_NAME.fullmatch(other.name):
                shutil.rmtree(other, ignore_errors=True)  # takes no link and no file
    except OSError as error:
        raise ModelError(
            f"the engines' directory {base} cannot be used: {error.strerror}; "
            "check its owner and the free space"
        ) from error
    return own


def read_device_name(root: Path = Path("/")) -> str:
    """The GPU's name and driver, a Jetson's model, or the kind of processor."""
    nvml = open_nvml(root)
    if nvml is not None:
        with suppress(nvml.NVMLError):
            name = nvml.nvmlDeviceGetName(nvml.nvmlDeviceGetHandleByIndex(0))
            return f"{name} driver {nvml.nvmlSystemGetDriverVersion()}"
    with suppress(OSError):
        return (root / DEVICE_TREE_MODEL).read_text(errors="replace").rstrip("\0\n")
    return platform.machine()


def make_tensorrt_options(card: ModelCard, directory: Path, max_batch: int) -> Mapping[str, str]:
    """TensorRT's options for one model, whose engine is kept in `kept`.

    Where any number of pictures goes in, one engine serves 1 to `most`: without this range, each
    new number would be compiled anew.
    """
    options = {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(directory),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(directory),
        "trt_max_workspace_size": str(WORKSPACE_BYTES),
    }
    if card.tier is Tier.INT8:
        options |= {"trt_int8_enable": "1", "trt_fp16_enable": "1"}
    if card.batch is None:
        for word, count in (("min", 1), ("opt", 1), ("max", max_batch)):
            options[f"trt_profile_{word}_shapes"] = format_profile(card, count)
    return options


def format_profile(card: ModelCard, batch: int) -> str:
    """The shapes of all inputs for so many pictures, as TensorRT wants them."""
    entry = card.input
    shapes = {entry.name: entry.make_shape(batch)}
    shapes |= {one.name: [batch, len(one.values)] for one in entry.constants}
    return ",".join(f"{name}:{'x'.join(map(str, shape))}" for name, shape in shapes.items())
