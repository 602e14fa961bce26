"""Check: may only the right people change the settings?

Reads: the mode of the settings file. Writes: nothing.
Never: changes a mode.
"""

import stat

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store.store import Store

NAME = "permissions"


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if not settings.path.exists():
        return Finding(NAME, f"there is no {settings.path}", ok=None)
    mode = settings.path.stat().st_mode
    return Finding(
        NAME,
        f"{settings.path} is {stat.filemode(mode)}",
        f"anybody may change it: chmod o-w {settings.path}",
        ok=not mode & stat.S_IWOTH,
    )
