"""Payloads of the simplest kind: a layer is a file that holds its version.

Reads and writes: the update directory, through `Files`.
Never: asks a mirror.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ota.files import Files, remove_tree, take_away
from ota.manifest import Layer, LayerKind, ReleaseManifest


@dataclass
class FetchPlan:
    missing_bytes: int = 8
    disk_bytes: int = 16


@dataclass
class SimplePayloads:
    """A layer's content is a file with its version."""

    files: Files
    home: Path

    def plan(self, manifest: ReleaseManifest) -> FetchPlan:
        return FetchPlan()

    def find(self, layer: Layer) -> Path:
        suffix = ".image" if layer.kind is LayerKind.OS else ""
        return self.home / "content" / f"{layer.sha256}{suffix}"

    def fetch(
        self, layer: Layer, *, may_go_on: Callable[[], bool], progress: Callable[[int], None]
    ) -> None:
        path = self.find(layer)
        if path.name in self.files.list_names(path.parent):
            self.files.sync_directory(path.parent)
            return
        part = self.home / "parts" / layer.sha256
        remove_tree(self.files, part)
        self.files.make_directory(path.parent)
        self.files.make_directory(part)
        self.files.sync_directory(self.home)
        self.files.write(part / "file", layer.version.encode())
        self.files.sync(part / "file")
        self.files.sync_directory(part)
        self.files.rename(part / "file" if layer.kind is LayerKind.OS else part, path)
        self.files.sync_directory(path.parent)

    def verify(self, layer: Layer) -> bool:
        path = self.find(layer)
        file = path if layer.kind is LayerKind.OS else path / "file"
        if self.files.measure(file) is None:
            return False
        return self.files.read(file, most_bytes=99) == layer.version.encode()

    def discard(self, layer: Layer) -> None:
        take_away(self.files, self.find(layer))
