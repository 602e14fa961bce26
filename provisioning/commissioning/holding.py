"""One who commissions a unit at a time: the page and the command line, or two technicians.

    with hold(unit): ...        # HeldError says who has it

Reads and writes: the directory of commissioning, the file `lock` in it.
Never: waits, or leaves a lock behind: the kernel frees that of a process that was killed.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from appliance.errors import ApplianceError
from appliance.store.file_locks import describe_holder, open_shared, try_lock
from appliance.wording.sentence import say
from provisioning.commissioning.unit import Unit

FILE = "lock"
DIRECTORY_MODE = 0o2750  # what is written there belongs to the group that may read it
MOST_BYTES = 200


class HeldError(ApplianceError):
    """Somebody else commissions this unit."""

    code = "commissioning-held"


@contextmanager
def hold(unit: Unit) -> Iterator[None]:
    """For as long as the steps are taken. Raises `HeldError`, `OSError`."""
    make_directory(unit)
    handle = open_shared(unit.directory / FILE)
    try:
        if not try_lock(handle):
            raise make_error(handle)
        os.ftruncate(handle, 0)
        os.pwrite(handle, unit.who.encode()[:MOST_BYTES], 0)
        yield
    finally:
        os.close(handle)


def make_error(handle: int) -> HeldError:
    """Who has it, in words."""
    who = os.pread(handle, MOST_BYTES, 0).decode(errors="replace") or "somebody"
    return HeldError(
        say(
            "{who} commissions this unit now ({process}): wait until that has ended, or end it; "
            "nothing was changed",
            who=who,
            process=describe_holder(handle),
        )
    )


def make_directory(unit: Unit) -> None:
    """The directory, readable for the group of the unit's data: the page shows the state. On a unit
    it inherits group and setgid; the sandbox of the page's oneshot forbids to set that bit. Raises
    `HeldError` where another service has put something in its place: root writes there.
    """
    parent, directory = unit.data_dir, unit.directory
    parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        directory.mkdir(mode=0o750)
    info = directory.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise HeldError(
            say(
                "{directory} is no directory of this user's, and nothing is written there: see who "
                "has put it there (`ls -ld`), move it away, and begin again",
                directory=directory,
            )
        )
    group = parent.stat().st_gid
    if directory.stat().st_gid != group:
        os.chown(directory, -1, group)
    if stat.S_IMODE(directory.stat().st_mode) != DIRECTORY_MODE:
        directory.chmod(DIRECTORY_MODE)
