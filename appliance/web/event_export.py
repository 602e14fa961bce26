"""`/api/event-export`: what a filter finds, or chosen events, as a ZIP: JSON, CSV, pictures, clips.

Reads: the event table, the files of events. Writes: nothing; the ZIP is made while it is sent.
Never: holds a whole file in memory, has more than 5000 events or 100 MB of files, puts a name into
the ZIP that is not one of the unit's own, or a cell into the CSV that a spreadsheet calculates.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.clock import Clock
from appliance.log import redact_all
from appliance.media.files import match_own_name
from appliance.settings import Settings
from appliance.status.events import describe_event
from appliance.store.event_pages import EventPlace, PlacedEvent, find_event, read_older
from appliance.store.store import Store
from appliance.web.questions import EventQuestion, parse_question
from appliance.web.reader import StoreReader
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

MOST_EVENTS = 5000
MOST_IDS = 200
MOST_FILES_BYTES = 100_000_000  # a slow connection ends after two minutes (connections.py)
PAGE_EVENTS = 200
CHUNK_BYTES = 65_536
COLUMNS = (
    *("event_id", "at", "last_seen", "camera", "label", "confidence", "zone", "rule", "sub_label"),
    *("frames", "energy_j", "energy_measured", "energy_level", "reason", "snapshot", "clip"),
)
CALCULATED = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes what begins so for a formula
BUSY = say("another export is being made: try again when it is done")
NOTHING = say("no event is stored that matches, so there is nothing to export")
FULL = "there are more than {most} events or {mb} MB of files: the rest is left out"


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes into one ZIP. `left_out`: events, or their files, that do not."""

    events: Sequence[dict[str, Any]]
    files: Sequence[Path]
    left_out: Sequence[str]


@dataclass
class Pipe(io.RawIOBase):
    """What a ZIP is written into and taken from, piece by piece; it cannot be sought."""

    _parts: list[bytes] = field(default_factory=list)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        found, self._parts = b"".join(self._parts), []
        return found


def add_event_export(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """The route. One export at a time: each keeps a thread of the server."""
    zone = find_zone(settings.site.timezone)
    turn = BoundedSemaphore(1)

    @app.get("/api/event-export")
    def export_events() -> ResponseReturnValue:
        ids = request.args.getlist("id")
        words = {name: value for name, value in request.args.items() if name != "id"}
        asked = parse_question(words, clock.stamp().utc, zone)
        if len(ids) > MOST_IDS or (ids and words.keys() - {"lang"}):
            raise BadRequest(say("give up to {most_ids} times id, or filters", most_ids=MOST_IDS))
        if not turn.acquire(blocking=False):
            raise ServiceUnavailable(BUSY, retry_after=10)
        try:
            found = find_chosen(reader, ids) if ids else find_all(reader, asked)
            if not found:
                raise BadRequest(NOTHING)
            plan = make_plan(settings, found)
        except BaseException:
            turn.release()
            raise
        answer = Response(stream_zip(plan), mimetype="application/zip")
        answer.call_on_close(turn.release)
        name = f"events-{clock.stamp().utc:%Y%m%dT%H%M%SZ}.zip"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def find_chosen(reader: StoreReader, ids: Sequence[str]) -> list[PlacedEvent]:
    """The events of these ids that are there."""

    def find(store: Store) -> list[PlacedEvent]:
        found = (find_event(store, one) for one in dict.fromkeys(ids))
        return [one for one in found if one is not None]

    return reader.ask(find)


def find_all(reader: StoreReader, asked: EventQuestion) -> list[PlacedEvent]:
    """What a filter finds, the newest first, one more than may be: page by page, so that others are
    answered meanwhile.
    """
    found: list[PlacedEvent] = []
    before: EventPlace | None = asked.before

    def read_page(store: Store) -> list[PlacedEvent]:
        return read_older(store, asked.query, before, PAGE_EVENTS)

    while len(found) <= MOST_EVENTS:
        page = reader.ask(read_page)
        found += page
        if len(page) < PAGE_EVENTS:
            break
        before = page[-1].place
    return found


def make_plan(settings: Settings, found: Sequence[PlacedEvent]) -> Plan:
    """Which files fit, the newest first."""
    left_out = ["events that are older"] if len(found) > MOST_EVENTS else []
    files: list[Path] = []
    room_bytes = MOST_FILES_BYTES
    for one in found[:MOST_EVENTS]:
        for name in (one.event.snapshot, one.event.clip):
            path = find_file(settings, name)
            size_bytes = path.stat().st_size if path else 0
            if path and size_bytes <= room_bytes:
                files.append(path)
                room_bytes -= size_bytes
            elif path:
                left_out.append(path.name)
    return Plan([redact_all(describe_event(one)) for one in found[:MOST_EVENTS]], files, left_out)


def find_file(settings: Settings, name: str | None) -> Path | None:
    """A snapshot or clip by its path in the row; None where it is none, or not there any more."""
    if not name:
        return None
    path = settings.unit.data_dir / name
    is_own = path.parent.parent == settings.snapshots_dir
    if not is_own or match_own_name(path.parent.name, path.name) is None:
        return None
    return path if path.is_file() and not path.is_symlink() else None


def stream_zip(plan: Plan) -> Iterator[bytes]:
    """The ZIP, piece by piece. A file that is deleted meanwhile is left out."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, text in list_texts(plan):
            archive.writestr(name, text, zipfile.ZIP_DEFLATED)
            yield pipe.take()
        for path in plan.files:
            yield from add_file(archive, pipe, path)
    yield pipe.take()


def add_file(archive: zipfile.ZipFile, pipe: Pipe, path: Path) -> Iterator[bytes]:
    """One file, as it is: pictures are packed already."""
    try:
        source = path.open("rb")
    except OSError:
        return
    entry = zipfile.ZipInfo(f"{path.parent.name}/{path.name}")
    entry.external_attr = 0o640 << 16
    with source, archive.open(entry, "w") as target:
        while data := source.read(CHUNK_BYTES):
            target.write(data)
            yield pipe.take()


def list_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """The texts of a ZIP by their names."""
    yield "events.json", json.dumps(plan.events, indent=1, ensure_ascii=False) + "\n"
    yield "events.csv", format_csv(plan.events)
    if plan.left_out:
        full = FULL.format(most=MOST_EVENTS, mb=MOST_FILES_BYTES // 1_000_000)
        yield "left-out.txt", "\n".join([full, *plan.left_out, ""])


def format_csv(events: Sequence[dict[str, Any]]) -> str:
    """One line for each event."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for event in events:
        writer.writerow([make_cell(event[name]) for name in COLUMNS])
    return text.getvalue()


def make_cell(value: Any) -> Any:
    """A value as a spreadsheet shows it, whatever it begins with."""
    is_formula = isinstance(value, str) and value.startswith(CALCULATED)
    return f"'{value}" if is_formula else value
