"""Which release brought a tree: what `unitctl models list` calls "signed by release R".

    pointers/origins.json    {"SHA256": "release", ...}

Reads and writes: that file, through `Files`; the services read it as it is.
Never: decides anything: a lost or damaged file costs the name of a release, no more.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from appliance import strict_json
from appliance.strict_json import InputError
from ota.files import Files, replace
from ota.manifest import NAME, SHA256

MOST_BYTES = 256 * 1024


def get_file(directory: Path) -> Path:
    return directory / "pointers" / "origins.json"


def read_origins(files: Files, directory: Path) -> dict[str, str]:
    """Release by hash of the tree; entries that cannot be right are left out."""
    try:
        data = files.read(get_file(directory), most_bytes=MOST_BYTES)
        tree = strict_json.parse_object(data, most_bytes=MOST_BYTES)
    except (OSError, InputError):
        return {}
    return {
        sha256: release
        for sha256, release in tree.items()
        if SHA256.fullmatch(sha256) and isinstance(release, str) and NAME.fullmatch(release)
    }


def add_origins(files: Files, directory: Path, release: str, trees: Iterable[str]) -> None:
    """Note that `release` brought `trees`; who brought a tree first stays its origin."""
    known = read_origins(files, directory)
    write_origins(files, directory, dict.fromkeys(trees, release) | known, known)


def keep_origins(files: Files, directory: Path, trees: Iterable[str]) -> None:
    """Forget the origin of every tree but these."""
    known = read_origins(files, directory)
    kept = {sha256: known[sha256] for sha256 in trees if sha256 in known}
    write_origins(files, directory, kept, known)


def write_origins(
    files: Files, directory: Path, wanted: Mapping[str, str], known: Mapping[str, str]
) -> None:
    if wanted != known:
        data = json.dumps(wanted, indent=1, sort_keys=True).encode() + b"\n"
        replace(files, get_file(directory), data)
