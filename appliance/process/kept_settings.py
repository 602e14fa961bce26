"""The last settings that a service could use, for one that must not wait for a person: the guard.

    chosen = choose_settings(Path("/etc/appliance/unit.toml"), "power", find_errors)
    chosen.settings     # of the file, or of the copy
    chosen.refused      # why the file cannot be used; None where it is
    keep(chosen, "power")

Reads: the settings file, the copy in the data directory. Writes: the copy, `NAME.settings.toml`.
Never: changes the settings file, uses a copy while the file is valid, or keeps what it did not use:
the file may have been changed since it was read.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.parsing.small_file import read_small_file
from appliance.parsing.toml_text import MOST_BYTES
from appliance.settings import Settings, UnitSettings
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import say

DATA_DIR = re.compile(r'^\s*data_dir\s*=\s*"(?P<path>[^"\n]+)"', re.MULTILINE)
FindErrors = Callable[[Settings], Iterable[str]]


@dataclass(frozen=True, slots=True)
class ChosenSettings:
    """Settings, and why they are not those of the file. `data`: what the file held."""

    settings: Settings
    data: bytes = b""
    refused: SettingsError | None = None


def choose_settings(path: Path | None, name: str, find_errors: FindErrors) -> ChosenSettings:
    """The settings of the file, else those of the copy; raises `SettingsError` without one.

    `find_errors`: what the service finds wrong beyond types and ranges.
    """
    path = path or settings_file.find_settings_file()
    try:
        data = settings_file.read_file(path)
        settings, fault = build(path, data, find_errors)
        return ChosenSettings(settings, data, fault)
    except SettingsError as error:
        copy = find_data_dir(path) / f"{name}.settings.toml"
        if not copy.is_file():
            raise
        refused = SettingsError(
            say(
                "{error}; the {name} service goes on with the last settings that it could use "
                "({copy}) until {path} is mended",
                error=error,
                name=name,
                copy=copy,
                path=path,
            )
        )
    # With the path of the file: relative paths in it are taken from there.
    data = settings_file.read_file(copy)
    return ChosenSettings(build(path, data, find_errors)[0], data, refused)


def build(
    path: Path, data: bytes, find_errors: FindErrors
) -> tuple[Settings, SettingsError | None]:
    """Settings that the service can use, and why they are without the layer of the release (None:
    they are not); raises `SettingsError`.
    """
    settings, fault = settings_file.build_with_fault(path, data)
    errors = list(find_errors(settings))
    if not errors:
        return settings, fault
    refused = SettingsError("\n".join(errors))
    alone = settings_file.build_alone(path, data)
    if fault is not None or alone == settings or list(find_errors(alone)):
        raise refused
    return alone, settings_file.make_layer_fault(path, refused)


def find_data_dir(path: Path) -> Path:
    """The data directory that a settings file names, however broken it is; else the usual one."""
    with suppress(OSError):
        text = read_small_file(path, MOST_BYTES).decode(errors="replace")
        if found := DATA_DIR.search(text):
            return path.parent / found["path"]
    return UnitSettings().data_dir


def keep(chosen: ChosenSettings, name: str) -> None:
    """Copy the file that these settings come from; an error leaves the copy as it was."""
    copy = chosen.settings.unit.data_dir / f"{name}.settings.toml"
    with suppress(OSError):
        if not copy.is_file() or read_small_file(copy, MOST_BYTES) != chosen.data:
            replace_file(copy, chosen.data, mode=0o640)
