"""`/api/changes`: what has changed since a position, at once or as soon as there is something.

Reads: events, faults and energy budgets, through appliance/store/changes.py. Writes: nothing.
Never: lets a request wait without an end, or more of them than the server has threads for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from appliance.parsing.values import parse_count
from appliance.sections.network import WebSettings
from appliance.settings import Settings
from appliance.status.changes import describe_answer, describe_changes
from appliance.store.change_positions import (
    LostPositionError,
    Position,
    parse_position,
    read_position,
)
from appliance.store.changes import Changes, read_changes
from appliance.strict_json import InputError, show
from appliance.web.connections import IS_OVER, identify_client
from appliance.web.questions import LANGUAGE
from appliance.web.reader import StoreReader
from appliance.web.waiting import NoPlaceError, Waiting
from appliance.wording.sentence import say

MOST_WAIT_S = 60
AGAIN_S = 10  # who found no place asks again
NAMES = ("after", "wait_s", LANGUAGE)


@dataclass(frozen=True, slots=True)
class ChangeQuestion:
    """What one request asks: changes after a position (None: only where it is), and how long it
    waits for one.
    """

    after: Position | None
    wait_s: int


def add_changes(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """`GET /api/changes?after=POSITION&wait_s=20`."""
    waiting = Waiting()
    most_wait_s = find_most_wait_s(settings.web)

    @app.get("/api/changes")
    def list_changes() -> ResponseReturnValue:
        asked = parse_question(request.args)
        if asked.after is None:
            now = reader.ask(read_position)
            return jsonify(describe_answer([], now, has_more=False))
        try:
            found = look_and_wait(reader, waiting, asked.after, min(asked.wait_s, most_wait_s))
        except LostPositionError as error:
            return answer_lost(reader, error)
        except NoPlaceError as error:
            reason = say(
                "{error}: ask again in {again_s} s, or without wait_s", error=error, again_s=AGAIN_S
            )
            raise ServiceUnavailable(reason, retry_after=AGAIN_S) from None
        return jsonify(describe_changes(found))


def find_most_wait_s(web: WebSettings) -> float:
    """So long a request may wait: idleness is measured from its begin."""
    return min(MOST_WAIT_S, web.idle_exit_s / 2)


def look_and_wait(reader: StoreReader, waiting: Waiting, after: Position, wait_s: float) -> Changes:
    """What has changed; where nothing has, what changes within `wait_s` real seconds."""
    found = reader.ask(lambda store: read_changes(store, after))
    if not found.is_empty or wait_s <= 0:
        return found

    def look() -> Changes | None:
        nonlocal found
        found = reader.ask(lambda store: read_changes(store, found.position))
        return None if found.is_empty else found

    is_over: Callable[[], bool] = request.environ.get(IS_OVER, lambda: False)
    with waiting.take_place(identify_client(request.remote_addr or "")):
        waiting.wait(look, wait_s, is_over)
    return found


def parse_question(values: Mapping[str, str]) -> ChangeQuestion:
    """The request's arguments; raises `BadRequest` with what is wrong."""
    unknown = sorted(set(values) - set(NAMES))
    if unknown:
        raise BadRequest(
            say(
                "there is no argument {unknown}; there are {names}",
                unknown=show(unknown[0]),
                names=", ".join(NAMES),
            )
        )
    try:
        wait_s = parse_count(values.get("wait_s", "0"), 0, MOST_WAIT_S)
    except InputError as error:
        raise BadRequest(say("wait_s: {error}", error=error)) from None
    text = values.get("after")
    after = None if text is None else parse_position(text)
    if text is not None and after is None:
        raise BadRequest(
            say(
                "after: {text} is no position: give the `position` of an earlier answer as it "
                "is, or leave `after` out to get the one of now",
                text=show(text),
            )
        )
    return ChangeQuestion(after, wait_s)


def answer_lost(reader: StoreReader, error: LostPositionError) -> ResponseReturnValue:
    """410: that position leads nowhere any more; the one of now is in the answer."""
    return jsonify(reason=str(error), position=str(reader.ask(read_position))), 410
