"""Reads the settings file, checks every value and reports exactly what is wrong.

Reads: one TOML file, the layer of a release below it, and $APPLIANCE_SETTINGS for its place.
Writes: nothing.
Never: lets an unknown key, a wrong type or a value out of range pass.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

from appliance.chemistry import get_profile
from appliance.chemistry.unsupported import OTHER_NAMES, find_refusal
from appliance.errors import SettingsError
from appliance.parsing.nearest import advise, find_nearest
from appliance.parsing.settings_layer import (
    SettingsLayer,
    find_key_line,
    has_key,
    merge,
    read_layer,
)
from appliance.parsing.small_file import read_small_file
from appliance.parsing.toml_text import MOST_BYTES, parse_toml
from appliance.parsing.values import CONTROL, LONGEST_PATH, format_range
from appliance.sections.field import format_choice
from appliance.sections.network import UpdateSettings
from appliance.sections.values import convert, describe_type, is_named, unwrap_optional
from appliance.settings import (
    DEFAULT_PATH,
    PATH_VARIABLE,
    Chemistry,
    EnergySettings,
    Settings,
    SleepMode,
)
from appliance.settings_rules.rules import find_errors
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

USUAL_UPDATE_DIR = UpdateSettings().dir
MOST_CHARS = 1000  # of a text, or of one part of a path
# What a sleeping computer, the charge controller and the BMS draw together: 0.5 to 3 W is usual for
# a module or a small PC in S3 or s2idle with its carrier board, some 0.2 W for one that is off.
HIBERNATE_POWER_W = {SleepMode.SUSPEND: 2.0, SleepMode.POWER_OFF: 0.5}
KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def find_settings_file() -> Path:
    """The settings file to use when none is named on the command line."""
    return Path(os.environ.get(PATH_VARIABLE, DEFAULT_PATH))


def load_settings(path: Path | None = None) -> Settings:
    """Read and check the settings in `path` (default: `find()`); raise `SettingsError`.

    Where the layer of a release is wrong, the technician's file alone.
    """
    path = path or find_settings_file()
    return build_settings(path, read_file(path))


def read_file(path: Path) -> bytes:
    """The settings file as it is; raises `SettingsError`."""
    try:
        return read_small_file(path, MOST_BYTES)
    except FileNotFoundError:
        raise SettingsError(
            say(
                "there is no settings file {path}; name one with --settings: on a unit it is "
                "{default_path}, on a laptop `make run` writes build/run/unit.toml",
                path=path,
                default_path=DEFAULT_PATH,
            )
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError(
            say("the settings file {path} cannot be read: {reason}", path=path, reason=reason)
        ) from error


def build_settings(path: Path, data: bytes) -> Settings:
    """The settings in `data`, which stood in the file `path` once; raises `SettingsError`."""
    return build_with_fault(path, data)[0]


def build_with_fault(path: Path, data: bytes) -> tuple[Settings, SettingsError | None]:
    """The settings, and why they are without the layer of the release; None where they are not."""
    try:
        return build_strictly(path, data), None
    except SettingsError as error:
        fault = error
    try:
        return build_alone(path, data), make_layer_fault(path, fault)
    except SettingsError:
        raise fault from None


def make_layer_fault(path: Path, error: SettingsError) -> SettingsError:
    return SettingsError(
        say(
            "{error}; the settings are those of {path} alone until that is mended",
            error=error,
            path=path,
        )
    )


def build_strictly(path: Path, data: bytes) -> Settings:
    """The settings of the file and of the layer; an error in either is a `SettingsError`."""
    text, tree = parse_own(path, data)
    layer = read_layer(path, tree, USUAL_UPDATE_DIR)
    merged = merge(layer.tree, tree) if layer else tree
    return SettingsBuilder(path, text, tree, layer).build(merged)


def build_alone(path: Path, data: bytes) -> Settings:
    """The settings of the technician's file, without any layer; raises `SettingsError`."""
    text, tree = parse_own(path, data)
    return SettingsBuilder(path, text).build(tree)


