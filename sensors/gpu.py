"""GPUs of x86 computers, through NVIDIA's management library (NVML).

Reads: NVML. Writes: nothing.
Never: changes a GPU's settings, and never treats a missing GPU as a fault.

A value that a board does not know (NOT_SUPPORTED, common on small and mobile ones) is None.
Power in mW, memory in bytes: NVML API reference, device queries.
"""

from collections.abc import Callable
from typing import Any

from appliance.clock import Clock
from appliance.model import GpuReading
from appliance.wording.sentence import say
from sensors.errors import GpuError


def read_gpus(nvml: Any | None, clock: Clock) -> list[GpuReading]:
    """One reading of each GPU; none without NVML. Raises `GpuError` where one is silent."""
    if nvml is None:
        return []
    try:
        handles = [
            nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())
        ]
        return [read_gpu(nvml, handle, clock) for handle in handles]
    except nvml.NVMLError as error:
        raise GpuError(
            say(
                "the GPU does not answer its driver ({error}): look for Xid errors in the kernel's "
                "log; if it stays so, restart the unit",
                error=error,
            )
        ) from error


def read_gpu(nvml: Any, handle: Any, clock: Clock) -> GpuReading:
    """One reading of one GPU."""

    def value(call: Callable[..., Any], *more: Any) -> Any:
        try:
            return call(handle, *more)
        except nvml.NVMLError as error:
            if error.value == nvml.NVML_ERROR_NOT_SUPPORTED:
                return None
            raise

    power_mw = value(nvml.nvmlDeviceGetPowerUsage)
    utilisation = value(nvml.nvmlDeviceGetUtilizationRates)
    memory = value(nvml.nvmlDeviceGetMemoryInfo)
    return GpuReading(
        stamp=clock.stamp(),
        gpu=value(nvml.nvmlDeviceGetName) or "GPU",
        power_w=None if power_mw is None else power_mw / 1000,
        temperature_c=value(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU),
        utilisation_pct=None if utilisation is None else float(utilisation.gpu),
        memory_used_bytes=None if memory is None else int(memory.used),
    )
