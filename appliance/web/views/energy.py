"""Energy: a day of the past, the days ahead, why at a moment, and what a changed unit would do.

Reads: unit.db, through appliance/status; the answer of `unitctl energy what-if`. Writes: nothing.
Never: computes a plan in this process, or shows a plan that is too old as one that holds.
"""

from datetime import date, datetime, tzinfo
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from appliance.clock import Clock
from appliance.parsing.times import parse_time
from appliance.settings import Settings
from appliance.status.days_ahead import build_days_ahead
from appliance.status.energy_moment import WhyError
from appliance.status.past_day import build_past_day
from appliance.strict_json import InputError, show
from appliance.web.calculations import Calculations
from appliance.web.questions import LANGUAGE
from appliance.web.reader import StoreReader
from appliance.web.views.days import parse_day
from appliance.web.views.energy_moment import describe_energy_moment
from appliance.web.views.energy_wishes import make_words, parse_wish
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone


def add_energy(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """`/api/energy/day`, `/api/energy/ahead`, `/api/energy/moment` and `/api/energy/what-if`."""
    calculations = Calculations(settings.path)

    @app.get("/api/energy/day")
    def energy_day() -> ResponseReturnValue:
        day = ask_day(clock, find_zone(settings.site.timezone))
        return jsonify(reader.ask(lambda store: build_past_day(store, settings, day)))

    @app.get("/api/energy/ahead")
    def energy_ahead() -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: build_days_ahead(store, settings)))

    @app.get("/api/energy/moment")
    def energy_moment() -> ResponseReturnValue:
        return jsonify(find_moment(settings, clock.stamp().utc, reader))

    @app.get("/api/energy/what-if")
    def energy_what_if() -> ResponseReturnValue:
        wish = parse_wish(request.args, settings)
        return jsonify(calculations.ask(make_words(wish, settings)) | {"wish": wish})


def find_moment(settings: Settings, now: datetime, reader: StoreReader) -> dict[str, Any]:
    """What is known of the moment that the request names; 404 where nothing is."""
    check_names("at")
    at = parse_moment(request.args.get("at", ""), now, find_zone(settings.site.timezone))
    try:
        return reader.ask(lambda store: describe_energy_moment(store, settings, at, now))
    except WhyError as error:
        raise NotFound(str(error)) from None


def ask_day(clock: Clock, zone: tzinfo) -> date:
    """The day that the request names; today where it names none."""
    check_names("day")
    today = clock.stamp().utc.astimezone(zone).date()
    day = parse_day(request.args["day"]) if request.args.get("day") else today
    if day > today:
        raise BadRequest(say("day: {day} is in the future; today is {today}", day=day, today=today))
    return day


def check_names(*known: str) -> None:
    """Refuse arguments that there are not."""
    unknown = sorted(set(request.args) - {*known, LANGUAGE})
    if unknown:
        raise BadRequest(
            say(
                "there is no argument {unknown}; there are {known}",
                unknown=show(unknown[0]),
                known=", ".join(known),
            )
        )


def parse_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """A moment of the past, UTC; without a text it is now."""
    if not text:
        return now
    try:
        return parse_time(text).find_utc(now, zone)
    except InputError as error:
        raise BadRequest(say("at: {error}", error=error)) from None
