"""Check: was a picture analysed?

Reads: the runs of the inference process. Writes: nothing.
Never: starts one: without energy, or without movement, there is none to be seen.
"""

from appliance.model import EnergyLevel
from appliance.model_cameras import CameraMode, CameraState, InferenceRun
from appliance.wording.sentence import say
from ota.health.sight import Items, Sight


def look(sight: Sight) -> Items:
    states = [sight.find(CameraState, camera=name) for name in sight.settings.camera]
    watched = any(one is not None and one.mode is CameraMode.WATCH for one in states)
    if sight.level < EnergyLevel.ECO or not watched:
        return {}
    run = sight.find(InferenceRun)
    return {"inference": "" if run is not None and run.frames else say("no picture was analysed")}
