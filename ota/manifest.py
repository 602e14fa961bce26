"""What one release consists of: the manifest, a signed target of the image repository.

    manifest = parse_manifest(data)      # data: verified bytes of releases/NAME/manifest.json
    manifest.find_layer(LayerKind.APP)

Reads and writes: nothing; pure. A wrong manifest is a `TrustError` that names the key.
Never: mixes releases: a manifest binds the exact hashes of all layers.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.errors import TrustError

MOST_BYTES = 256 * 1024  # of a manifest
MOST_LAYERS = 64
PERMISSION = "allow_downgrade"  # in `custom` of its target: newer units may be sent back to it
LONGEST_SIZE = 64 * 1024**3  # bytes of one layer
NAME = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class LayerKind(Enum):
    """What a layer is; the operating system goes into a slot, the others are trees."""

    OS = "os"
    APP = "app"
    MODEL = "model"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Payload:
    """One way to get a layer: a pack of chunks and the index that says what is where in it.

    Both are files of the static tree, named by hash. `needs_sha256`: the content hash of the layer
    that must be here already (a delta), "" where none must.
    """

    pack: str
    pack_bytes: int
    index: str
    index_bytes: int
    index_sha256: str
    needs_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a release.

    `sha256` is that of its content: of an operating system the image (a RAUC bundle), of a tree its
    list of files. `name` tells models apart and is "" in other kinds. `size_bytes`: unpacked.
    `payloads`: the smallest first.
    """

    kind: LayerKind
    name: str
    version: str
    sha256: str
    size_bytes: int
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class ReleaseManifest:
    """One release. `sequence` rises with each release: what the ratchet compares.

    `issued`: when it was built, UTC. `machines`: which it is for ("x86-64", "jetson-orin"; empty:
    any). `min_os`: least `sequence` of the running operating system, for a release without an OS
    layer. `data_schema`: the newest step of the database (number of the migration) that it reads.
    `energy_wh`: what installing, trial and rollback cost at most.
    """

    release: str
    sequence: int
    issued: datetime
    machines: tuple[str, ...]
    min_os: int
    data_schema: int
    energy_wh: float
    notes: str
    layers: tuple[Layer, ...]

    def find_layer(self, kind: LayerKind, name: str = "") -> Layer | None:
        """The layer of that kind (and name), None where the release leaves it as it is."""
        return next((one for one in self.layers if (one.kind, one.name) == (kind, name)), None)


def format_manifest(manifest: ReleaseManifest) -> bytes:
    """The manifest as the file that is signed: JSON, keys sorted, one line feed at the end."""
    tree = {
        "format": 1,
        "release": manifest.release,
        "sequence": manifest.sequence,
        "issued": manifest.issued.astimezone(UTC).isoformat(timespec="seconds"),
        "machines": list(manifest.machines),
        "min_os": manifest.min_os,
        "data_schema": manifest.data_schema,
        "energy_wh": manifest.energy_wh,
        "notes": manifest.notes,
        "layers": [format_layer(layer) for layer in manifest.layers],
    }
    return json.dumps(tree, indent=1, sort_keys=True).encode() + b"\n"


def format_layer(layer: Layer) -> dict[str, Any]:
    own = {name: getattr(layer, name) for name in ("name", "version", "sha256", "size_bytes")}
    payloads = [{name: getattr(one, name) for name in Payload.__slots__} for one in layer.payloads]
    return {"kind": layer.kind.value, **own, "payloads": payloads}


def parse_manifest(data: bytes) -> ReleaseManifest:
    """The manifest in `data`; raises `TrustError`."""
    try:
        return build_manifest(strict_json.parse_object(data, most_bytes=MOST_BYTES))
    except (InputError, ValueError, KeyError, TypeError, OverflowError) as error:
        text = say("{name} is missing", name=error) if isinstance(error, KeyError) else str(error)
        raise TrustError(
            say(
                "the manifest of the release cannot be read: {text}; have it built again with "
                "`fleet release build`",
                text=text,
            ),
            "manifest-invalid",
        ) from error


def build_manifest(tree: Mapping[str, Any]) -> ReleaseManifest:
    if tree["format"] != 1:
        raise InputError(
            say("format {value} is not known; 1 is", value=strict_json.show(tree["format"]))
        )
    layers = require_list(tree["layers"], "layers", MOST_LAYERS)
    manifest = ReleaseManifest(
        release=require_match(NAME, tree["release"], "release"),
        sequence=require_count(tree["sequence"], "sequence"),
        issued=strict_json.require_time(tree["issued"], "issued"),
        machines=tuple(
            require_match(NAME, one, "machines")
            for one in require_list(tree["machines"], "machines", 16)
        ),
        min_os=require_count(tree["min_os"], "min_os"),
        data_schema=require_count(tree["data_schema"], "data_schema"),
        energy_wh=strict_json.require_number(tree["energy_wh"], "energy_wh", 0, 1e6),
        notes=require_text(tree["notes"], "notes", 4000),
        layers=tuple(build_layer(one) for one in layers),
    )
    refuse_twice(manifest)
    return manifest


def build_layer(tree: Any) -> Layer:
    kind = LayerKind(tree["kind"])
    name = tree["name"]
    if name or kind is LayerKind.MODEL:
        require_match(NAME, name, "name of a layer")
    return Layer(
        kind=kind,
        name=name,
        version=require_text(tree["version"], "version", 80),
        sha256=require_match(SHA256, tree["sha256"], "sha256"),
        size_bytes=require_count(tree["size_bytes"], "size_bytes", LONGEST_SIZE),
        payloads=tuple(build_payload(one) for one in require_list(tree["payloads"], "payloads", 8)),
    )


def build_payload(tree: Any) -> Payload:
    needs = tree["needs_sha256"]
    return Payload(
        pack=require_path(tree["pack"]),
        pack_bytes=require_count(tree["pack_bytes"], "pack_bytes", LONGEST_SIZE),
        index=require_path(tree["index"]),
        index_bytes=require_count(tree["index_bytes"], "index_bytes", LONGEST_SIZE),
        index_sha256=require_match(SHA256, tree["index_sha256"], "index_sha256"),
        needs_sha256=require_match(SHA256, needs, "needs_sha256") if needs else "",
    )


def refuse_twice(manifest: ReleaseManifest) -> None:
    """A layer that stands twice would leave open which of the two is meant."""
    keys = [(layer.kind, layer.name) for layer in manifest.layers]
    if len(set(keys)) < len(keys):
        raise InputError(say("a layer stands twice"))


def require_match(pattern: re.Pattern[str], value: Any, name: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InputError(
            say("{name} is {value}, which it cannot be", name=name, value=strict_json.show(value))
        )
    return value


def require_count(value: Any, name: str, high: int = 2**53) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= high:
        raise InputError(
            say(
                "{name} is {value}; it is a count of at most {high}",
                name=name,
                value=strict_json.show(value),
                high=high,
            )
        )
    return value


def require_text(value: Any, name: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise InputError(
            say("{name} is no text of at most {longest} characters", name=name, longest=longest)
        )
    return value


def require_list(value: Any, name: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise InputError(say("{name} is no list of at most {most}", name=name, most=most))
    return value


def require_path(value: Any) -> str:
    """A path inside the static tree: no root, no way up, nothing that a URL means otherwise."""
    path = require_match(re.compile(r"[a-z0-9][a-z0-9._/-]{0,199}"), value, "path")
    if ".." in path or "//" in path or path.endswith("/"):
        raise InputError(say("the path {value} leaves its directory", value=strict_json.show(path)))
    return path
