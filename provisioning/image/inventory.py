"""What is in an image: its manifest, which names every file that was built, and every package.

Reads: the root, what was built. Writes: manifest.json.
Never: names a path or a machine of the one who built it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from provisioning.image.tools import Chroot

LIST = ("dpkg-query", "--admindir=/usr/lib/sysimage/dpkg", "-W", "-f", "${Package}\t${Version}\n")
PYTHON = "/opt/appliance/venv/bin/python"


def write_manifest(
    path: Path, root: Chroot, files: Mapping[str, Path], *, release: str, epoch: int
) -> None:
    """`files`: by what they are. Sizes in bytes, `epoch` in seconds since 1970."""
    tree = {
        "release": release,
        "machine": "x86-64",
        "epoch": epoch,
        "files": {name: describe(file) for name, file in files.items()},
        "debian_packages": list_debian(root),
        "python_packages": list_python(root),
    }
    path.write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n")


def describe(file: Path) -> dict[str, object]:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {"name": file.name, "bytes": file.stat().st_size, "sha256": digest}


def list_debian(root: Chroot) -> dict[str, str]:
    lines = root.run(*LIST).splitlines()
    return dict(line.split("\t") for line in lines)


def list_python(root: Chroot) -> dict[str, str]:
    ask = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({one.name: one.version for one in m.distributions()}))"
    )
    found: dict[str, str] = json.loads(root.run(PYTHON, "-I", "-B", "-c", ask))
    return found
