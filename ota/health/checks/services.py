"""Check: does every service report that should run at this energy level?

Reads: the services' sentences, what inference plans. Writes: nothing.
Never: asks PID 1: for it a process that hangs is active.
"""

from appliance.checks.services import should_report
from appliance.model import ServiceState
from appliance.model_cameras import InferencePlan
from appliance.process.units import find_unit
from appliance.wording.sentence import say
from ota.health.sight import Items, Sight

ALWAYS = ("power", "sensors")
INFERENCE = "inference"


def look(sight: Sight) -> Items:
    known = {*ALWAYS, *sight.store.list_values(ServiceState, "service")}
    return {
        say("service {name}", name=name): find_silence(sight, name)
        for name in sorted(known)
        if stays(sight, name)
    }


def stays(sight: Sight, name: str) -> bool:
    """Whether it does not leave by itself now. Inference does where its budget pays for nothing."""
    if name == INFERENCE:
        plan = sight.find_last(InferencePlan)
        if plan is not None and not plan.frames_per_s:
            return False
    return name in ALWAYS or should_report(name, sight.level, sight.settings)


def find_silence(sight: Sight, name: str) -> str:
    if sight.find(ServiceState, service=name) is not None:
        return ""
    return say("{unit} does not report", unit=find_unit(name, sight.settings.camera))
