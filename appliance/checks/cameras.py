"""Check: do the cameras' files and devices exist, are their passwords kept, do they give pictures?

Reads: the settings, whether each path is there and for whom, the cameras' open faults. Writes:
nothing.
Never: connects to a stream (a camera's own service reports whether it gives pictures), and never
reads or shows a password.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.counts import format_count

NAME = "cameras"
FOR_OTHERS = 0o007  # who is neither the owner nor of the group


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if not settings.camera:
        return Finding(NAME, "the settings name no camera", ok=None)
    faults = [*find_settings_faults(settings), *list_reported_faults(settings, store)]
    if faults:
        text = "; ".join(text for text, _ in faults)
        return Finding(NAME, text, faults[0][1], ok=False)
    return Finding(
        NAME,
        f"{format_count(len(settings.camera), 'camera')} with a source: "
        f"{', '.join(settings.camera)}",
        ok=True,
    )


def find_settings_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is wrong with the files that the settings name: what, and what to do."""
    wrong = [name for name, camera in settings.camera.items() if not is_usable(camera.source)]
    if wrong:
        advice = f"check the file or the cable, and `source` in {settings.path}"
        yield f"no readable source: {', '.join(wrong)}", advice
    for name, camera in settings.camera.items():
        if text := find_password_fault(camera):
            file = camera.password_file
            yield f"{name}: {text}", f"chown root:appliance {file}; chmod 640 {file}"


def list_reported_faults(settings: Settings, store: Store | None) -> Iterator[tuple[str, str]]:
    """What the cameras' own services report."""
    sources = {f"camera@{name}": name for name in settings.camera}
    for fault in store.list_open_faults() if store else ():
        if fault.source in sources:
            advice = f"`unitctl cameras why {sources[fault.source]}` says more"
            yield f"{sources[fault.source]}: {fault.text}", advice


def find_password_fault(camera: CameraSettings) -> str:
    """What is wrong with its password file; "" where nothing is."""
    file = camera.password_file
    if file is None:
        return ""
    try:
        mode = Path(file).stat().st_mode
    except OSError as error:
        return f"its password file cannot be found ({error.strerror})"
    return "its password file is open to everybody" if mode & FOR_OTHERS else ""


def is_usable(source: str) -> bool:
    """Whether a path can be read; a URL is left to the camera's service."""
    return "://" in source or os.access(source, os.R_OK)
