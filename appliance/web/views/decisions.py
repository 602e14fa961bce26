"""The decisions: what was decided when and why, as one timeline, by a cursor.

Reads: unit.db, through appliance/status/decisions.py; acts of people, from access.db. Writes:
nothing.
Never: tells what people did to somebody who may not act himself.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance.access.acts import Act, list_acts_before
from appliance.access.roles import Role
from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.status.decisions import KINDS, describe_decisions
from appliance.store.decisions import (
    ACT_RANK,
    DecisionPlace,
    DecisionQuery,
    parse_place,
    read_decisions,
)
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, show
from appliance.web.acting import person
from appliance.web.acting.asking import get_front
from appliance.web.questions import LANGUAGE
from appliance.web.reader import StoreReader
from appliance.web.views.days import parse_day
from appliance.wording.sentence import as_sentence, say
from appliance.wording.site_time import find_zone

MOST, USUAL = 200, 50
NAMES = ("kind", "day", "before", "limit", LANGUAGE)
ACTS = "acts"
NEVER = "9999"  # after each stored time
NO_LIMIT = 2**62  # an act of the moment of another decision stands below it


@dataclass(frozen=True, slots=True)
class DecisionQuestion:
    """One request: which, before which place, how many."""

    kinds: tuple[str, ...]
    query: DecisionQuery
    before: DecisionPlace | None
    limit: int


def add_decisions(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """`/api/decisions?kind=cameras&day=2026-04-15&before=CURSOR&limit=50`."""
    zone = find_zone(settings.site.timezone)

    @app.get("/api/decisions")
    def decisions() -> ResponseReturnValue:
        asked = parse_question(zone)
        rows = reader.ask(
            lambda store: read_decisions(store, asked.query, asked.before, asked.limit)
        )
        may_see = person().role >= Role.TECHNICIAN
        acts = list_own_acts(asked) if may_see and ACTS in asked.kinds else []
        found = sorted([*describe_decisions(rows), *acts], key=find_key, reverse=True)[
            : asked.limit
        ]
        older = found[-1]["cursor"] if len(found) == asked.limit else None
        return jsonify(decisions=found, older=older, shows_acts=may_see)


def find_key(one: dict[str, Any]) -> tuple[str, int, int]:
    """Its place in the order."""
    place = parse_place(one["cursor"])
    return place.key if place else ("", 0, 0)


def parse_question(zone: tzinfo) -> DecisionQuestion:
    """The request's arguments; raises `BadRequest` with what is wrong."""
    values = request.args
    if unknown := sorted(set(values) - set(NAMES)):
        raise BadRequest(
            say(
                "there is no argument {unknown}; there are {names}",
                unknown=show(unknown[0]),
                names=", ".join(NAMES),
            )
        )
    kind, before = values.get("kind", ""), values.get("before", "")
    if kind and kind not in KINDS:
        raise BadRequest(
            say("kind: {kind} is none of {kinds}", kind=show(kind), kinds=", ".join(KINDS))
        )
    place = parse_place(before)
    if before and place is None:
        raise BadRequest(
            say("before: {before} is no cursor of an earlier answer", before=show(before))
        )
    try:
        limit = parse_count(values.get("limit") or str(USUAL), 1, MOST)
    except InputError as error:
        raise BadRequest(say("limit: {error}", error=error)) from None
    kinds = (kind,) if kind else tuple(KINDS)
    streams = tuple(stream for one in kinds for stream in KINDS[one])
    until = find_end(parse_day(values["day"]), zone) if values.get("day") else None
    return DecisionQuestion(kinds, DecisionQuery(streams, until=until), place, limit)


def find_end(day: date, zone: tzinfo) -> datetime:
    """When that day of the site is over, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def list_own_acts(asked: DecisionQuestion) -> list[dict[str, Any]]:
    """What people did, as the other decisions."""
    until = encode_time(asked.query.until) if asked.query.until else NEVER
    place, row = asked.before, None
    if place is not None and place.at < until:
        until, row = place.at, place.row if place.rank == ACT_RANK else NO_LIMIT
    file = get_front().file
    return [describe_act(one) for one in list_acts_before(file, until, asked.limit, row=row)]


def describe_act(act: Act) -> dict[str, Any]:
    """One act of a person."""
    return {
        "cursor": f"{act.at}_{ACT_RANK}_{act.act_id}",
        "at": act.at,
        "kind": ACTS,
        "what": "act",
        "subject": act.target,
        "value": as_sentence(act.what),
        "until": None,
        "who": act.name,
        "reason": act.outcome,
    }
