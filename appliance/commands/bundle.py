"""The support bundle: a tar.gz of what the unit knows about itself, secrets removed.

Reads: the unit database as a reader, the settings, the checks. Writes: the stream it is given.
Never: holds a table in memory (rows are fetched in pages and spooled to a temporary file), and
never contains a picture or a clip unless asked.
"""

import base64
import importlib.metadata
import json
import platform
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from appliance.checks import run_all_checks
from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.log import redact
from appliance.model_cameras import Event
from appliance.settings import Settings
from appliance.settings_text import format_settings
from appliance.status import status_document
from appliance.status.events import list_events
from appliance.store.connection import SQLITE_VERSION
from appliance.store.event_pages import EventQuery
from appliance.store.pages import export_means, export_rows
from appliance.store.store import EVERY_ROW, Store
from appliance.store.tables import TABLES

SPOOL_BYTES = 2_000_000
FOLDER = "unit"


def write_bundle(
    stream: IO[bytes],
    settings: Settings,
    store: Store | None,
    clock: Clock,
    since: datetime,
    file_kinds: Sequence[str] = (),
) -> None:
    """Write the bundle; what the database does not give is named in problems.txt.

    `along`: which files of events to take along, by their fields: "snapshot", "clip".
    Raises `OSError` where the stream cannot be written.
    """
    with tarfile.open(fileobj=stream, mode="w|gz") as tar:
        bundle = Bundle(tar, clock)
        bundle.add("versions.json", format_document(collect_versions(settings)))
        bundle.add("settings.toml", format_settings(settings).splitlines())
        findings = run_all_checks(settings, store, clock)
        bundle.add("doctor.json", format_document([asdict(finding) for finding in findings]))
        problems = add_database(bundle, settings, store, since, file_kinds)
        if problems:
            bundle.add("problems.txt", problems)


def add_database(
    bundle: "Bundle",
    settings: Settings,
    store: Store | None,
    since: datetime,
    file_kinds: Sequence[str],
) -> list[str]:
    """Add all that the database gives; returns what went wrong."""
    if store is None:
        return [f"the database {settings.database} cannot be opened"]
    problems: list[str] = []
    for name, lines in list_contents(settings, store, since):
        try:
            bundle.add(name, lines)
        except StoreError as error:
            problems.append(f"{name}: {error}")
    for kind in file_kinds:
        try:
            add_files(bundle, settings, store, since, kind)
        except StoreError as error:
            problems.append(f"{kind}s: {error}")
    return problems


def list_contents(
    settings: Settings, store: Store, since: datetime
) -> Iterator[tuple[str, Iterable[str]]]:
    """The files that come from the database: name and lines, read only when they are asked for."""
    yield "status.json", defer(lambda: format_document(status_document.build(store, settings)))
    yield (
        "events.jsonl",
        defer(lambda: format_lines(list_events(store, EventQuery(since=since), limit=EVERY_ROW))),
    )
    yield "faults.jsonl", defer(lambda: format_lines(status_document.list_faults(store, all=True)))
    for table in TABLES:
        if table.name not in ("event", "fault"):
            yield f"readings/{table.name}.jsonl", format_lines(export_rows(store, table, since))
        if table.averaged:
            yield (
                f"readings/{table.name}_mean.jsonl",
                format_lines(export_means(store, table, since)),
            )


def add_files(
    bundle: "Bundle", settings: Settings, store: Store, since: datetime, kind: str
) -> None:
    """Add the files of one kind of all events; one that retention has deleted is passed over."""
    data_dir = settings.unit.data_dir.resolve()
    for event in store.rows(Event, since, newest_first=True):
        name = getattr(event, kind)
        path = (data_dir / name).resolve() if name else data_dir
        if path.is_file() and path.is_relative_to(settings.snapshots_dir.resolve()):
            bundle.add_file(f"{kind}s/{path.name}", path)


def collect_versions(settings: Settings) -> dict[str, Any]:
    """What runs here: unit, kernel, Python, SQLite and the packages that the unit requires."""
    distribution = importlib.metadata.distribution("neural-energy-appliance")
    found = {}
    for requirement in distribution.requires or []:
        if "extra ==" not in requirement:
            name = requirement.split(";")[0].rstrip("0123456789.,<>=!~ ")
            found[name] = find_installed_version(name)
    return {
        "unit": settings.unit.name,
        "appliance": distribution.version,
        "python": platform.python_version(),
        "sqlite": SQLITE_VERSION,
        "kernel": platform.platform(),
        "packages": found,
    }


def find_installed_version(name: str) -> str | None:
    """A package's version, or None where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


class Bundle:
    """A tar stream that takes lines of text and files."""

    def __init__(self, tar: tarfile.TarFile, clock: Clock) -> None:
        self._tar = tar
        self._now_s = int(clock.stamp().utc.timestamp())

    def add(self, name: str, lines: Iterable[str]) -> None:
        """Add a text file, secrets removed; nothing is added where reading the lines fails."""
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            for line in lines:
                spool.write(redact(line).encode() + b"\n")
            self._put(name, spool.tell(), spool)

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._put(name, path.stat().st_size, file)

    def _put(self, name: str, size: int, file: IO[bytes]) -> None:
        entry = tarfile.TarInfo(f"{FOLDER}/{name}")
        entry.size, entry.mtime = size, self._now_s
        file.seek(0)
        self._tar.addfile(entry, file)


def format_document(value: Any) -> list[str]:
    """A JSON document as lines."""
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()


def format_lines(values: Iterable[Any]) -> Iterator[str]:
    """One JSON line for each value."""
    return (json.dumps(value, ensure_ascii=False, default=encode_bytes) for value in values)


def encode_bytes(value: bytes) -> str:
    """A column of bytes (the table of an energy policy) as JSON can hold it: base64."""
    return base64.b64encode(value).decode("ascii")


def defer(make: Any) -> Iterator[str]:
    """The lines that `make` gives, made when the first is asked for."""
    yield from make()
