"""`fleet release build`: packs, indexes and the manifest of one release.

Reads: the sources of its layers. Writes: packs and indexes below tree/, releases/NAME/.
Never: signs; what is built here no unit trusts.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ota import files as update_files
from ota.errors import TrustError
from ota.manifest import (
    LONGEST_SIZE,
    Layer,
    LayerKind,
    Payload,
    ReleaseManifest,
    format_manifest,
    parse_manifest,
)
from ota.payload.packing import Packed, list_tree, pack_image, pack_tree
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.releases.known import read_built, read_signed
from ota.release.releases.layer_sources import (
    LayerSource,
    Sources,
    find_data_schema,
    find_settings_fault,
    keep_content,
    prepare_layers,
)

NO_HASH = "0" * 64


@dataclass(frozen=True)
class BuildPlan:
    """`manifest`: without layers. `delta_from`: a release that units have, "" for full packs only.
    `find_schema`: the newest step of the database is that of the app layer.
    """

    manifest: ReleaseManifest
    sources: Sources
    delta_from: str = ""
    find_schema: bool = False


def begin_build(fleet: Fleet, plan: BuildPlan) -> ReleaseManifest | None:
    """What would be in vain after hours of packing is refused here. Returns the release of which
    units have the layers. Raises `ReleaseError`, `OSError`.
    """
    old = find_old(fleet, plan.delta_from) if plan.delta_from else None
    if fleet.files.measure(fleet.manifest_path(plan.manifest.release)) is None:
        refuse_low_sequence(fleet, plan.manifest)
    fleet.files.make_directory(fleet.tree)
    return old


def pack_release(fleet: Fleet, plan: BuildPlan, old: ReleaseManifest | None) -> ReleaseManifest:
    """Packs and content, which nothing names yet: other commands work meanwhile. Raises
    `ReleaseError`, `PackError`, `OSError`.
    """
    with tempfile.TemporaryDirectory(dir=fleet.directory, suffix=".work") as work:
        sources = list(prepare_layers(plan.sources, plan.manifest.release, Path(work)))
        schema = find_data_schema(sources) if plan.find_schema else plan.manifest.data_schema
        manifest = replace(plan.manifest, data_schema=schema)
        check_sources(manifest, sources)
        return replace(manifest, layers=tuple(build_layer(fleet, one, old) for one in sources))


def end_build(fleet: Fleet, manifest: ReleaseManifest) -> ReleaseManifest:
    """Raises `ReleaseError`, `OSError`. Built from the same it changes nothing."""
    if not is_built_already(fleet, manifest):
        refuse_low_sequence(fleet, manifest)
        write_manifest(fleet, manifest)
    return manifest


def check_sources(manifest: ReleaseManifest, sources: Sequence[LayerSource]) -> None:
    """What a unit would refuse is refused before it is packed: the manifest with layers as large
    as they are, hashes and packs made up.
    """
    if not sources:
        raise ReleaseError("a release has at least one layer: --app, --model, --settings, --os")
    file = f"packs/00/{NO_HASH}.pack"
    payload = Payload(file, LONGEST_SIZE, file, LONGEST_SIZE, NO_HASH, NO_HASH)
    layers = tuple(
        Layer(one.kind, one.name, one.version, NO_HASH, measure(one), (payload, payload))
        for one in sources
    )
    check_readable(replace(manifest, layers=layers))


def measure(source: LayerSource) -> int:
    """Bytes, unpacked; raises `PackError` for a tree that no pack can hold."""
    if source.kind is LayerKind.OS:
        return source.path.stat().st_size
    return sum(one.size_bytes for one in list_tree(source.path))


def check_readable(manifest: ReleaseManifest) -> bytes:
    """The manifest as a file that units can read."""
    data = format_manifest(manifest)
    try:
        parse_manifest(data)
    except TrustError as error:
        raise ReleaseError(
            f"units would refuse the release {manifest.release}: {error.__cause__}; build it with "
            "less, nothing was written"
        ) from error
    return data


def build_layer(fleet: Fleet, source: LayerSource, old: ReleaseManifest | None) -> Layer:
    before = old.find_layer(source.kind, source.name) if old else None
    base = find_content(fleet, before) if before else None
    packed = pack(source, fleet.tree, base)
    sync_payloads(fleet, packed)
    keep_content(source, place_of(fleet, source.kind, packed.sha256))
    return Layer(
        kind=source.kind,
        name=source.name,
        version=source.version,
        sha256=packed.sha256,
        size_bytes=packed.size_bytes,
        payloads=packed.payloads,
    )


def pack(source: LayerSource, tree: Path, base: Path | None) -> Packed:
    if source.kind is LayerKind.OS:
        return pack_image(source.path, tree, old=base)
    return pack_tree(source.path, tree, old=base)


def sync_payloads(fleet: Fleet, packed: Packed) -> None:
    """On the disk before a manifest names them."""
    for payload in packed.payloads:
        for name in (payload.pack, payload.index):
            fleet.files.sync(fleet.tree / name)
            fleet.files.sync_directory((fleet.tree / name).parent)


def list_notes(fleet: Fleet, plan: BuildPlan, manifest: ReleaseManifest) -> list[str]:
    """What the release engineer should know of a release that was built, in sentences."""
    settings = plan.sources.settings
    fault = find_settings_fault(settings) if settings else ""
    notes = [f"warning: {fault}"] if fault else []
    if not plan.delta_from:
        return notes
    old = find_old(fleet, plan.delta_from)
    whole = [one for one in manifest.layers if all(not two.needs_sha256 for two in one.payloads)]
    return notes + [describe_whole(plan.delta_from, old, one) for one in whole]


def describe_whole(release: str, old: ReleaseManifest, layer: Layer) -> str:
    """Why units fetch a layer whole, although they have the release before."""
    label = f"{layer.kind.value} {layer.name}".strip()
    if old.find_layer(layer.kind, layer.name) is None:
        return f"{label}: no delta, {release} has no such layer"
    return f"{label}: no delta, what {release} had is not in content/ any more"


def place_of(fleet: Fleet, kind: LayerKind, sha256: str) -> Path:
    return fleet.content / (f"{sha256}.image" if kind is LayerKind.OS else sha256)


def find_content(fleet: Fleet, layer: Layer) -> Path | None:
    place = place_of(fleet, layer.kind, layer.sha256)
    return place if place.exists() else None


def find_old(fleet: Fleet, release: str) -> ReleaseManifest:
    found = read_built(fleet).get(release)
    if found is None:
        raise ReleaseError(f"{release} was not built here; `fleet status` lists what was")
    return found


def is_built_already(fleet: Fleet, manifest: ReleaseManifest) -> bool:
    """The same release, but for the time of the build; another one of that name is refused."""
    path = fleet.manifest_path(manifest.release)
    if fleet.files.measure(path) is None:
        return False
    there = parse_manifest(path.read_bytes())
    if replace(there, issued=manifest.issued) == manifest:
        return True
    raise ReleaseError(
        f"there is a release {manifest.release} already, with other contents; take another name, "
        f"or remove {path.parent} if it was not signed"
    )


def refuse_low_sequence(fleet: Fleet, manifest: ReleaseManifest) -> None:
    known = {**read_built(fleet), **read_signed(fleet)}
    highest = max(known.values(), key=lambda one: one.sequence, default=None)
    if highest and manifest.sequence <= highest.sequence:
        raise ReleaseError(
            f"sequence {manifest.sequence} does not rise: {highest.release} has "
            f"{highest.sequence}; give --sequence {highest.sequence + 1}"
        )


def write_manifest(fleet: Fleet, manifest: ReleaseManifest) -> None:
    data = check_readable(manifest)
    path = fleet.manifest_path(manifest.release)
    fleet.files.make_directory(path.parent)
    update_files.replace(fleet.files, path, data)
