"""Check: do the cameras' files and devices exist?

Reads: the settings, and whether each path is there. Writes: nothing.
Never: connects to a stream; a camera's own service says whether it gives pictures.
"""

import os

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store import Store

NAME = "cameras"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if not settings.camera:
        return Finding(NAME, None, "the settings name no camera")
    wrong = [name for name, camera in settings.camera.items() if not usable(camera.source)]
    if wrong:
        return Finding(
            NAME,
            False,
            f"no readable source: {', '.join(wrong)}",
            f"check the file or the cable, and `source` in {settings.path}",
        )
    return Finding(
        NAME, True, f"{len(settings.camera)} with a source: {', '.join(settings.camera)}"
    )


def usable(source: str) -> bool:
    """Whether a path can be read; a URL is left to the camera's service."""
    return "://" in source or os.access(source, os.R_OK)
