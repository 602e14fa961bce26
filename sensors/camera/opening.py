"""Opens the camera that a section of the settings names: the one place that knows the kinds.

Reads and writes: nothing itself.
Never: imports PyAV before a camera is really opened: a camera that is off costs no memory for it.
"""

from pathlib import Path

from appliance.errors import CameraError
from appliance.settings import CameraSettings
from sensors.camera.source import Camera, Hear


def open_camera(settings: CameraSettings, directory: Path, hear: Hear) -> Camera:
    """The camera of a section; a relative path counts from `directory`. Raises `CameraError`."""
    source = settings.source
    if not source:
        raise CameraError("the camera has no source: set `source` in its section")
    if "://" in source:
        raise CameraError(
            f"{source} is a stream, and this release plays files only: "
            "set the camera's `source` to the path of a clip"
        )
    from sensors.camera.clip import Clip  # noqa: PLC0415  (PyAV costs 18 MB: only where it works)

    return Clip(directory / source, hear)
