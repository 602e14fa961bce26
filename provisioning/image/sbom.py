"""The bills of materials (SBOM) beside an image: what is in it, of which version and licence.

    unit.cdx.json     CycloneDX 1.6: Debian's packages, Python's, and what lies in our own tree
    debian.spdx.json  SPDX 2.3: Debian's packages

Reads: the root; debsbom and cyclonedx-py in a directory of their own (`build/sbom`).
Writes: both files, the same from the same root.
Never: describes a package whose licence is not in the root.
"""

import hashlib
import json
import sys
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from provisioning.image.tools import ImageError, run

NAMESPACE = uuid.UUID("5b7a3c5e-6f0f-5d53-9a41-0f4b5ce3a6d1")
CYCLONEDX, SPDX = "unit.cdx.json", "debian.spdx.json"
NAME, SPECIFICATION = "neural-energy-unit", "1.6"
PACKAGES = "opt/appliance/venv/lib/python3*/site-packages"
Tree = dict[str, Any]


class Vendored(NamedTuple):
    """What lies in our own tree and was made by others. `licence`: an SPDX expression."""

    name: str
    version: str
    kind: str
    file: str
    licence: str


VENDORED = (
    Vendored(
        *("nanodet-g-416-int8", "1", "machine-learning-model"),
        *("inference/models/nanodet-g-416-int8.onnx", "Apache-2.0"),
    ),
    Vendored(
        *("nanodet-g-416-fp32", "1", "machine-learning-model"),
        *("inference/models/nanodet-g-416-fp32.onnx", "Apache-2.0"),
    ),
    Vendored(
        *("pedestrians.mp4", "1", "data"),
        *("sensors/media/pedestrians.mp4", "Apache-2.0 AND BSD-3-Clause"),
    ),
    Vendored(
        *("uPlot", "1.6.32", "library"),
        *("appliance/web/static/vendor/uplot-1.6.32/uPlot.iife.min.js", "MIT"),
    ),
)


def write_sboms(
    root: Path, directory: Path, *, programs: Path, release: str, epoch: int
) -> dict[str, Path]:
    """`epoch`: seconds since 1970, the time that the files name. Returns the files by kind."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        tree = list_debian(root, work, programs=programs, release=release, epoch=epoch)
        python = list_python(root, work, programs=programs, epoch=epoch)
        (directory / SPDX).write_bytes((work / "debian.spdx.json").read_bytes())
    require_licences(root, tree)
    join(tree, python)
    join(tree, {"components": list(describe_vendored(root))})
    (directory / CYCLONEDX).write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n")
    return {"sbom": directory / CYCLONEDX, "sbom-spdx": directory / SPDX}


def run_program(programs: Path, name: str, *words: str | Path, epoch: int) -> None:
    settings = {
        "PYTHONPATH": str(programs),
        "PYTHONHASHSEED": "0",  # the order in debsbom's SPDX
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": str(epoch),
        "LC_ALL": "C.UTF-8",
    }
    run(sys.executable, programs / "bin" / name, *words, environment=settings)


def list_debian(root: Path, work: Path, *, programs: Path, release: str, epoch: int) -> Tree:
    """By dpkg's database, which lies on another place in the root than debsbom looks."""
    for name, target in (
        ("var/lib/dpkg", "usr/lib/sysimage/dpkg"),
        ("usr/share/doc", "usr/share/doc"),
    ):
        (work / "root" / name).parent.mkdir(parents=True)
        (work / "root" / name).symlink_to((root / target).resolve())
    fixed = uuid.uuid5(NAMESPACE, release)
    run_program(
        *(programs, "debsbom", "generate", "--root", work / "root", "--out", work / "debian"),
        *("--with-licenses", "--distro-arch", "amd64", "--distro-name", NAME),
        *("--distro-version", release, "--cdx-schema-version", SPECIFICATION),
        *("--cdx-serialnumber", str(fixed), "--spdx-namespace", f"urn:uuid:{fixed}"),
        *("--timestamp", datetime.fromtimestamp(epoch, UTC).isoformat()),
        epoch=epoch,
    )
    tree: Tree = json.loads((work / "debian.cdx.json").read_text())
    return tree


def list_python(root: Path, work: Path, *, programs: Path, epoch: int) -> Tree:
    """cyclonedx-py asks an interpreter for its path; the root's runs only in the root."""
    (packages,) = root.resolve().glob(PACKAGES)
    interpreter = work / "interpreter"
    interpreter.write_text(f"#!/bin/sh\necho '{json.dumps([str(packages)])}'\n")
    interpreter.chmod(0o755)
    run_program(
        *(programs, "cyclonedx-py", "environment", "--output-reproducible"),
        *("--spec-version", SPECIFICATION, "--output-file", work / "python.json", interpreter),
        epoch=epoch,
    )
    tree: Tree = json.loads((work / "python.json").read_text())
    return tree


def require_licences(root: Path, tree: Tree) -> None:
    """Raise `ImageError` for a package of Debian whose licence does not lie in the root."""
    binaries = [one for one in tree["components"] if not one["purl"].endswith("arch=source")]
    for one in binaries:
        text = Path("usr/share/doc") / one["name"] / "copyright"
        if not (root / text).exists():
            raise ImageError(f"{one['name']}: /{text} is not in the image, so its licence is not")
        note = {"name": "licence", "value": f"/{text}"}
        one["properties"] = [*one.get("properties", ()), note]


def describe_vendored(root: Path) -> Iterator[Tree]:
    (packages,) = root.glob(PACKAGES)
    for one in VENDORED:
        try:
            digest = hashlib.sha256((packages / one.file).read_bytes()).hexdigest()
        except OSError as error:
            raise ImageError(f"{one.file} is not in the image: {error.strerror}") from error
        yield {
            "type": one.kind,
            "bom-ref": f"tree:{one.file}",
            "name": one.name,
            "version": one.version,
            "hashes": [{"alg": "SHA-256", "content": digest}],
            "licenses": [{"expression": one.licence}],
        }


def join(tree: Tree, other: Tree) -> None:
    """Add the components of another file, and what they depend on; the system depends on all."""
    tree["components"] += other["components"]
    tree["dependencies"] += [
        one for one in other.get("dependencies", ()) if one["ref"] != "root-component"
    ]
    tools = other.get("metadata", {}).get("tools", {}).get("components", ())
    tree["metadata"]["tools"]["components"] += tools
    system = tree["metadata"]["component"]["bom-ref"]
    (top,) = (one for one in tree["dependencies"] if one["ref"] == system)
    top["dependsOn"] += [one["bom-ref"] for one in other["components"]]
