"""Rules of paths: a directory that the services write in is theirs alone, and no path climbs.

In: the settings. Out: the paths that cannot be used, and why.
Never: looks at the disk: whether a directory is there is `unitctl doctor`'s question.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from appliance.settings import Settings
from appliance.settings_rules.places import Error, Place
from appliance.strict_json import show
from appliance.wording.sentence import say

SYSTEM_TREES = ("/boot", "/dev", "/efi", "/etc", "/proc", "/sys", "/usr")
SHARED_DIRECTORIES = ("/", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/tmp")  # noqa: S108
SHARED_BELOW_VAR = ("/var", "/var/lib", "/var/cache", "/var/log", "/var/tmp")  # noqa: S108
IN_MEMORY = Path("/dev/shm")  # noqa: S108  (a name to compare with)


def check_paths(settings: Settings) -> Iterator[Error]:
    """Every path of the settings, and the directories that the services write in."""
    for where, path in list_paths(settings, ()):
        if ".." in path.parts:
            yield (
                where,
                say("{path} must not have `..` in it: write the whole path", path=show(str(path))),
            )
    own = {
        ("unit", "data_dir"): settings.unit.data_dir,
        ("unit", "run_dir"): settings.unit.run_dir,
        ("update", "dir"): settings.update.dir,
        ("web", "tls_dir"): settings.web.tls_dir,
    }
    for where, path in own.items():
        if is_of_others(path):
            yield (
                where,
                say("{path} is the system's: give a directory of its own", path=show(str(path))),
            )


def list_paths(part: Any, where: Place) -> Iterator[tuple[Place, Path]]:
    """All paths in a part of the settings, with their places."""
    if isinstance(part, Path):
        yield where, part
    elif isinstance(part, Mapping):
        for name, value in part.items():
            yield from list_paths(value, (*where, str(name)))
    elif is_dataclass(part):
        for one in fields(part):
            yield from list_paths(getattr(part, one.name), (*where, one.name))


def is_of_others(path: Path) -> bool:
    """Whether other programs keep their own files there."""
    if str(path) in (*SHARED_DIRECTORIES, *SHARED_BELOW_VAR):
        return True
    return any(path.is_relative_to(tree) for tree in SYSTEM_TREES) and not (
        path.is_relative_to(IN_MEMORY) and path != IN_MEMORY
    )
