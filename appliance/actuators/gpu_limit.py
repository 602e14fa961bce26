"""Limits the power of every NVIDIA GPU: `python -m appliance.actuators.gpu_limit WATTS`, by PID 1.

Reads: NVML. Writes: each GPU's power limit.
Never: sets a limit outside a GPU's own range, and never fails for all because one GPU has no limit.

The driver forgets the limit when it is unloaded, and without persistence mode when nobody uses the
GPU: so the power service sets it again at each start. Limits are in mW (NVML API reference, device
commands); the driver lets only holders of CAP_SYS_ADMIN set one.
"""

import argparse
from typing import Any

from appliance.actuators.errors import PowerLimitError
from appliance.actuators.oneshot import one_at_a_time, perform
from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import parse_number
from appliance.process.nvml import open_nvml
from appliance.settings import Settings

MW = 1000
SAME_MW = 1000  # a limit that reads back within a watt was taken


def limit_all(nvml: Any | None, wanted_w: float) -> str:
    """Limit every GPU and return each one's limit; raises `PowerLimitError` where one failed.

    All are tried before it is raised, also where no GPU at all can be limited.
    """
    if nvml is None:
        raise PowerLimitError(
            "there is no NVIDIA GPU to limit: its driver is not loaded; "
            "leave [gpu] out of the settings of a unit without one"
        )
    kept: list[str] = []
    without: list[str] = []
    failed: list[str] = []
    for index in range(count_gpus(nvml)):
        try:
            kept.append(limit_gpu(nvml, index, wanted_w))
        except PowerLimitError as error:
            failed.append(str(error))
        except nvml.NVMLError as error:
            unknown = error.value == nvml.NVML_ERROR_NOT_SUPPORTED
            (without if unknown else failed).append(explain_error(nvml, index, error))
    if failed or not kept:
        raise PowerLimitError("; ".join([*failed, *without, *kept]) or "there is no GPU to limit")
    return "; ".join([*kept, *without])


def count_gpus(nvml: Any) -> int:
    try:
        return int(nvml.nvmlDeviceGetCount())
    except nvml.NVMLError as error:
        raise PowerLimitError(
            f"the driver does not list its GPUs ({error}): look for Xid errors in the kernel's log"
        ) from error


def limit_gpu(nvml: Any, index: int, wanted_w: float) -> str:
    """Limit one GPU within what it can keep, and read it back; raises NVML's own errors too."""
    gpu = nvml.nvmlDeviceGetHandleByIndex(index)
    low_mw, high_mw = nvml.nvmlDeviceGetPowerManagementLimitConstraints(gpu)
    limit_mw = min(max(round(wanted_w * MW), low_mw), high_mw)
    if nvml.nvmlDeviceGetPowerManagementLimit(gpu) != limit_mw:
        nvml.nvmlDeviceSetPowerManagementLimit(gpu, limit_mw)
    seen_mw = nvml.nvmlDeviceGetPowerManagementLimit(gpu)
    if abs(seen_mw - limit_mw) > SAME_MW:
        raise PowerLimitError(
            f"GPU {index} was limited to {limit_mw / MW:g} W and reads {seen_mw / MW:g} W: "
            "check whether something else sets its limit"
        )
    sentence = f"GPU {index} keeps to {seen_mw / MW:g} W"
    if limit_mw != round(wanted_w * MW):
        sentence += f", not {wanted_w:g} W: it can keep {low_mw / MW:g} to {high_mw / MW:g} W"
    return sentence + (describe_persistence(nvml, gpu) or "")


def describe_persistence(nvml: Any, gpu: Any) -> str | None:
    """The note on a GPU whose driver forgets the limit as soon as nobody uses it."""
    try:
        persistent = nvml.nvmlDeviceGetPersistenceMode(gpu) == nvml.NVML_FEATURE_ENABLED
    except nvml.NVMLError:  # not known here, and only a note
        return None
    return None if persistent else " while it is in use (for longer: enable nvidia-persistenced)"


def explain_error(nvml: Any, index: int, error: Any) -> str:
    """NVML's error in a sentence that says what to do."""
    if error.value == nvml.NVML_ERROR_NOT_SUPPORTED:
        return f"GPU {index} has no power limit"
    if error.value == nvml.NVML_ERROR_NO_PERMISSION:
        return (
            f"GPU {index} lets only the administrator limit it: "
            "start appliance-gpu-limit@WATTS.service and not this program by hand"
        )
    return f"GPU {index} could not be limited: {error}"


def limit_in_turn(settings: Settings, wanted_w: float) -> str:
    with one_at_a_time(settings, "gpu-limit"):
        return limit_all(open_nvml(), wanted_w)


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="gpu_limit", description="Limits the GPUs' power.")
    parser.add_argument(
        "watts", type=make_type(parse_number, 0.1, 100_000), help="limit of each GPU in W"
    )
    parser.add_argument("--settings", type=PATH, help="settings file (default: as documented)")
    asked = parser.parse_args(words)
    perform("gpu-limit", asked.settings, lambda own: limit_in_turn(own, asked.watts))


if __name__ == "__main__":
    main()
