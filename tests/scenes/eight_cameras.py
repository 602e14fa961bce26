"""A unit with eight cameras, each in another state: what the page and the commands have to show.

Reads: the clock of the stores that it is given. Writes: their rows of the last 20 minutes, and the
sections of the settings file.
Never: a row of now that the clock has not reached.
"""

from dataclasses import replace
from datetime import timedelta

from appliance.model import Stamp
from appliance.model_cameras import (
    CameraMode,
    CameraMotion,
    CameraUsage,
    InferencePlan,
    InferenceRun,
    Tier,
)
from appliance.store.store import Store
from tests.scenes import filled

PASSWORD = "hunter2"
LEVEL = "ECO, planned until 17:40: 52 % of charge, 25 Wh of sun are expected today"
WATCHES = f"pictures with movement go to inference: {LEVEL}"
LISTENS = "only packet sizes are checked, nothing is decoded: SENTINEL"
FOLLOWS = f"all pictures go to inference on request, since an object is tracked: {LEVEL}"
PROBES = f"the camera also decodes key frames, since packet sizes do not show movement: {LEVEL}"
HD = "h264 1920x1080, 25 frames a second, 2100 kbit/s"
MINUTES = 20
GONE = f"rtsp://admin:{PASSWORD}@10.0.0.7/live gives no picture; check the cable and the password"

# name: mode, W, W of looking, why, stream
CAMERAS = {
    "gate": (CameraMode.ACTIVE, 3.45, 1.83, FOLLOWS, HD),
    "yard-north": (CameraMode.WATCH, 3.05, 0.21, WATCHES, HD),
    "yard-south": (CameraMode.WATCH, 3.04, 0.0, WATCHES, "h265 2560x1440, 15 frames a second"),
    "well": (CameraMode.PROBE, 2.1, 0.0, PROBES, "mjpeg 640x480, 10 frames a second, 3900 kbit/s"),
    "road": (
        CameraMode.LISTEN,
        2.01,
        0.0,
        LISTENS,
        HD,
    ),
    "shed": (CameraMode.OFF, 0.0, 0.0, "the camera is off: it runs from FULL only", None),
    "far-field-behind-the-old-orchard": (CameraMode.WATCH, 3.0, 0.0, GONE, None),
}
SILENT = "barn"
NAMES = (*CAMERAS, SILENT)


def format_sections() -> str:
    """The settings of the cameras."""
    source = f'source = "rtsp://admin:{PASSWORD}@10.0.0.7/live"'
    return "\n".join(f"[camera.{name}]\n{source}" for name in NAMES)


def write(camera: Store, inference: Store) -> None:
    """The rows of every camera but the silent one, which spoke 20 minutes ago."""
    now = camera.clock.stamp()
    for ago in range(MINUTES, -1, -1):
        write_minute(camera, inference, before(now, 60.0 * ago), first=ago == MINUTES)
    camera.add(filled.camera_state(before(now, 60.0 * MINUTES), SILENT))
    camera.add(
        make_motion(now, "gate", 95, looked=True), make_motion(now, "yard-north", 4000, looked=True)
    )
    camera.add(
        make_motion(now, "road", 700, looked=False),
        make_motion(now, "well", 60 * 60 * 26, looked=True),
    )
    inference.add(InferencePlan(now, 2.0, Tier.INT8, f"2 frames a second are paid for: {LEVEL}"))


def write_minute(camera: Store, inference: Store, at: Stamp, first: bool) -> None:
    looked_w = 0.0
    for name, (mode, power_w, looking_w, reason, stream) in CAMERAS.items():
        state = filled.camera_state(at, name, mode, power_w)
        camera.add(replace(state, reason=reason, stream=stream))
        if first:
            camera.add(filled.change(at, name, mode, reason))
        looked_w += looking_w
        energy_wh = looking_w / 60
        looks = CameraUsage(
            at,
            name,
            60.0,
            60,
            0,
            energy_wh,
            energy_measured=True,
            power_w=looking_w,
            tier=Tier.INT8,
        )
        inference.add(looks)
    run_wh = looked_w / 60
    inference.add(
        InferenceRun(
            at,
            60.0,
            120,
            3,
            run_wh,
            energy_measured=True,
            power_w=looked_w,
            provider="CPU",
            model_digest=filled.DIGEST,
        )
    )


def make_motion(now: Stamp, name: str, ago_s: float, looked: bool) -> CameraMotion:
    return filled.motion(before(now, ago_s), name, looked)


def before(now: Stamp, seconds: float) -> Stamp:
    """A stamp of so many seconds before."""
    return replace(now, utc=now.utc - timedelta(seconds=seconds), uptime_s=now.uptime_s - seconds)
