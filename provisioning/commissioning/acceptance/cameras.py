"""Check: does each camera give a picture now? The pictures are the photographs of the report.

Reads: each camera's socket. Writes: nothing.
Never: connects to a camera itself, or stores a picture that its privacy mask would hide: the
camera's own process gives it.
"""

from pathlib import Path
from threading import Event

from appliance.errors import CameraError
from appliance.media.frames import Answer, Picture
from appliance.model import EnergyBudget, EnergyLevel
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.limits import CAMERA_START, STILL_AGE
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict
from provisioning.commissioning.report.document import Photograph
from provisioning.commissioning.report.photographs import MOST_CAMERAS, make_photograph

AT = say("seen just now")
LOOK_EVERY_S = 1.0


def check_camera(scene: Scene, name: str) -> tuple[Finding, Photograph]:
    """One camera."""
    title = say("The camera {name} gives a picture", name=name)
    try:
        answer = pull(scene, scene.settings.camera_socket(name))
    except CameraError as error:
        return tell_none(name, title, why=str(error.args[0]))
    if not isinstance(answer, Picture):
        return tell_none(name, title, why=answer.reason, verdict=judge_none(scene))
    photograph = make_photograph(name, bytes(answer.data), AT)
    age_s = scene.age_s(answer)
    size = f"{answer.width}x{answer.height}"
    figures = (Figure(say("Picture"), size, "px", age_s),)
    if photograph.data is None:
        return Finding(f"camera {name}", title, Verdict.FAILED, photograph.note), photograph
    if age_s is None or age_s > STILL_AGE.value:
        old = say("its newest picture is old: `unitctl cameras why {name}` says why", name=name)
        return Finding(f"camera {name}", title, Verdict.FAILED, old, figures), photograph
    good = say("it gives pictures of {size}", size=size)
    return Finding(f"camera {name}", title, Verdict.PASSED, good, figures), photograph


def pull(scene: Scene, socket: Path) -> Answer:
    """What it gives; a process that was just started is waited for. Raises `CameraError`."""
    clock, never = scene.unit.clock, Event()
    ends_s = clock.media_s() + CAMERA_START.value
    while True:
        try:
            return scene.world.pull(socket)
        except CameraError:
            if clock.media_s() >= ends_s:
                raise
        clock.wait_media(LOOK_EVERY_S, never)


def judge_none(scene: Scene) -> Verdict:
    """While energy is short no camera decodes; the step of the cameras has seen a picture."""
    budget = scene.find(EnergyBudget)
    is_saving = budget is not None and budget.level < EnergyLevel.ECO
    return Verdict.NOT_POSSIBLE if is_saving else Verdict.FAILED


def tell_none(
    name: str, title: str, *, why: str, verdict: Verdict = Verdict.FAILED
) -> tuple[Finding, Photograph]:
    """No picture, with the camera's own reason."""
    reason = say(
        "no picture: {why}; `unitctl cameras why {name}` says more, then test again",
        why=why,
        name=name,
    )
    return Finding(f"camera {name}", title, verdict, reason), Photograph(name, None, why)


def list_cameras(scene: Scene) -> list[str]:
    """As many as a report shows."""
    return list(scene.settings.camera)[:MOST_CAMERAS]
