"""Root works as the user to whom a directory belongs: what it makes there is that user's.

    with acting_as_owner(settings.update.dir):
        ...

Reads: the users of this computer. Writes: the user and groups of this process.
Never: changes anything where this is not root, or the directory is root's.
"""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def acting_as_owner(directory: Path) -> Iterator[None]:
    """Raises `OSError`."""
    found = directory.stat()
    if os.geteuid() != 0 or found.st_uid == 0:
        yield
        return
    groups, own = os.getgroups(), os.getegid()
    os.setgroups(list_groups(found.st_uid, found.st_gid))
    os.setegid(found.st_gid)
    os.seteuid(found.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(own)
        os.setgroups(groups)


def list_groups(user: int, group: int) -> list[int]:
    """All of the user's, also that of the TPM."""
    try:
        return os.getgrouplist(pwd.getpwuid(user).pw_name, group)
    except KeyError:
        return [group]
