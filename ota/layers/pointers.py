"""Pointers: symbolic links that say which tree of a kind is in use.

    pointers/app/current            -> ../../content/SHA256
    pointers/models/nano/committed  -> ../../../content/SHA256

Reads: links through `Files`. Writes: nothing.
Never: follows a pointer that leads anywhere else than to a tree in `content`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.strict_json import show
from appliance.wording.sentence import say
from ota.files import Files
from ota.manifest import NAME, Layer, LayerKind

SHA256_ANYWHERE = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
FOLDERS = {LayerKind.APP: "app", LayerKind.SETTINGS: "settings"}


class Role(Enum):
    """What a pointer names. `CURRENT` is what runs; it differs from `COMMITTED` during a trial."""

    CURRENT = "current"
    COMMITTED = "committed"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class Pointer:
    """One link as it was found. `sha256`: the tree it names, "" where it names none.

    `fault`: why it cannot be used, one sentence; "" where it can, or where there is no link.
    """

    sha256: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class LayerKey:
    """Which layer: a kind, and the name of a model ("" of the others)."""

    kind: LayerKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}".strip()


def get_key(layer: Layer) -> LayerKey:
    return LayerKey(layer.kind, layer.name)


def get_folder(directory: Path, key: LayerKey) -> Path:
    """Where the pointers of a layer are."""
    folder = FOLDERS.get(key.kind) or f"models/{key.name}"
    return directory / "pointers" / folder


def get_tree(directory: Path, sha256: str) -> Path:
    return directory / "content" / sha256


def make_target(key: LayerKey, sha256: str) -> str:
    """What a pointer holds: a way that stays right when the update directory is moved."""
    return f"{'../' * (3 if key.kind is LayerKind.MODEL else 2)}content/{sha256}"


def read_pointer(files: Files, directory: Path, key: LayerKey, role: Role) -> Pointer:
    """The pointer, with its fault where it leads nowhere or elsewhere."""
    path = get_folder(directory, key) / role.value
    target = files.read_link(path)
    if target is None:
        there = path.name in files.list_names(path.parent)
        return Pointer(fault=describe(path, say("is no symbolic link")) if there else "")
    sha256 = target.rpartition("/")[2]
    if target != make_target(key, sha256) or not SHA256_ANYWHERE.fullmatch(sha256):
        return Pointer(
            fault=describe(path, say("leads to {target}, out of the content", target=show(target)))
        )
    if not files.is_directory(get_tree(directory, sha256)):
        return Pointer(
            fault=describe(path, say("leads to {sha256}, which is not there", sha256=sha256[:12]))
        )
    return Pointer(sha256)


def describe(path: Path, what: str) -> str:
    return say(
        "the pointer {path} {what}: the committed tree is used in its place; `unitctl "
        "update check` mends it",
        path=path,
        what=what,
    )


def list_keys(files: Files, directory: Path) -> Iterator[LayerKey]:
    """The layers that may have pointers."""
    yield from (LayerKey(kind) for kind in FOLDERS)
    for name in files.list_names(directory / "pointers" / "models"):
        if NAME.fullmatch(name):
            yield LayerKey(LayerKind.MODEL, name)


def list_named(files: Files, directory: Path) -> frozenset[str]:
    """Every hash that any pointer names, also a damaged or a half-made one: none of it may go."""
    named: set[str] = set()
    for key in list_keys(files, directory):
        folder = get_folder(directory, key)
        for name in files.list_names(folder):
            named.update(SHA256_ANYWHERE.findall(files.read_link(folder / name) or ""))
    return frozenset(named)
