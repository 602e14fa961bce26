"""The settings that came with a release: a signed file below the technician's own one.

    layer = read_layer(path, tree, usual)   # of the settings file at `path`; None: there is none
    merged = merge(layer.tree, tree)        # keys of the technician's file win

Reads: `pointers/settings/current/settings.toml` in the update directory. Writes: nothing.
Never: lets a release say where this unit keeps its own things, its name, or what root runs.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import SettingsError
from appliance.parsing.small_file import read_small_file
from appliance.parsing.toml_text import MOST_BYTES, parse_toml
from appliance.strict_json import InputError
from appliance.wording.sentence import say

# The one that is in use; where its pointer leads nowhere, that of before (decision 0040).
POINTERS = ("current", "committed")
# What a unit is, where it keeps its things, and how a load is wired: root runs some of these.
OWN_KEYS = (
    *(("unit", name) for name in ("name", "data_dir", "run_dir")),
    ("update", "dir"),
    ("host", "systemctl"),
    *(("switch", "*", name) for name in ("kind", "path", "on", "off", "mac")),
)
ADVICE = say("the release that brought it is wrong: `unitctl update why` names it")


@dataclass(frozen=True, slots=True)
class SettingsLayer:
    """A layer's file as it was read."""

    path: Path
    text: str
    tree: Mapping[str, Any]


def read_layer(path: Path, tree: Mapping[str, Any], usual: Path) -> SettingsLayer | None:
    """The layer below the settings file at `path`, which holds `tree`; None where there is none.

    `usual`: the update directory where the file names none. Raises `SettingsError`, with the
    layer's own path.
    """
    for name in POINTERS:
        file = find_update_dir(path, tree, usual) / "pointers/settings" / name / "settings.toml"
        with suppress(FileNotFoundError, NotADirectoryError):
            return parse_layer(file.resolve(), read_bytes(file))
    return None


def find_update_dir(path: Path, tree: Mapping[str, Any], usual: Path) -> Path:
    """The directory that the technician's file names, else the usual one."""
    section = tree.get("update")
    stated = section.get("dir") if isinstance(section, Mapping) else None
    if isinstance(stated, str) and stated and "\0" not in stated:
        return path.parent / stated
    return usual


def read_bytes(file: Path) -> bytes:
    try:
        return read_small_file(file, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError(
            say(
                "{file} cannot be read ({reason}); {advice}",
                file=file,
                reason=reason,
                advice=ADVICE,
            )
        ) from error


def parse_layer(file: Path, data: bytes) -> SettingsLayer:
    try:
        text, tree = parse_toml(data)
    except InputError as error:
        raise SettingsError(
            say(
                "{file} is not valid TOML: {error}; {advice}", file=file, error=error, advice=ADVICE
            )
        ) from error
    for where in OWN_KEYS:
        if has_key(tree, where):
            name = ".".join(where)
            raise SettingsError(
                say(
                    "{file}: {name} is each unit's own and not a release's; {advice}",
                    file=file,
                    name=name,
                    advice=ADVICE,
                )
            )
    return SettingsLayer(file, text, tree)


def merge(layer: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Both as one tree: sections are joined, and of a key that both have `own` counts."""
    merged = dict(layer)
    for key, value in own.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def has_key(tree: Any, where: Sequence[str]) -> bool:
    """Whether the tree has that key, or that section; `*` stands for any name."""
    if not where:
        return True
    if not isinstance(tree, Mapping):
        return False
    names = list(tree) if where[0] == "*" else [where[0]] if where[0] in tree else []
    return any(has_key(tree[name], where[1:]) for name in names)


def find_key_line(lines: Sequence[str], where: tuple[str, ...]) -> int:
    """The line on which the key stands, or its section, or 1 (dotted and inline forms)."""
    section = ""
    best = 1
    for number, line in enumerate(lines, start=1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            section = header[1].replace('"', "")
            if section in (".".join(where), ".".join(where[:-1])):
                best = number
            if section == ".".join(where):
                return number
        elif section == ".".join(where[:-1]) and re.match(
            rf"\s*[\"']?{re.escape(where[-1])}[\"']?\s*[=.]", line
        ):
            return number
    return best
