"""The app layer: the unpacked wheel of this program, checked against its own list of files.

Reads: a wheel, or a tree that one was unpacked to. Writes: the unpacked tree.
Never: writes outside of its directory, or takes a file whose hash the wheel does not list.
"""

import base64
import csv
import hashlib
import io
import zipfile
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

from ota.disk import naming
from ota.release.errors import ReleaseError

MOST_FILE_BYTES = 256 * 1024**2
MOST_BYTES = 1024**3
EXECUTABLE = 0o100


def unpack_wheel(wheel: Path, directory: Path) -> str:
    """Unpack into `directory`; returns the version of the program. Raises `ReleaseError`."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return unpack_archive(wheel, archive, directory)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ReleaseError(
            f"{wheel} is no wheel that can be read ({error}); build it again"
        ) from error


def unpack_archive(wheel: Path, archive: zipfile.ZipFile, directory: Path) -> str:
    members = [one for one in archive.infolist() if not one.is_dir()]
    if sum(one.file_size for one in members) > MOST_BYTES:
        raise ReleaseError(f"{wheel} would unpack to more than {MOST_BYTES} bytes")
    info = find_info(wheel, [one.filename for one in members])
    hashes = read_record(archive.read(f"{info}/RECORD"))
    for one in members:
        data = archive.read(one)
        check_member(wheel, one.filename, data, hashes, info)
        write_member(directory / one.filename, data, mode=one.external_attr >> 16)
    return read_version(directory / info)


def find_info(wheel: Path, names: list[str]) -> str:
    """The folder NAME.dist-info; a wheel has one."""
    tops = {PurePosixPath(name).parts[0] for name in names if name.strip("/")}
    found = [top for top in tops if top.endswith(".dist-info")]
    if any(top.endswith(".data") for top in tops) or len(found) != 1:
        raise ReleaseError(
            f"{wheel} is no pure wheel with one dist-info and no .data folder; build the wheel of "
            "this program with `pip wheel --no-deps`"
        )
    if f"{found[0]}/RECORD" not in names or f"{found[0]}/METADATA" not in names:
        raise ReleaseError(f"{wheel} lacks RECORD or METADATA; build it again")
    return found[0]


def read_record(data: bytes) -> dict[str, str]:
    """Of each file the hash as the wheel lists it: "sha256=..."."""
    rows = csv.reader(io.StringIO(data.decode(errors="replace")))
    return {row[0]: row[1] for row in rows if len(row) >= 2}


def check_member(wheel: Path, name: str, data: bytes, hashes: dict[str, str], info: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ReleaseError(f"{wheel} has a file outside of its tree ({name!r}); do not use it")
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    if name != f"{info}/RECORD" and hashes.get(name) != f"sha256={digest}":
        raise ReleaseError(f"{wheel}: {name} is not the file that its RECORD lists; build it again")


def write_member(path: Path, data: bytes, *, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path):
        path.write_bytes(data)
    path.chmod(0o755 if mode & EXECUTABLE else 0o644)


def find_tree_version(tree: Path) -> str:
    """The version of a tree that a wheel was unpacked to."""
    found = sorted(tree.glob("*.dist-info/METADATA"))
    if len(found) != 1:
        raise ReleaseError(
            f"{tree} is no unpacked wheel (it has no dist-info, or several): give the wheel itself"
        )
    return read_version(found[0].parent)


def read_version(info: Path) -> str:
    with (info / "METADATA").open("rb") as file:
        return str(BytesParser().parse(file, headersonly=True).get("Version", ""))[:80]
