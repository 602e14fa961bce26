"""What the layers of a release are made of: a wheel, directories of models, settings, a bundle.

Reads: what the release engineer names. Writes: unpacked layers in a directory for the time being.
Never: follows a symbolic link out of what was named.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import SettingsError
from appliance.parsing.settings_layer import OWN_KEYS, has_key
from appliance.parsing.toml_text import parse_toml
from appliance.settings_file import check_part
from appliance.strict_json import InputError
from ota.disk import naming
from ota.manifest import NAME, LayerKind
from ota.release.errors import ReleaseError
from ota.release.wheel import find_tree_version, unpack_wheel

SETTINGS_FILE = "settings.toml"  # as appliance/parsing/settings_layer.py reads it
MIGRATIONS, MIGRATION = (
    "appliance/store/migrations.py",
    re.compile(r"^def m([0-9]{4})_", re.MULTILINE),
)


@dataclass(frozen=True, slots=True)
class Sources:
    """`models`: directories by name of the model; what is None the release leaves as it is."""

    app: Path | None
    models: dict[str, Path]
    settings: Path | None
    os_bundle: Path | None


@dataclass(frozen=True, slots=True)
class LayerSource:
    """`path`: a tree, or the bundle of an operating system."""

    kind: LayerKind
    name: str
    version: str
    path: Path

    @property
    def label(self) -> str:
        return f"{self.kind.value} {self.name}".strip()


def prepare_layers(sources: Sources, release: str, work: Path) -> Iterator[LayerSource]:
    """Each layer as it is packed. `work`: an empty directory. Raises `ReleaseError`, `OSError`."""
    if sources.os_bundle:
        require(sources.os_bundle.is_file(), sources.os_bundle, "a bundle of the operating system")
        yield LayerSource(LayerKind.OS, "", release, sources.os_bundle)
    if sources.app:
        yield prepare_app(sources.app, work / "app")
    for name, path in sorted(sources.models.items()):
        require(bool(NAME.fullmatch(name)), name, "a name of a model (a-z, 0-9, dot, plus, dash)")
        require(path.is_dir(), path, "a directory with a model and its card")
        yield LayerSource(LayerKind.MODEL, name, find_model_version(path), path)
    if sources.settings:
        yield prepare_settings(sources.settings, release, work / "settings")


def require(is_so: bool, what: object, expected: str) -> None:
    if is_so:
        return
    if isinstance(what, Path) and not what.exists():
        raise ReleaseError(f"{what} is not there; it should be {expected}")
    raise ReleaseError(f"{what} is not {expected}")


def prepare_app(source: Path, directory: Path) -> LayerSource:
    if source.is_dir():
        return LayerSource(LayerKind.APP, "", find_tree_version(source), source)
    require(source.is_file(), source, "a wheel of this program, or a tree it was unpacked to")
    directory.mkdir()
    return LayerSource(LayerKind.APP, "", unpack_wheel(source, directory), directory)


def prepare_settings(source: Path, release: str, directory: Path) -> LayerSource:
    """A tree with the one file; TOML that says nothing of a single unit, which checks the rest."""
    data = source.read_bytes()
    try:
        _, tree = parse_toml(data)
    except InputError as error:
        raise ReleaseError(f"{source} is no settings file ({error}); mend it") from None
    for where in OWN_KEYS:
        if has_key(tree, where):
            raise ReleaseError(f"{source}: {'.'.join(where)} is each unit's own; remove it there")
    directory.mkdir()
    with naming(directory / SETTINGS_FILE):
        (directory / SETTINGS_FILE).write_bytes(data)
    return LayerSource(LayerKind.SETTINGS, "", release, directory)


def find_settings_fault(source: Path) -> str:
    """Why units with this program would go on without those settings; "" where they take them. It
    refuses nothing: the program of the release may know keys that this one does not.
    """
    try:
        check_part(source, source.read_bytes())
    except SettingsError as error:
        return f"{error}; units with such a program go on without all of these settings"
    return ""


def find_model_version(directory: Path) -> str:
    """Models have no numbers: the start of the hash of the largest file tells them apart."""
    files = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    require(bool(files), directory, "a directory with a model in it: it is empty")
    largest = max(files, key=lambda path: (path.stat().st_size, path.name))
    with largest.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def find_data_schema(sources: Iterable[LayerSource]) -> int:
    """The newest migration of the app layer; 0 without one: such a release reads any database."""
    app = next((one for one in sources if one.kind is LayerKind.APP), None)
    path = app.path / MIGRATIONS if app else None
    if path is None or not path.is_file():
        return 0
    return max((int(one) for one in MIGRATION.findall(path.read_text())), default=0)


def keep_content(source: LayerSource, place: Path) -> None:
    """A copy below content/, for deltas of later releases; one that is there stays."""
    if place.exists():
        return
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    if source.path.is_dir():
        shutil.copytree(source.path, part, symlinks=True)
    else:
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.path, part)
    part.replace(place)
