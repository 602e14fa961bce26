"""Found devices as sections of the settings file, and how they get into it.

Reads: the settings file. Writes: the same file, whole or not at all, and only on request.
Never: changes a byte of what is there already; new sections go to its end.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.settings import BmsSettings, ChargerSettings, Settings
from appliance.settings_text import format_literal
from appliance.store.durable_files import sync_directory
from appliance.store.file_locks import LockedError, begin_file, remove_leftovers
from power.devices import MODELS
from power.probe import FoundDevice
from power.probe.ports import is_same_port
from power.protocol.ports import TCP

FIRST_NAME = "main"
KNOWN_IDS = {model.name: model.device_id for model in MODELS}


@dataclass(frozen=True, slots=True)
class DeviceSection:
    """A found device with the name of its section."""

    device: FoundDevice
    name: str

    @property
    def section(self) -> str:
        return self.device.best.section

    @property
    def title(self) -> str:
        return f"[{self.section}.{self.name}]"

    @property
    def toml(self) -> str:
        """The section with a comment that says how sure it is."""
        best = self.device.best
        lines = [
            *(f"# {line}" for line in describe_device(self.device)),
            self.title,
            f"model = {format_literal(best.profile.name)}",
            f"port = {format_literal(self.device.port)}",
        ]
        if best.device_id != best.profile.device_id:
            lines.append(f"device_id = {best.device_id}")
        lines += format_line_mode(self.device)
        return "\n".join(lines) + "\n"


def format_line_mode(device: FoundDevice) -> list[str]:
    """The keys that say how the bytes run, where that is not usual for the model."""
    form, usual = device.best.mode.form, device.best.profile.serial
    if device.port.startswith(TCP):
        return ['framing = "rtu"'] if form.bridged else []
    return [f"baud = {form.baud}"] if form.baud != usual.baud else []


def describe_device(device: FoundDevice) -> list[str]:
    """What was found and how sure that is, in lines without control characters."""
    best = device.best
    sure = "certain" if device.certain else "likely, not certain"
    lines = [f"{best.profile.title}, {sure}: {make_printable(best.identification.text)}"]
    others = ", ".join(find.profile.name for find in device.matches[1:])
    if others:
        lines.append(f"it may also be model {others}")
    return lines


def make_printable(text: str) -> str:
    """A device's own words; what cannot be printed may not reach a terminal or a file."""
    return "".join(one if one.isascii() and one.isprintable() else "?" for one in text)


def name_sections(devices: Sequence[FoundDevice]) -> list[DeviceSection]:
    """Each with a name: `main`, and `main-2` on for further ones of its kind. What another one at
    its port already counts is left out.
    """
    counted: Counter[str] = Counter()
    named = []
    counts = {(one.port, name) for one in devices for name in one.best.profile.includes}
    for device in devices:
        if (device.port, device.best.profile.name) in counts:
            continue
        section = device.best.section
        counted[section] += 1
        number = counted[section]
        named.append(DeviceSection(device, FIRST_NAME if number == 1 else f"{FIRST_NAME}-{number}"))
    return named


def add_sections(path: Path, new: Sequence[DeviceSection]) -> None:
    """Put the sections at the end of the settings file; raise `SettingsError` and change nothing
    where one cannot be added, or the whole would not be valid.
    """
    settings = settings_file.load_settings(path)
    for entry in new:
        refuse_ambiguous(entry)
        refuse_duplicate(settings, entry)
    append_sections(path, new)


def add_missing_sections(path: Path, found: Sequence[DeviceSection]) -> None:
    """Put those at the end of the settings file that it does not have, also at a port that it
    names already, each under a free name.
    """
    settings = settings_file.load_settings(path)
    new: list[DeviceSection] = []
    for entry in found:
        if not has_device(settings, entry.device):
            refuse_ambiguous(entry)
            new.append(replace(entry, name=find_free_name(settings, entry.section, new)))
    if not new:
        raise SettingsError(f"nothing was written: {path} has every device that was found")
    append_sections(path, new)


def list_named(settings: Settings) -> dict[str, Mapping[str, ChargerSettings | BmsSettings]]:
    """The power devices of the settings, by section and name."""
    return {"charger": settings.charger, "bms": settings.bms}


