"""A report as a directory: whole or not at all, each with a name of its own.

    path = write_report(report, key, directory)     # .../20261201T031500Z-a41f0c53/

    report.en.html, report.ro.html, report.en.pdf, report.ro.pdf, report.json, camera-1.jpg, ...
    and what proves them (signing.py)

Reads: nothing. Writes: a directory below `directory`.
Never: leaves half a report: it is written beside, synchronized, and renamed; what a power cut left
is removed the next time.
"""

import errno
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.store.durable_files import sync_directory, write_file
from appliance.store.file_locks import hold_lock
from appliance.wording.sentence import say
from appliance.wording.translating import LANGUAGES
from provisioning.commissioning.report.contents import make_contents
from provisioning.commissioning.report.document import Report, encode_report
from provisioning.commissioning.report.signing import Key, sign_files

PART, LOCK = "part", ".lock"
MODE, DIRECTORY_MODE = 0o640, 0o750
MOST_A_SECOND = 100
LOCK_S = 60.0
Write = Callable[..., None]
TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


class ReportError(ApplianceError):
    """A report could not be written or is not as it was signed."""

    code = "report"


def write_report(report: Report, key: Key, directory: Path, write: Write = write_file) -> Path:
    """The directory of the report. `write` makes a file durable. Raises `ReportError`, and nothing
    of it is left.
    """
    files = sign_files(make_files(report), key)
    name = f"{report.made_at:%Y%m%dT%H%M%SZ}-{re.sub('[^A-Za-z0-9-]', '', report.identity)[:16]}"
    try:
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        with hold_lock(directory / LOCK, LOCK_S):
            remove_left(directory)
            part = directory / f"{name.strip('-')}.{PART}"
            return put_whole(files, part, write)
    except OSError as error:
        size_mb = sum(map(len, files.values())) / 1e6
        text = say(
            "the report of {size_mb:.1f} MB cannot be written to {directory}: {what}; nothing of "
            "it is left there; free some space or mend the disk, then do this step again",
            size_mb=size_mb,
            directory=directory,
            what=error.strerror or str(error),
        )
        raise ReportError(text) from error


def make_files(report: Report) -> dict[str, bytes]:
    """All that is signed, by name."""
    from provisioning.commissioning.report.html import make_html  # noqa: PLC0415  (memory)
    from provisioning.commissioning.report.pdf import make_pdf  # noqa: PLC0415

    files: dict[str, bytes] = {}
    pictures: dict[str, str] = {}
    for number, one in enumerate(report.photographs, start=1):
        if one.data is not None:
            pictures[one.camera] = name = f"camera-{number}.jpg"
            files[name] = one.data
    for language in LANGUAGES:
        contents = make_contents(report, language)
        files[f"report.{language}.html"] = make_html(contents)
        files[f"report.{language}.pdf"] = make_pdf(contents, report.made_at)
    files["licences.txt"] = report.licences.encode(errors="replace")
    files["report.json"] = encode_report(report, pictures)
    return files


def put_whole(files: Mapping[str, bytes], part: Path, write: Write) -> Path:
    """Beside its place, to the disk, then into it."""
    try:
        part.mkdir(mode=DIRECTORY_MODE)
        for file, data in files.items():
            write(part / file, [data], mode=MODE)
        sync_directory(part)
        path = rename_free(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    sync_directory(path.parent)
    return path


def rename_free(part: Path) -> Path:
    """To the name, or to the first one after it that is free; a report is never empty, so none is
    replaced.
    """
    directory, name = part.parent, part.stem
    for number in range(1, MOST_A_SECOND + 1):
        path = directory / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            try:
                return part.rename(path)
            except OSError as error:
                if error.errno not in TAKEN:
                    raise
    raise OSError(errno.EEXIST, "too many reports of one second", str(directory / name))


def remove_left(directory: Path) -> None:
    """What a power cut left half written; the lock is held, so nobody writes it."""
    for path in directory.glob(f"*.{PART}"):
        shutil.rmtree(path, ignore_errors=True)


def find_newest(directory: Path) -> Path | None:
    """The report that was written last, by its name."""
    found = [path for path in directory.glob("*Z*") if path.is_dir() and path.suffix != f".{PART}"]
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)
