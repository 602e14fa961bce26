"""Small files by which one user of the unit asks another for something: believed for their owner.

    write_owned(path, tree, mode=0o640)
    tree = read_owned(path, find_users("appliance-web"), most_bytes=65_536)

Reads and writes: JSON objects.
Never: follows a link, waits at a pipe, or reads what another user could have written.
"""

import json
import os
import pwd
import stat
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from appliance.strict_json import InputError, parse_object

PAGE_USER = "appliance-web"


def write_owned(path: Path, tree: Mapping[str, Any], *, mode: int) -> None:
    """Whole or not at all; nothing of it is to outlive a power cut. Raises `OSError`."""
    part = path.with_name(f"{path.name}.new")
    with suppress(FileNotFoundError):
        part.unlink()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(json.dumps(tree, ensure_ascii=False).encode())
    part.replace(path)


def read_owned(
    path: Path, owners: Collection[int], *, most_bytes: int, directory: int | None = None
) -> dict[str, Any]:
    """A file that one of `owners` alone can have written; `directory`: an open one that `path` is
    below. Raises `InputError`, `OSError`.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path, flags, dir_fd=directory)
    with os.fdopen(handle, "rb") as file:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or not is_of(info, owners):
            raise InputError(f"{path} is not of whom it should be")
        data = file.read(most_bytes + 1)
    return parse_object(data, most_bytes=most_bytes)


def is_of(info: os.stat_result, owners: Collection[int]) -> bool:
    """Whether that belongs to one of them, and nobody else may write it."""
    return info.st_uid in owners and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def find_users(name: str = PAGE_USER) -> Collection[int]:
    """That user on a unit, and this process's own: on a laptop all run as one."""
    users = {os.geteuid()}
    with suppress(KeyError):
        users.add(pwd.getpwnam(name).pw_uid)
    return users
