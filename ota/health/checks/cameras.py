"""Check: does each camera give a stream that runs at this energy level?

Reads: the cameras' states. Writes: nothing.
Never: asks a camera for a picture: that costs energy, and its service reports what comes.
"""

from appliance.model_cameras import CameraMode, CameraState
from appliance.wording.sentence import say
from ota.health.sight import Items, Sight


def look(sight: Sight) -> Items:
    level = sight.level
    return {
        say("camera {name}", name=name): find_fault(sight, name)
        for name, camera in sight.settings.camera.items()
        if level >= camera.runs_from
    }


def find_fault(sight: Sight, name: str) -> str:
    state = sight.find(CameraState, camera=name)
    if state is None:
        return say("it does not report")
    is_off = state.mode is CameraMode.OFF
    return "" if state.stream is not None or is_off else say("it gives no pictures")
