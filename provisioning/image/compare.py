"""`python -m provisioning.image.compare A B`: whether two builds of one commit made the same image.

A, B: directories with the manifest.json of a build. What is named in `LISTED` may differ, and is
looked at as far as it may not.

Reads: both directories. Writes: a sentence for each file.
Never: takes a file as the same because a manifest says so: all bytes are read.
"""

import argparse
import hashlib
import json
import mmap
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from ota.payload.ext4_map import Image, read_file_map

MANIFEST = "manifest.json"
LISTED = {
    "bundle": "RAUC salts the bundle's hash tree and dates its signature; what is installed from "
    "it is compared",
}
SQUASHFS, USED_BYTES_AT = b"hsqs", 40
CHUNK_BYTES = 2**20
MOST_NAMES = 20


def main() -> None:
    """Exit codes: 0 the same but for what is listed; 1 something differs; 2 usage."""
    parser = argparse.ArgumentParser(description="Compares two builds of one commit.")
    parser.add_argument("first", type=Path, help="a directory with manifest.json")
    parser.add_argument("second", type=Path)
    asked = parser.parse_args()
    try:
        differing = list(compare(asked.first, asked.second))
    except (OSError, ValueError, KeyError) as error:
        parser.error(f"{error} (both must be directories with the manifest.json of a build)")
    for one in differing:
        print(f"differs: {one}")
    for kind, why in LISTED.items():
        print(f"may differ: {kind} ({why})")
    print("not the same" if differing else "the same")
    sys.exit(1 if differing else 0)


def compare(first: Path, second: Path) -> Iterator[str]:
    """A sentence for each difference that is not listed. Raises `OSError`, `ValueError`."""
    manifests = [json.loads((one / MANIFEST).read_text()) for one in (first, second)]
    files = [one.pop("files") for one in manifests]
    yield from (
        f"manifest.json: {key}, {manifests[0].get(key)!r:.200} and {manifests[1].get(key)!r:.200}"
        for key in sorted(manifests[0].keys() | manifests[1].keys())
        if manifests[0].get(key) != manifests[1].get(key)
    )
    for kind in sorted(files[0].keys() | files[1].keys()):
        if kind not in files[0] or kind not in files[1]:
            yield f"{kind}: only one of the builds has it"
            continue
        one, other = (found[kind]["name"] for found in files)
        yield from compare_files(kind, first / one, second / other)


def compare_files(kind: str, first: Path, second: Path) -> Iterator[str]:
    with ExitStack() as opened:
        images = [open_image(path, opened) for path in (first, second)]
        lengths = [measure(one, kind) for one in images]
        at = find_difference(images[0], images[1], min(lengths))
        if at is None and lengths[0] == lengths[1]:
            return
        names = list_differing(*images) if kind == "slot" else []
        place = f"at byte {at}" if at is not None else f"{lengths[0]} and {lengths[1]} bytes"
        yield f"{kind} ({first.name}): {place}{'; files: ' * bool(names)}{', '.join(names)}"


def open_image(path: Path, opened: ExitStack) -> mmap.mmap:
    file = opened.enter_context(path.open("rb"))
    return opened.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def measure(image: Image, kind: str) -> int:
    """How many bytes must be the same; of a bundle: its squashfs, without tree and signature."""
    if kind == "bundle" and image[:4] == SQUASHFS:
        return int.from_bytes(image[USED_BYTES_AT : USED_BYTES_AT + 8], "little")
    return len(image)


def find_difference(first: Image, second: Image, length: int) -> int | None:
    for at in range(0, length, CHUNK_BYTES):
        end = min(at + CHUNK_BYTES, length)
        one, other = first[at:end], second[at:end]
        if one != other:
            pairs = zip(one, other, strict=True)
            return at + next(place for place, (left, right) in enumerate(pairs) if left != right)
    return None


def list_differing(first: Image, second: Image) -> list[str]:
    """The files of two slots that one of them has not, or has with other bytes."""
    one, other = hash_files(first), hash_files(second)
    differing = [name for name in sorted(one.keys() | other) if one.get(name) != other.get(name)]
    more = len(differing) - MOST_NAMES
    return [*differing[:MOST_NAMES], *([f"{more} more"] if more > 0 else [])]


def hash_files(image: Image) -> dict[str, str]:
    """Digests of the bytes that files have on the disk, by name."""
    found = {}
    for name, extents in read_file_map(image).items():
        digest = hashlib.sha256()
        for one in extents:
            digest.update(image[one.offset : one.offset + one.length])
        found[name] = digest.hexdigest()
    return found


if __name__ == "__main__":
    main()
