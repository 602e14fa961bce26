"""What the fleet's operator sees, and programs read: JSON below /api/v1, the page at /.

    GET /api/v1/fleet          counts: states, releases, what units wait for, faults, energy
    GET /api/v1/units          a page of the list; arguments in arguments.py
    GET /api/v1/units/NAME     one unit whole
    GET /api/v1/places         name, latitude, longitude and state of each unit that tells its place
    GET /api/v1/refusals       what was refused, and why
    GET /api/v1/rollouts       the rollouts as the worker has last seen them

Reads: the fleet's database. Writes: nothing.
Never: changes anything: who may do that has the command `fleet`.
"""

import json
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, NotFound

from appliance.strict_json import InputError
from ota.fleet.database.tables import rollout
from ota.fleet.operator.arguments import parse_question
from ota.fleet.registry.questions import (
    count_fleet,
    describe,
    list_places,
    list_refusals,
    list_units,
    read_unit,
    reading,
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_operator_app(engine: Engine, now: Callable[[], datetime]) -> Flask:
    """`now`: UTC."""
    app = Flask(__name__, static_folder=None)
    add_lists(app, engine, now)
    add_units(app, engine, now)
    app.register_error_handler(InputError, answer_misuse)
    app.register_error_handler(SQLAlchemyError, answer_trouble)
    app.register_error_handler(HTTPException, answer_refusal)
    app.after_request(add_headers)
    return app


def add_lists(app: Flask, engine: Engine, now: Callable[[], datetime]) -> None:
    @app.get("/api/v1/fleet")
    def fleet() -> ResponseReturnValue:
        with reading(engine) as connection:
            return jsonify(count_fleet(connection, now()))

    @app.get("/api/v1/places")
    def places() -> ResponseReturnValue:
        with reading(engine) as connection:
            return jsonify(places=list_places(connection, now()))

    @app.get("/api/v1/refusals")
    def refusals() -> ResponseReturnValue:
        with reading(engine) as connection:
            return jsonify(refusals=list_refusals(connection))

    @app.get("/api/v1/rollouts")
    def rollouts() -> ResponseReturnValue:
        with reading(engine) as connection:
            rows = connection.execute(select(rollout).order_by(rollout.c.at.desc())).mappings()
            found = [describe(row) for row in rows]
        for one in found:
            one["definition"] = json.loads(one["definition"])
            one["counts"] = json.loads(one["counts"])
        return jsonify(rollouts=found)


def add_units(app: Flask, engine: Engine, now: Callable[[], datetime]) -> None:
    @app.get("/api/v1/units")
    def units() -> ResponseReturnValue:
        question = parse_question(request.args)
        with reading(engine) as connection:
            return jsonify(list_units(connection, question, now()))

    @app.get("/api/v1/units/<path:name>")
    def unit(name: str) -> ResponseReturnValue:
        with reading(engine) as connection:
            found = read_unit(connection, name, now())
        if found is None:
            raise NotFound(f"there is no unit {name} in this fleet")
        return jsonify(found)


def answer_misuse(error: InputError) -> ResponseReturnValue:
    return jsonify(reason=str(error)), 400


def answer_trouble(error: SQLAlchemyError) -> ResponseReturnValue:
    text = "the fleet's database does not answer; see the journal of the server"
    return jsonify(reason=text, error=type(error).__name__), 503


def answer_refusal(error: HTTPException) -> ResponseReturnValue:
    return jsonify(reason=error.description or error.name), error.code or 400


def add_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        answer.headers["Cache-Control"] = "no-store"
    return answer