def has_device(settings: Settings, device: FoundDevice) -> bool:
    """Whether the settings name that device. Raise `SettingsError` where they name another model
    in its place.
    """
    best = device.best
    for section, entries in list_named(settings).items():
        for name, one in entries.items():
            number = get_id(one, device)
            if not is_same_port(one.port, device.port) or number != best.device_id:
                continue
            if not is_variant(one.model, device):
                raise SettingsError(
                    f"nothing was written: {settings.path} has [{section}.{name}] as {one.model} "
                    f"at id {number} of {one.port}, but {best.profile.name} answers there"
                )
            return True
    return False


def get_id(one: ChargerSettings | BmsSettings, device: FoundDevice) -> int | None:
    """The id of a device of the settings: its own, or its model's usual one."""
    usual = {match.profile.name: match.profile.device_id for match in device.matches}
    if one.device_id is not None:
        return one.device_id
    return usual.get(one.model, KNOWN_IDS.get(one.model))


def is_variant(model: str, device: FoundDevice) -> bool:
    """Whether it is one of the models that the device may be, or a variant that no probe can tell
    from one of them.
    """
    if model in {match.profile.name for match in device.matches}:
        return True
    kinds = tuple(type(match.profile) for match in device.matches)
    return any(known.name == model and isinstance(known, kinds) for known in MODELS)


def find_free_name(settings: Settings, section: str, new: Sequence[DeviceSection]) -> str:
    """`main`, or `main-2` on."""
    taken = {*list_named(settings)[section]}
    taken |= {entry.name for entry in new if entry.section == section}
    names = (FIRST_NAME, *(f"{FIRST_NAME}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def append_sections(path: Path, new: Sequence[DeviceSection]) -> None:
    """The file as it is, then the sections."""
    try:
        old = path.read_bytes()
        gap = b"\n" if old.endswith(b"\n") or not old else b"\n\n"
        replace_file(path.resolve(), old + gap + "\n".join(one.toml for one in new).encode())
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error


def refuse_ambiguous(entry: DeviceSection) -> None:
    """A device that may be one of several models is for a person to decide."""
    models = [find.profile.name for find in entry.device.matches]
    if len(models) > 1:
        raise SettingsError(
            f"nothing was written: the device on {entry.device.port} may be {' or '.join(models)}; "
            f"look at its label and put {entry.title} into the settings by hand"
        )


def refuse_duplicate(settings: Settings, entry: DeviceSection) -> None:
    """A section of that name or port must not be there."""
    there = {f"[charger.{name}]": one.port for name, one in settings.charger.items()}
    there.update({f"[bms.{name}]": one.port for name, one in settings.bms.items()})
    if entry.title in there:
        raise SettingsError(
            f"nothing was written: {settings.path} has {entry.title} already; remove that one, or "
            "put the new one in by hand under another name"
        )
    for title, port in there.items():
        if is_same_port(port, entry.device.port):
            raise SettingsError(
                f"nothing was written: {settings.path} has {title} at {port} already; remove it, "
                "or put the new one in by hand"
            )


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the file's place with its mode and owner, once it is valid."""
    fresh = path.with_name(f".{path.name}.new")
    remove_leftovers([fresh])  # of a process that was killed
    try:
        with begin_file(fresh, mode=0o600) as handle:
            write_checked(handle, fresh=fresh, path=path, content=content)
    except LockedError as error:
        raise SettingsError(f"nothing was written: {error}") from error
    sync_directory(path.parent)


def write_checked(handle: int, *, fresh: Path, path: Path, content: bytes) -> None:
    """Write the new file; it takes the place of the old one if it is valid, else it goes."""
    try:
        with open(handle, "wb", closefd=False) as file:
            file.write(content)
            file.flush()
            keep_rights(path, handle)
            os.fsync(handle)
        check_settings(fresh, path)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def check_settings(fresh: Path, path: Path) -> None:
    """Read the new file as every service will."""
    try:
        settings_file.load_settings(fresh)
    except SettingsError as error:
        text = str(error).replace(str(fresh), str(path))
        raise SettingsError(f"nothing was written, the file would not be valid: {text}") from error


def keep_rights(path: Path, handle: int) -> None:
    """Mode and owner as they were; another's file stays ours where we may not give it away."""
    was = path.stat()
    os.fchmod(handle, was.st_mode & 0o7777)
    with suppress(PermissionError):
        os.fchown(handle, was.st_uid, was.st_gid)
