"""Check: may only the right people change the settings, and the services open what they share?

Reads: modes and groups of the settings file and of the database. Writes: nothing.
Never: changes a mode.
"""

import stat
from pathlib import Path

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store.store import Store

NAME = "permissions"
GROUP_BITS = stat.S_IRGRP | stat.S_IWGRP


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if not settings.path.exists():
        return Finding(NAME, f"there is no {settings.path}", ok=None)
    for path in (settings.database, Path(f"{settings.database}-wal")):
        if closed := find_closed(path):
            return closed
    mode = settings.path.stat().st_mode
    return Finding(
        NAME,
        f"{settings.path} is {stat.filemode(mode)}",
        f"anybody may change it: chmod o-w {settings.path}",
        ok=not mode & stat.S_IWOTH,
    )


def find_closed(path: Path) -> Finding | None:
    """A file of a directory that services share by its group, which that group may not open."""
    if not path.exists():
        return None
    directory, facts = path.parent.stat(), path.stat()
    is_shared = directory.st_mode & GROUP_BITS == GROUP_BITS
    is_open = facts.st_gid == directory.st_gid and facts.st_mode & GROUP_BITS == GROUP_BITS
    if is_open or not is_shared:
        return None
    text = f"{path} is {stat.filemode(facts.st_mode)}: the services may not all open it"
    advice = f"chgrp --reference={path.parent} {path}; chmod 660 {path}"
    return Finding(NAME, text, advice, ok=False)
