"""An update directory with trees in it, and manifests that name them."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from ota.disk import Disk
from ota.layers.layers import Layers, LayerState
from ota.layers.pointers import LayerKey
from ota.manifest import Layer, LayerKind, ReleaseManifest

APP, SETTINGS = LayerKey(LayerKind.APP), LayerKey(LayerKind.SETTINGS)
NANO = LayerKey(LayerKind.MODEL, "nano")


def name_tree(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def make_tree(directory: Path, word: str) -> str:
    """A tree with one file; returns its name."""
    tree = directory / "content" / name_tree(word)
    tree.mkdir(parents=True, exist_ok=True)
    (tree / "word").write_text(word)
    return tree.name


def make_manifest(release: str, trees: dict[LayerKey, str]) -> ReleaseManifest:
    layers = (Layer(key.kind, key.name, "1", name_tree(word), 1, ()) for key, word in trees.items())
    return ReleaseManifest(
        *(release, 1, datetime(2026, 11, 1, tzinfo=UTC), (), 0, 0, 1.0, ""), tuple(layers)
    )


def make_release(directory: Path, release: str, trees: dict[LayerKey, str]) -> ReleaseManifest:
    """A manifest whose trees are in the directory."""
    for word in trees.values():
        make_tree(directory, word)
    return make_manifest(release, trees)


def commit_release(directory: Path, release: str, trees: dict[LayerKey, str]) -> None:
    layers = Layers(directory, Disk())
    layers.start_trial(make_release(directory, release, trees))
    layers.commit()


def find_state(directory: Path, key: LayerKey = APP) -> LayerState:
    return next(one for one in Layers(directory, Disk()).examine() if one.key == key)


def read_word(directory: Path, pointer: str) -> str:
    """What a service finds behind a pointer, by the kernel's own way."""
    return (directory / "pointers" / pointer / "word").read_text()
