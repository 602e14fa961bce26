"""The tree of the package: the release below /usr/lib/appliance/release, its wheels beside it.

    size_kib = fill_tree(tree, release=release, wheels=wheels, texts=texts)

Reads: the release, the lock files, wheels. Writes: a directory, each file with its final mode.
Never: takes a file that git does not know of, or a wheel that the lock files do not name.
"""

import gzip
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioning.debian_package.errors import PackageError
from provisioning.installation.lock_file import parse_lock
from provisioning.installation.source_tree import BUILD_FILES, list_sources

HERE = Path(__file__).parent
LIBRARY = Path("usr/lib/appliance")
SHARE = Path("usr/share")
LOCKS = ("requirements.lock", "requirements/build.lock")
PROGRAM = "provisioning/install"
FOLDERS = ("systemd", "inference/models", "docs/examples", "provisioning/installation")
SCRIPTS = ("postinst", "prerm", "postrm")
SKIPPED = "__pycache__"


def list_release(release: Path) -> dict[str, Path]:
    """Each file that an installation needs, by its name in the release."""
    found = list_sources(release)
    for name in (*LOCKS, PROGRAM, *BUILD_FILES):
        found[name] = release / name
    for folder in FOLDERS:
        for path in (release / folder).rglob("*"):
            if path.is_file() and SKIPPED not in path.parts:
                found[str(path.relative_to(release))] = path
    return dict(sorted(found.items()))


def list_wheels(release: Path, wheels: Path) -> Iterator[Path]:
    """Those that the lock files name, checked by their hash; raises `PackageError`."""
    locked = [one for name in LOCKS for one in parse_lock((release / name).read_text())]
    known = {digest: one.name for one in locked for digest in one.hashes}
    missing = {one.name for one in locked}
    for path in sorted(wheels.glob("*.whl")):
        digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        if digest in known:  # else: of an older lock file
            missing.discard(known[digest])
            yield path
    if missing:
        raise PackageError(
            f"{wheels} lacks the wheels of {', '.join(sorted(missing))}: `make deb` fetches them"
        )


def fill_tree(tree: Path, *, release: Path, wheels: Path, texts: Mapping[str, bytes]) -> int:
    """`tree`: is made anew; `texts`: by their names below /usr/share. Returns the size in KiB."""
    shutil.rmtree(tree, ignore_errors=True)
    for name, source in list_release(release).items():
        put(tree / LIBRARY / "release" / name, source.read_bytes(), runs=name == PROGRAM)
    for wheel in list_wheels(release, wheels):
        put(tree / LIBRARY / "wheels" / wheel.name, wheel.read_bytes())
    for name, data in texts.items():
        put(tree / SHARE / name, data)
    sizes = (path.stat().st_size for path in list_files(tree))
    return sum(-(-size // 1024) for size in sizes)


def put(place: Path, data: bytes, *, runs: bool = False) -> None:
    for folder in reversed(place.parents):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
    place.write_bytes(data)
    place.chmod(0o755 if runs else 0o644)


def put_scripts(tree: Path, control: str) -> None:
    """What dpkg reads: control, checksums, maintainer scripts."""
    sums = "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
        f"{path.relative_to(tree)}\n"
        for path in list_files(tree)
    )
    put(tree / "DEBIAN/md5sums", sums.encode())
    put(tree / "DEBIAN/control", control.encode())
    for name in SCRIPTS:
        put(tree / "DEBIAN" / name, (HERE / "scripts" / name).read_bytes(), runs=True)


def list_files(tree: Path) -> list[Path]:
    return sorted(path for path in tree.rglob("*") if path.is_file())


def pack_text(text: str) -> bytes:
    """By gzip, without a time."""
    return gzip.compress(text.encode(), 9, mtime=0)
