"""The trees of a release: put in use for a trial, committed, or taken back.

    layers = Layers(Path("/var/lib/ota"), Disk())
    layers.start_trial(manifest)     # `current` of each of its trees; services restart into them
    layers.commit()                  # or layers.roll_back()

Reads and writes: pointers below the update directory, through `Files`.
Never: points to a tree that is not there. Each call can be repeated after a cut at any place.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.wording.sentence import say
from ota.errors import UpdateError
from ota.files import PART, Files, swap_link
from ota.layers import garbage, origins
from ota.layers.pointers import (
    LayerKey,
    Pointer,
    Role,
    get_folder,
    get_key,
    get_tree,
    list_keys,
    list_named,
    make_target,
    read_pointer,
)
from ota.manifest import Layer, LayerKind, ReleaseManifest


@dataclass(frozen=True, slots=True)
class LayerState:
    """The pointers of one layer, each a hash or "". `faults`: sentences on damaged ones.

    `release`: that brought what is in use, "" where that is not known.
    """

    key: LayerKey
    current: str
    committed: str
    previous: str
    release: str
    faults: tuple[str, ...]

    @property
    def on_trial(self) -> bool:
        return self.current != self.committed


class Layers:
    """`directory`: settings `[update] dir`. Every call raises `OSError` where the disk does."""

    def __init__(self, directory: Path, files: Files) -> None:
        self.directory = directory
        self.files = files

    def examine(self) -> tuple[LayerState, ...]:
        """Every layer that has a pointer, as it will be used: a damaged `current` is the committed
        tree.
        """
        known = origins.read_origins(self.files, self.directory)
        states = (self._examine(key, known) for key in list_keys(self.files, self.directory))
        return tuple(one for one in states if one.current or one.previous or one.faults)

    def _examine(self, key: LayerKey, known: dict[str, str]) -> LayerState:
        found = {role: self._read(key, role) for role in Role}
        committed = found[Role.COMMITTED].sha256 or (
            found[Role.PREVIOUS].sha256 if found[Role.COMMITTED].fault else ""
        )
        current = found[Role.CURRENT].sha256 or committed
        faults = tuple(one.fault for one in found.values() if one.fault)
        return LayerState(
            key, current, committed, found[Role.PREVIOUS].sha256, known.get(current, ""), faults
        )

    def start_trial(self, manifest: ReleaseManifest) -> None:
        """Put the trees of `manifest` in use; a layer that it doesn't have goes on as committed.

        Raises `UpdateError` (layer-missing) before anything is changed.
        """
        trees = [layer for layer in manifest.layers if layer.kind is not LayerKind.OS]
        for layer in trees:
            self._require_tree(layer)
        wanted = {get_key(layer): layer.sha256 for layer in trees}
        self._make_folders(wanted)
        origins.add_origins(self.files, self.directory, manifest.release, wanted.values())
        for key in {**dict.fromkeys(list_keys(self.files, self.directory)), **wanted}:
            if key in wanted:
                self._point(key, Role.CURRENT, wanted[key])
            else:
                self._take_back(key)

    def _require_tree(self, layer: Layer) -> None:
        if not self.files.is_directory(get_tree(self.directory, layer.sha256)):
            raise UpdateError(
                say(
                    "the {key} of the release is not in {directory}: it has to be fetched "
                    "before its trial; `unitctl update check` does",
                    key=get_key(layer),
                    directory=self.directory / "content",
                ),
                "layer-missing",
            )

    def commit(self) -> None:
        """What is in use stays: it becomes the committed tree, and what was that the previous."""
        for key in list_keys(self.files, self.directory):
            state = self._examine(key, {})
            old = self._read(key, Role.COMMITTED).sha256
            if state.current and state.current != old:
                if old:
                    self._point(key, Role.PREVIOUS, old)
                self._point(key, Role.COMMITTED, state.current)
            self._sync(key)

    def roll_back(self) -> None:
        """The committed trees are in use again; where none was committed, none is."""
        for key in list_keys(self.files, self.directory):
            self._take_back(key)

    def mend(self) -> tuple[str, ...]:
        """Put sound pointers in the place of damaged ones; returns what was wrong, in sentences."""
        found: list[str] = []
        for state in self.examine():
            self._remove_half_made(state.key)
            if state.faults:
                found += state.faults
                self._restore(state.key, Role.COMMITTED, state.committed)
                self._restore(state.key, Role.CURRENT, state.current)
                self._restore(state.key, Role.PREVIOUS, state.previous)
        return tuple(found)

    def collect_garbage(self, keep: Iterable[str]) -> tuple[str, ...]:
        """Remove content and unfinished downloads that neither a pointer nor `keep` names."""
        named = list_named(self.files, self.directory) | frozenset(keep)
        origins.keep_origins(self.files, self.directory, named)
        return garbage.collect(self.files, self.directory, named)

    def _take_back(self, key: LayerKey) -> None:
        self._restore(key, Role.CURRENT, self._examine(key, {}).committed)

    def _restore(self, key: LayerKey, role: Role, sha256: str) -> None:
        """Let the pointer name `sha256`; "" removes it."""
        path = get_folder(self.directory, key) / role.value
        if sha256:
            self._point(key, role, sha256)
        elif path.name in self.files.list_names(path.parent):
            self._clear(path)
        else:
            self._sync(key)

    def _point(self, key: LayerKey, role: Role, sha256: str) -> None:
        """Durable when it returns, also where an earlier call swapped it and was cut then."""
        path = get_folder(self.directory, key) / role.value
        if self._read(key, role) == Pointer(sha256):
            self._sync(key)
            return
        if self.files.read_link(path) is None and path.name in self.files.list_names(path.parent):
            self._clear(path)
        swap_link(self.files, path, make_target(key, sha256))

    def _clear(self, path: Path) -> None:
        if self.files.is_directory(path):
            # A directory is no pointer of ours: put aside, so that nobody's files are lost.
            self.files.rename(path, path.with_name(f"{path.name}.damaged"))
        else:
            self.files.remove(path)
        self.files.sync_directory(path.parent)

    def _remove_half_made(self, key: LayerKey) -> None:
        folder = get_folder(self.directory, key)
        for name in self.files.list_names(folder):
            if name.endswith(PART):
                self.files.remove(folder / name)

    def _make_folders(self, keys: Collection[LayerKey]) -> None:
        """The folders, with their names on the disk up to the update directory."""
        folders = {get_folder(self.directory, key) for key in keys}
        for folder in folders:
            self.files.make_directory(folder)
        for parent in sorted({above for one in folders for above in self._list_above(one)}):
            self.files.sync_directory(parent)

    def _list_above(self, folder: Path) -> list[Path]:
        return [one for one in folder.parents if one.is_relative_to(self.directory)]

    def _sync(self, key: LayerKey) -> None:
        folder = get_folder(self.directory, key)
        if self.files.is_directory(folder):
            self.files.sync_directory(folder)

    def _read(self, key: LayerKey, role: Role) -> Pointer:
        return read_pointer(self.files, self.directory, key, role)
