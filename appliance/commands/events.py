"""`unitctl events`: what was seen, the newest first; `unitctl events erase`: make it gone.

Reads: the event table. Writes: standard output; `erase` deletes events with pictures and clips.
Never: opens a snapshot, or erases without a confirmation.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from appliance.alarms import pictures
from appliance.commands.opening import (
    SINCE_HELP,
    find_moment_utc,
    format_local,
    load_unit_settings,
    open_unit,
)
from appliance.commands.printing import Line, Section, show, show_json
from appliance.errors import SettingsError
from appliance.media import erasing
from appliance.media.erasing import Selection
from appliance.parsing.arguments import NAME, PATH, TIME, make_type
from appliance.parsing.nearest import advise
from appliance.parsing.times import WrittenTime, parse_time
from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.status import events
from appliance.store.backup import PATTERN
from appliance.store.event_pages import EventPlace, EventQuery, parse_place
from appliance.store.store import Store
from appliance.store.tables import INFERENCE
from appliance.store.unit_time import read_time
from appliance.wording.counts import format_count, format_share

HELP = "list the events of the cameras, the newest first; `events erase` deletes"
ERASE_HELP = "delete events with their pictures and clips, and time-lapses, for good"
BEFORE_HELP = "events that began earlier: a span such as 30d, or a date such as 2026-04-15"
LIST_BEFORE_HELP = (
    "only earlier ones: a span or a date as for --since, or an event's cursor (events --json)"
)
LIMIT_HELP = "at most N (default 50)"
LIMIT = make_type(parse_count, 1, 100_000)


def parse_before(text: str) -> EventPlace | WrittenTime:
    """A time, or the cursor of an event."""
    return parse_place(text) or parse_time(text)


BEFORE = make_type(parse_before)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--camera", type=NAME, metavar="NAME", help="only those of this camera")
    parser.add_argument("--label", type=NAME, metavar="WORD", help="only these, such as person")
    parser.add_argument("--zone", type=NAME, metavar="NAME", help="only those of this zone or line")
    parser.add_argument("--since", type=TIME, metavar="TIME", help=SINCE_HELP)
    parser.add_argument("--before", type=BEFORE, metavar="TIME", help=LIST_BEFORE_HELP)
    parser.add_argument("--limit", type=LIMIT, default=50, metavar="N", help=LIMIT_HELP)
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    parser.set_defaults(act=list_events)
    actions = parser.add_subparsers(metavar="ACTION")
    erase = actions.add_parser("erase", help=ERASE_HELP, description=ERASE_HELP)
    what = erase.add_mutually_exclusive_group(required=True)
    what.add_argument("--before", type=TIME, metavar="TIME", help=BEFORE_HELP)
    what.add_argument("--camera", type=NAME, metavar="NAME", help="all events of this camera")
    what.add_argument(
        "--event", type=NAME, metavar="ID", help="one event, by its id (`events --json`)"
    )
    erase.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    erase.add_argument(
        "--settings", type=PATH, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    erase.set_defaults(act=erase_events)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


# --- list ------------------------------------------------------------------------------------


def list_events(arguments: argparse.Namespace) -> int:
    with open_unit(arguments) as (settings, store):
        found = find_events(store, settings, arguments)
        named = list_names(store, settings)
    if arguments.json:
        show_json(found)
    elif found:
        lines = [describe_event(event, settings) for event in found]
        show([Section(format_count(len(found), "event"), lines)])
        if len(found) == arguments.limit:
            print(f"\nolder ones: the same with --before {found[-1]['cursor']}")
    else:
        print("; ".join(("no events", *explain_none(named, arguments))))
    return 0


def find_events(
    store: Store, settings: Settings, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """The events that the command line asks for, newest first."""
    now, asked = store.clock.stamp().utc, arguments.before
    place = asked if isinstance(asked, EventPlace) else None
    before = None if place else find_moment_utc(asked, now, settings)
    since = find_moment_utc(arguments.since, now, settings)
    check_span(since, before)
    query = EventQuery(arguments.camera, arguments.label, since, before, arguments.zone)
    return events.list_events(store, query, limit=arguments.limit, before=place)


def check_span(since: datetime | None, before: datetime | None) -> None:
    """Nothing lies between the two where they are exchanged. Raises `SettingsError`."""
    if since and before and since >= before:
        raise SettingsError("--since names a later time than --before: nothing lies between them")


def list_names(store: Store, settings: Settings) -> dict[str, list[str]]:
    """What a person may mean: cameras, labels and zones of stored events and of the settings."""
    stored = events.list_filters(store)
    cameras = dict.fromkeys((*settings.camera, *stored["camera"]))
    labels = dict.fromkeys((*settings.inference.labels, *stored["label"]))
    places = (
        place for camera in settings.camera.values() for place in (*camera.zone, *camera.line)
    )
    zones = dict.fromkeys((*places, *stored["zone"]))
    return {"camera": list(cameras), "label": list(labels), "zone": list(zones)}


def explain_none(named: dict[str, list[str]], arguments: argparse.Namespace) -> Iterator[str]:
    """Which of the words given nothing is known by, and what may be meant."""
    for what, known in named.items():
        word = getattr(arguments, what, None)
        if word is not None and word not in known:
            yield f"there is no {what} {word!r}; {advise(word, known)}"


def describe_event(event: dict[str, Any], settings: Settings) -> Line:
    """One event in one line."""
    joules = f"{event['energy_j']:.1f} J{'' if event['energy_measured'] else ' (modelled)'}"
    text = (
        f"{event['label']} {format_share(event['confidence'])} at {event['camera']}, "
        f"{format_count(event['frames'], 'frame')}, {joules}: {event['reason']}"
    )
    return Line(format_local(event["at"], settings), text)


# --- erase -----------------------------------------------------------------------------------


def erase_events(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    store = Store(settings.database, settings.make_clock(), INFERENCE)
    try:
        return erase(store, settings, arguments)
    finally:
        store.close()


def erase(store: Store, settings: Settings, arguments: argparse.Namespace) -> int:
    """Find, ask, erase, say what is gone and where copies may be. A picture that waits for its
    channel goes last: until its alarm is overwritten another could be laid there.
    """
    found = erasing.find_erasure(
        store,
        settings.snapshots_dir,
        parse_selection(store, settings, arguments),
        settings.timelapse_dir,
    )
    if not (found.events or found.files or found.alarms):
        text = f"nothing to erase: there is no event, picture or clip {found.selection.words}"
        print("; ".join((text, *explain_none(list_names(store, settings), arguments))))
        return 0
    if not arguments.yes and not ask_to_confirm(found.sentence):
        print("nothing was erased")
        return 1
    erasing.erase(store, found)
    for alarm_id in found.alarms:
        pictures.discard_of(settings, alarm_id)
    erasing.record_in_journal(found)
    print(f"erased: {found.sentence}")
    backups = settings.unit.data_dir / "backups"
    if any(backups.glob(PATTERN)):
        print(f"copies of the database in {backups} still hold the rows (no pictures)")
    return 0


def parse_selection(store: Store, settings: Settings, arguments: argparse.Namespace) -> Selection:
    """What the command line names."""
    if arguments.camera is not None:
        return erasing.select_camera(arguments.camera)
    if arguments.event is not None:
        return erasing.select_event(arguments.event)
    # "7d" goes back from a present that uptime explains: a clock years ahead must not erase all.
    now = read_time(store).trusted_utc
    moment = find_moment_utc(arguments.before, now, settings)
    assert moment is not None
    return erasing.select_before(moment, settings.site.timezone)


def ask_to_confirm(what: str) -> bool:
    """Whether the person at the terminal says yes; raises `SettingsError` where there is none."""
    if not sys.stdin.isatty():
        raise SettingsError(f"{what}: nobody is here to ask; add --yes to erase them")
    try:
        answer = input(f"Erase {what}? This cannot be undone. [y/N] ")
    except EOFError:  # Ctrl-D
        answer = ""
    return answer.strip().lower() in ("y", "yes")
