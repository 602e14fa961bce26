"""Opens the camera that a `source` setting names: the one place that knows which kinds there are.

Reads and writes: nothing itself.
Never: imports PyAV before a camera is really opened: a camera that is off costs no memory for it.
"""

from pathlib import Path

from appliance.errors import CameraError
from sensors.source import Camera


def open_camera(source: str, directory: Path) -> Camera:
    """The camera of a `source` setting; a relative path counts from `directory`."""
    if not source:
        raise CameraError("the camera has no source: set `source` in its section to a clip's path")
    if "://" in source:
        raise CameraError(
            f"{source} is a stream, and this release plays files only: "
            "set the camera's `source` to the path of a clip"
        )
    from sensors.clip import Clip  # noqa: PLC0415  (PyAV costs 18 MB: only where it works)

    return Clip(directory / source)
