"""What the unit draws now, load by load, as its own services report it.

Reads: the newest computer, camera and inference rows. Writes: nothing.
Never: counts a load whose row is stale (a process that is gone draws nothing), or a watt twice:
what analysing one camera takes (`CameraUsage`) is part of inference.
"""

from dataclasses import dataclass

from appliance.model import EnvironmentReading
from appliance.model_cameras import CameraState, InferenceRun
from appliance.store.store import Store


@dataclass(frozen=True, slots=True)
class LoadPower:
    """One consumer; `measured` False: the figure is from the settings, not from a meter."""

    name: str
    power_w: float
    measured: bool


def read_loads(store: Store, cameras: tuple[str, ...]) -> tuple[LoadPower, ...]:
    """The loads that are on, in the order computer, cameras, inference."""
    loads = []
    computer = store.latest(EnvironmentReading)
    if computer:
        measured = computer.computer_power_measured
        loads.append(LoadPower("computer", computer.computer_power_w, measured))
    for name in cameras:
        state = store.latest(CameraState, camera=name)
        if state:
            loads.append(LoadPower(f"camera {name}", state.power_w, state.power_measured))
    run = store.latest(InferenceRun)
    if run:
        loads.append(LoadPower("inference", run.power_w, run.energy_measured))
    return tuple(loads)
