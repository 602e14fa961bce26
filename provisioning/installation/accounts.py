"""Step 3: users, groups and directories, by systemd's own tools from the files of step 2.

Reads: sysusers.d and tmpfiles.d of the release, the accounts of this computer. Writes: accounts,
directories and the rights of the settings file.
Never: removes an account or a directory.
"""

import grp
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from provisioning.installation.machine import run

NAME = "appliance.conf"


class Accounts:
    """One user for each service, all in one group."""

    def __init__(self, release: Path) -> None:
        self._lines = read_lines(release / "systemd/sysusers.d" / NAME)

    def list_differences(self) -> list[str]:
        return [text for words in self._lines if (text := find_missing_account(words))]

    def apply(self) -> None:
        run("systemd-sysusers", f"/etc/sysusers.d/{NAME}", what="the users cannot be made")


class Directories:
    """The directories that the services share, and the rights of the settings."""

    def __init__(self, release: Path) -> None:
        self._lines = read_lines(release / "systemd/tmpfiles.d" / NAME)

    def list_differences(self) -> list[str]:
        return [text for words in self._lines if (text := find_wrong_rights(words))]

    def apply(self) -> None:
        what = "the directories cannot be made"
        run("systemd-tmpfiles", "--create", f"/etc/tmpfiles.d/{NAME}", what=what)


def read_lines(path: Path) -> list[list[str]]:
    """The words of each line that is no comment."""
    lines = path.read_text().splitlines()
    return [line.split() for line in lines if line.strip() and not line.startswith("#")]


def find_missing_account(words: list[str]) -> str:
    """What is missing of a line of sysusers.d; "" where it is all there."""
    kind, name = words[:2]
    if kind == "g":
        return "" if name in list_groups() else f"group {name} is missing"
    if kind == "u":
        return "" if name in list_users() else f"user {name} is missing"
    members = next((one.gr_mem for one in grp.getgrall() if one.gr_name == words[2]), [])
    return "" if name in members else f"user {name} is not in group {words[2]}"


def find_wrong_rights(words: list[str]) -> str:
    """What is wrong with the path of a line of tmpfiles.d (types d and z)."""
    kind, path, mode, user, group = words[0], Path(words[1]), *words[2:5]
    if not path.exists():
        return f"{path} is missing" if kind == "d" else ""
    found = path.stat()
    if f"{stat.S_IMODE(found.st_mode):04o}" == mode and (
        list(list_names(found.st_uid, found.st_gid)) == [user, group]
    ):
        return ""
    return f"{path} must belong to {user}:{group} with mode {mode}"


def list_names(uid: int, gid: int) -> Iterator[str]:
    """The names of a user and a group, or their numbers."""
    yield next((one.pw_name for one in pwd.getpwall() if one.pw_uid == uid), str(uid))
    yield next((one.gr_name for one in grp.getgrall() if one.gr_gid == gid), str(gid))


def list_users() -> set[str]:
    return {one.pw_name for one in pwd.getpwall()}


def list_groups() -> set[str]:
    return {one.gr_name for one in grp.getgrall()}
