"""What root runs may be changed by root alone: a program that a service could write is refused.

    refuse_foreign_code(sys.path)        # SettingsError; nothing where this is not root

Reads: owner and mode of each directory that Python imports from, and of those above it. Writes:
nothing.
Never: trusts a pointer: where it leads is looked at, and the way there.
"""

import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from appliance.errors import SettingsError
from appliance.wording.sentence import say

SERVICES = "appliance-"  # begins the names of the services' users (systemd/sysusers.d)


def refuse_foreign_code(places: Iterable[str]) -> None:
    """Raise `SettingsError` where root would run what another user may change."""
    if os.geteuid() != 0:
        return
    for path in dict.fromkeys(list_way(places)):
        if wrong := find_wrong(path):
            raise SettingsError(
                say(
                    "root does not run a program from {path}, which {wrong}: make it root's "
                    "alone (`chown root:`, `chmod go-w`), and leave PYTHONPATH empty",
                    path=path,
                    wrong=wrong,
                )
            )


def list_way(places: Iterable[str]) -> Iterator[Path]:
    """Each place, what it leads to, and all directories above both."""
    for place in places:
        start = Path(place or ".").absolute()
        if start.exists():
            for one in (start, start.resolve()):
                yield from (one, *one.parents)


def find_wrong(path: Path) -> str:
    """Who but root may change what is there; "" where nobody may. A link says nothing itself."""
    found = path.stat()
    writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if writable & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        return say("everybody may write")
    if writable & stat.S_IWGRP and found.st_gid != 0 and not is_private(found):
        return say("the group {group} may write", group=found.st_gid)
    owner = find_name(found.st_uid)
    return say("belongs to {owner}", owner=owner) if owner.startswith(SERVICES) else ""


def is_private(found: os.stat_result) -> bool:
    """Whether the group is the owner's own, or others may write but not remove (as in /tmp)."""
    return found.st_gid == found.st_uid or bool(found.st_mode & stat.S_ISVTX)


def find_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
