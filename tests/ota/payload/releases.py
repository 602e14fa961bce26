"""Small releases for tests: trees, images, their packs, layers of a manifest."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from ota.files import Files
from ota.manifest import Layer, LayerKind, ReleaseManifest
from ota.mirrors.directory import DirectoryMirror
from ota.payload.packing import Packed, pack_image, pack_tree
from ota.payload.store import ContentStore, Fetcher, Seed

UPDATES = Path("/ota")
Tree = Mapping[str, bytes]
OLD: Tree = {
    "app/main.py": b"print(1)\n" * 50,
    "app/other.py": b"print(2)\n" * 50,
    "app/deep/weights": Random(1).randbytes(300_000),
    "empty": b"",
    "run": b"#!/bin/sh\n",
}
NEW: Tree = {**OLD, "app/main.py": b"print(3)\n" * 50, "app/added.py": b"print(4)\n"}


def write_files(root: Path, tree: Tree) -> Path:
    for name, data in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        if name == "run":
            (root / name).chmod(0o755)
    return root


def make_layer(packed: Packed, kind: LayerKind = LayerKind.APP) -> Layer:
    return Layer(kind, "", "1", packed.sha256, packed.size_bytes, packed.payloads)


def publish_tree(place: Path, tree: Tree, *, old: Tree | None = None) -> Layer:
    """Pack a tree into the static tree `place`/out."""
    number = len(list(place.iterdir()))
    root = write_files(place / f"tree-{number}", tree)
    before = None if old is None else write_files(place / f"old-{number}", old)
    return make_layer(pack_tree(root, place / "out", old=before))


def publish_image(place: Path, data: bytes, *, old: Path | None = None) -> Layer:
    path = place / f"image-{len(list(place.iterdir()))}"
    path.write_bytes(data)
    return make_layer(pack_image(path, place / "out", old=old), LayerKind.OS)


def make_manifest(*layers: Layer) -> ReleaseManifest:
    issued = datetime(2026, 1, 1, tzinfo=UTC)
    return ReleaseManifest("r1", 1, issued, (), 0, 1, 1.0, "", layers)


def make_fetcher(
    files: Files, out: Path, *, directory: Path = UPDATES, seeds: tuple[Seed, ...] = ()
) -> Fetcher:
    return Fetcher(ContentStore(directory, files), [DirectoryMirror(str(out))], seeds=seeds)


def fetch(fetcher: Fetcher, layer: Layer) -> int:
    """Fetch a layer; returns how many bytes came over the link."""
    came: list[int] = []
    fetcher.fetch(layer, may_go_on=lambda: True, progress=came.append)
    return sum(came)


def read_tree(files: Files, root: Path) -> dict[str, bytes]:
    found = {}
    for name in files.list_names(root):
        if files.is_directory(root / name):
            inner = read_tree(files, root / name)
            found.update({f"{name}/{path}": data for path, data in inner.items()})
        else:
            found[name] = files.read(root / name, most_bytes=10_000_000)
    return found
