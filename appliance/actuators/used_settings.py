"""The settings with which a load was switched on: by them it is switched off, whatever becomes of
the settings file. The guard orders that also while the file is broken.

    chosen = choose_settings(path, "modem", on=False)   # of the file, else of the copy
    chosen.refused                                      # why they are not those of the file

Reads: the settings file, the copies. Writes: `switches/NAME.toml` in the data directory.
Never: runs a command that anybody else could have written: a copy counts only in a directory that
belongs to this user (root, on a unit) and that no other may open.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.parsing.toml_text import MOST_BYTES
from appliance.process.kept_settings import ChosenSettings, find_data_dir
from appliance.settings import Settings

DIRECTORY, ENDING, PART = "switches", ".toml", ".part"
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def choose_settings(path: Path | None, name: str, *, on: bool) -> ChosenSettings:
    """The settings of the file, else those with which the switch `name` was switched on last.
    Switching on keeps a copy. Raises `SettingsError`.
    """
    path = path or settings_file.find_settings_file()
    try:
        data = settings_file.read_file(path)
        settings = settings_file.build_settings(path, data)
    except SettingsError as error:
        return choose_copy(path, name, error)
    if name not in settings.switch and not on:
        return choose_copy(path, name, make_unknown(settings, name))
    if on and name in settings.switch:
        keep(settings.unit.data_dir, name, data)
    return ChosenSettings(settings, data)


def choose_copy(path: Path, name: str, error: SettingsError) -> ChosenSettings:
    """The copy for that switch; raises `error` without one."""
    copy = next((copy for known, copy in list_copies(path) if known == name), None)
    if copy is None:
        raise error
    return ChosenSettings(copy, refused=explain(error))


def choose_for_all(path: Path | None) -> ChosenSettings:
    """The settings of the file, else the switches that were switched on before, together."""
    path = path or settings_file.find_settings_file()
    try:
        return ChosenSettings(settings_file.load_settings(path))
    except SettingsError as error:
        copies = list(list_copies(path))
        if not copies:
            raise
        switches = {name: copy.switch[name] for name, copy in copies}
        return ChosenSettings(replace(copies[0][1], switch=switches), refused=explain(error))


def make_unknown(settings: Settings, name: str) -> SettingsError:
    known = ", ".join(settings.switch) or "none"
    return SettingsError(f"there is no [switch.{name}] in {settings.path}; known: {known}")


def explain(error: SettingsError) -> SettingsError:
    return SettingsError(
        f"{error}; what was switched on before is switched by the settings of then"
    )


def keep(data_dir: Path, name: str, data: bytes) -> None:
    """Store the copy; where that fails, the load is switched all the same."""
    final, part = f"{name}{ENDING}", f"{name}{PART}"
    with suppress(OSError):
        with suppress(FileExistsError):
            os.mkdir(data_dir / DIRECTORY, 0o700)
        with open_directory(data_dir) as directory:
            if read_copy(directory, final) == data:
                return
            with open(os.open(part, WRITE, 0o600, dir_fd=directory), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, final, src_dir_fd=directory, dst_dir_fd=directory)
            os.fsync(directory)


def list_copies(path: Path) -> Iterator[tuple[str, Settings]]:
    """All copies that can be used, each with the name of its switch."""
    with suppress(OSError), open_directory(find_data_dir(path)) as directory:
        for file in sorted(os.listdir(directory)):
            name, data = file.removesuffix(ENDING), read_copy(directory, file)
            with suppress(SettingsError):
                copy = settings_file.build_settings(path, data)
                if name in copy.switch:
                    yield name, copy


@contextmanager
def open_directory(data_dir: Path) -> Iterator[int]:
    """The directory of the copies; raises `OSError` where others may open it."""
    handle = os.open(data_dir / DIRECTORY, os.O_DIRECTORY | READ)
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(f"{data_dir / DIRECTORY} belongs to others as well")
        yield handle
    finally:
        os.close(handle)


def read_copy(directory: int, file: str) -> bytes:
    """What stands in a file of the directory; b"" where that cannot be read."""
    with suppress(OSError), open(os.open(file, READ, dir_fd=directory), "rb") as opened:
        return opened.read(MOST_BYTES)
    return b""
