"""The events as JSON: a list with filters and a cursor, one event, and what can be filtered by.

Reads: the event table, through appliance/status/events.py. Writes: nothing.
Never: answers with more than 200 events at once.
"""

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.clock import Clock
from appliance.settings import Settings
from appliance.status import events
from appliance.status.event_timeline import build_timeline
from appliance.web.questions import EventQuestion, parse_query, parse_question
from appliance.web.reader import StoreReader
from appliance.wording.site_time import find_zone


def add_events(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """`/api/events`, `/api/events/ID`, `/api/event-filters` and `/api/event-timeline`."""
    zone = find_zone(settings.site.timezone)

    def ask() -> EventQuestion:
        return parse_question(request.args, clock.stamp().utc, zone)

    @app.get("/api/events")
    def list_events() -> ResponseReturnValue:
        asked = ask()
        return jsonify(
            reader.ask(
                lambda store: events.list_events(
                    store,
                    asked.query,
                    limit=asked.limit,
                    before=asked.before,
                    after=asked.after,
                )
            )
        )

    @app.get("/api/events/<event_id>")
    def show_event(event_id: str) -> ResponseReturnValue:
        query = ask().query
        found = reader.ask(lambda store: events.describe_one_event(store, query, event_id))
        if found is None:
            abort(404)
        return jsonify(found)

    @app.get("/api/event-filters")
    def list_filters() -> ResponseReturnValue:
        return jsonify(reader.ask(events.list_filters))

    @app.get("/api/event-timeline")
    def show_timeline() -> ResponseReturnValue:
        now = clock.stamp().utc
        query = parse_query(request.args, now, zone)
        return jsonify(reader.ask(lambda store: build_timeline(store, query, now, zone)))
