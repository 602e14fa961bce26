"""A real NVIDIA GPU reports the limits it can keep to, and with --gpu-limit-w keeps to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from appliance.actuators.gpu_limit import limit_all
from appliance.clock import SystemClock
from appliance.process.nvml import open_nvml
from sensors.gpu import read_gpus

MW = 1000


@pytest.fixture
def nvml() -> Any:
    found = open_nvml()
    if found is None or not found.nvmlDeviceGetCount():
        pytest.skip("needs an NVIDIA GPU and its driver")
    return found


@pytest.fixture
def gpus(nvml: Any) -> list[Any]:
    """The GPUs of this computer that know a power limit."""
    handles = [nvml.nvmlDeviceGetHandleByIndex(n) for n in range(nvml.nvmlDeviceGetCount())]
    known = [gpu for gpu in handles if constraints(nvml, gpu)]
    if not known:
        pytest.skip("no GPU of this computer has a power limit")
    return known


def constraints(nvml: Any, gpu: Any) -> list[int] | None:
    """Least and largest limit in mW, or None."""
    try:
        found: list[int] = nvml.nvmlDeviceGetPowerManagementLimitConstraints(gpu)
    except nvml.NVMLError as error:
        if error.value == nvml.NVML_ERROR_NOT_SUPPORTED:
            return None
        raise
    return found


@pytest.fixture
def restore_limit(nvml: Any, gpus: list[Any]) -> Iterator[None]:
    """The limits of before are back after the test."""
    before = [nvml.nvmlDeviceGetPowerManagementLimit(gpu) for gpu in gpus]
    yield
    for gpu, limit_mw in zip(gpus, before, strict=True):
        if nvml.nvmlDeviceGetPowerManagementLimit(gpu) != limit_mw:
            nvml.nvmlDeviceSetPowerManagementLimit(gpu, limit_mw)


def test_a_real_gpu_says_within_which_limits_it_draws_power(nvml: Any, gpus: list[Any]) -> None:
    readings = read_gpus(nvml, SystemClock())
    assert len(readings) == nvml.nvmlDeviceGetCount()
    for gpu in gpus:
        low_mw, high_mw = constraints(nvml, gpu) or (0, 0)
        limit_mw = nvml.nvmlDeviceGetPowerManagementLimit(gpu)
        assert 0 < low_mw <= limit_mw <= high_mw
        print(f"{low_mw / MW:g} to {high_mw / MW:g} W, now {limit_mw / MW:g} W")
    assert all(one.power_w is None or 0 < one.power_w < 2000 for one in readings)


def test_a_limit_that_a_real_gpu_has_already_is_read_and_left(nvml: Any, gpus: list[Any]) -> None:
    """Needs no permission, since nothing is set."""
    limits = {nvml.nvmlDeviceGetPowerManagementLimit(gpu) for gpu in gpus}
    if len(limits) > 1:
        pytest.skip("the GPUs have different limits, and one would have to be set")
    assert "keeps to" in limit_all(nvml, limits.pop() / MW)


@pytest.mark.usefixtures("restored")
def test_a_real_gpu_takes_a_limit_and_reads_it_back(
    nvml: Any, gpus: list[Any], request: pytest.FixtureRequest
) -> None:
    wanted_w: float | None = request.config.getoption("--gpu-limit-w")
    if wanted_w is None:
        pytest.skip("changes the power limit of every GPU: give --gpu-limit-w")
    try:
        gpu = gpus[0]
        nvml.nvmlDeviceSetPowerManagementLimit(gpu, nvml.nvmlDeviceGetPowerManagementLimit(gpu))
    except nvml.NVMLError as error:
        pytest.skip(f"only the administrator may limit this GPU: {error}")
    limit_all(nvml, wanted_w)
    for gpu in gpus:
        low_mw, high_mw = constraints(nvml, gpu) or (0, 0)
        expected_mw = min(max(wanted_w * MW, low_mw), high_mw)
        assert abs(nvml.nvmlDeviceGetPowerManagementLimit(gpu) - expected_mw) <= MW