def check_part(path: Path, data: bytes) -> None:
    """Whether each key of a part of the settings, as a release brings, is known and in its range;
    raises `SettingsError`.
    """
    text, tree = parse_own(path, data)
    SettingsBuilder(path, text).build_sections(tree)


def parse_own(path: Path, data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        return parse_toml(data)
    except InputError as error:
        raise SettingsError(
            say("{path} is not valid TOML: {error}", path=path, error=error)
        ) from error


def format_place(path: Path, where: tuple[str, ...]) -> str:
    """File and line of a setting of a file that was read before."""
    try:
        text, tree = parse_toml(read_small_file(path, MOST_BYTES))
        return SettingsBuilder(
            path, text, tree, read_layer(path, tree, USUAL_UPDATE_DIR)
        ).format_place(where)
    except (OSError, InputError, SettingsError):
        return str(path)


class SettingsBuilder:
    """Turns one parsed file into `Settings`; keeps the text, to name lines. `own`: what of the tree
    is the file's, where there is a `layer` below it.
    """

    def __init__(
        self,
        path: Path,
        text: str,
        own: Mapping[str, Any] | None = None,
        layer: SettingsLayer | None = None,
    ) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._own = own or {}
        self._layer = layer

    def build(self, tree: Mapping[str, Any]) -> Settings:
        settings = self.build_sections(tree)
        for where, text in find_errors(settings):
            raise self._make_error(where, text)
        return settings

    def build_sections(self, tree: Mapping[str, Any]) -> Settings:
        """Each key for itself; what two of them say together is not looked at."""
        hints = get_type_hints(Settings)
        known = [f.name for f in fields(Settings) if f.name != "path"]
        self._reject_unknown(tree, known, ())
        self._refuse_chemistry(tree.get("battery"))
        sections: dict[str, Any] = {}
        for name, table in tree.items():
            self._require_table(table, (name,))
            if is_named(hints[name]):
                sections[name] = self._build_named_sections(
                    (name,), table, get_args(hints[name])[1]
                )
            else:
                sections[name] = self._build_section(hints[name], table, (name,))
        settings = Settings(path=self._path, **sections)
        return replace(settings, energy=fill_energy(settings, tree.get("energy", {})))

    def _build_named_sections(
        self, where: tuple[str, ...], table: Mapping[str, Any], kind: type
    ) -> Mapping[str, Any]:
        """Sections of which there may be several: [camera.NAME], [camera.NAME.zone.ZONE], ...."""
        entries = {}
        for name, entry in table.items():
            here = (*where, name)
            if not NAME.fullmatch(name):
                raise self._make_error(
                    here, say("is no name: lower-case letters, digits and hyphens make one")
                )
            if not isinstance(entry, Mapping):
                raise self._make_error(
                    here,
                    say(
                        "needs a section with a name, such as [{where}.main]", where=".".join(where)
                    ),
                )
            entries[name] = self._build_section(kind, entry, here)
        return entries

    def _build_section(self, kind: type, table: Mapping[str, Any], where: tuple[str, ...]) -> Any:
        assert is_dataclass(kind)
        known = {f.name: f for f in fields(kind)}
        self._reject_unknown(table, known, where)
        hints = get_type_hints(kind)
        values = {
            key: self._convert_value(hints[key], known[key], value, (*where, key))
            for key, value in table.items()
        }
        return kind(**values)

    def _convert_value(
        self, kind: Any, spec: Field[Any], value: Any, where: tuple[str, ...]
    ) -> Any:
        if is_named(kind):
            self._require_table(value, where)
            return self._build_named_sections(where, value, get_args(kind)[1])
        converted = convert(kind, value)
        if converted is None:
            text = say(
                "must be {type}, not {value}{advice}",
                type=describe_type(kind),
                value=show(value),
                advice=advise_choice(kind, value),
            )
            raise self._make_error(where, text)
        if isinstance(converted, str | Path):
            self._check_text(str(converted), where)
        low, high = spec.metadata.get("low"), spec.metadata.get("high")
        if low is not None and not low <= converted <= high:
            raise self._make_error(
                where,
                say(
                    "must be {range}, not {value}", range=format_range(low, high), value=show(value)
                ),
            )
        choices = spec.metadata.get("choices")
        if choices and converted not in choices:
            known = ", ".join(map(str, choices))
            raise self._make_error(
                where, say("must be one of {known}, not {value}", known=known, value=show(value))
            )
        if isinstance(converted, Path) and not converted.is_absolute():
            return (self._find_file(where).parent / converted).resolve()
        return converted

    def _check_text(self, text: str, where: tuple[str, ...]) -> None:
        """Text must fit into a line of a report, and a path into the kernel's."""
        if CONTROL.search(text):
            raise self._make_error(
                where,
                say("must be one line without control characters, not {text}", text=show(text)),
            )
        if len(text) > LONGEST_PATH or any(len(part) > MOST_CHARS for part in text.split("/")):
            raise self._make_error(where, say("is too long: {text}", text=show(text)))

    def _refuse_chemistry(self, battery: Any) -> None:
        chemistry = battery.get("chemistry") if isinstance(battery, Mapping) else None
        reason = find_refusal(chemistry) if isinstance(chemistry, str) else ""
        if reason:
            raise self._make_error(
                ("battery", "chemistry"),
                say(
                    "{chemistry} is not supported: {reason}; do not enter it as another one",
                    chemistry=show(chemistry),
                    reason=reason,
                ),
            )

    def _reject_unknown(
        self, table: Mapping[str, Any], known: Iterable[str], where: tuple[str, ...]
    ) -> None:
        for key in table:
            if key not in known:
                kind = say("key") if where else say("section")
                raise self._make_error(
                    (*where, key),
                    say("is not a known {kind}; {advice}", kind=kind, advice=advise(key, known)),
                )

    def _require_table(self, value: Any, where: tuple[str, ...]) -> None:
        if not isinstance(value, Mapping):
            name = ".".join(map(show_key, where))
            raise self._make_error(
                where, say("must be a section, [{name}], not {value}", name=name, value=show(value))
            )

    def _make_error(self, where: tuple[str, ...], text: str) -> SettingsError:
        name = ".".join(show_key(key) for key in where)
        said = say("{name} {text}", name=name, text=text)
        return SettingsError(
            say("{place}: {said}", place=self.format_place(where), said=said), where, said
        )

    def format_place(self, where: tuple[str, ...]) -> str:
        """File and line; of the layer only where the technician's file has no such key."""
        file = self._find_file(where)
        if self._layer and file != self._path:
            return f"{file}:{find_key_line(self._layer.text.splitlines(), where)}"
        return f"{file}:{find_key_line(self._lines, where)}"

    def _find_file(self, where: tuple[str, ...]) -> Path:
        layer = self._layer
        if layer and has_key(layer.tree, where) and not has_key(self._own, where):
            return layer.path
        return self._path


def fill_energy(settings: Settings, given: Mapping[str, Any]) -> EnergySettings:
    """The [energy] section with what suits battery and computer, where it names nothing."""
    ladder = get_profile(settings.battery).ladder
    defaults: dict[str, Any] = {
        spec.name: float(getattr(ladder, spec.name)) for spec in fields(ladder)
    }
    defaults["hibernate_power_w"] = min(
        HIBERNATE_POWER_W.get(settings.host.sleep, settings.computer.idle_w),
        settings.energy.sentinel_power_w,
    )
    left_out = {name: value for name, value in defaults.items() if name not in given}
    return replace(settings.energy, **left_out)


def show_key(key: str) -> str:
    """A key as the file has it; one that needs quotes in short."""
    return key if KEY.fullmatch(key) else show(key)


def advise_choice(kind: Any, value: Any) -> str:
    """Which of the words of a choice may be meant; "" where none is near."""
    kind = unwrap_optional(kind)
    if not isinstance(value, str) or not (isinstance(kind, type) and issubclass(kind, Enum)):
        return ""
    meant = OTHER_NAMES.get(value.casefold()) if kind is Chemistry else None
    meant = meant or find_nearest(value, [format_choice(member) for member in kind])
    return say("; did you mean {meant}?", meant=repr(meant)) if meant else ""
