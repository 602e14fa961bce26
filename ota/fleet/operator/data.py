"""The data of the fleet as JSON, for the page and for programs.

    GET /api/v1/fleet          counts: states, releases, what units wait for, faults, energy
    GET /api/v1/units          a page of the list; arguments in arguments.py
    GET /api/v1/units/NAME     one unit whole
    GET /api/v1/places         name, latitude, longitude and state of each unit that tells its place
    GET /api/v1/refusals       what was refused, and why
    GET /api/v1/rollouts       the rollouts as the worker has last seen them

Reads: the fleet's database. Writes: nothing.
Never: changes anything: who may do that has the command `fleet`.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from werkzeug.exceptions import NotFound

from ota.fleet.operator.arguments import NARROWING, parse_question
from ota.fleet.registry.questions import (
    count_fleet,
    list_places,
    list_refusals,
    list_rollouts,
    list_units,
    read_unit,
    reading,
)


def add_counts(app: Flask, engine: Engine, now: Callable[[], datetime]) -> None:
    @app.get("/api/v1/fleet")
    def fleet() -> ResponseReturnValue:
        with reading(engine) as connection:
            return jsonify(count_fleet(connection, now()))

    @app.get("/api/v1/refusals")
    def refusals() -> ResponseReturnValue:
        with reading(engine) as connection:
            return jsonify(refusals=list_refusals(connection))

    @app.get("/api/v1/rollouts")
    def rollouts() -> ResponseReturnValue:
        with reading(engine) as connection:
            return jsonify(rollouts=list_rollouts(connection))


def add_units(app: Flask, engine: Engine, now: Callable[[], datetime]) -> None:
    @app.get("/api/v1/units")
    def units() -> ResponseReturnValue:
        question = parse_question(request.args)
        with reading(engine) as connection:
            return jsonify(list_units(connection, question, now()))

    @app.get("/api/v1/places")
    def places() -> ResponseReturnValue:
        question = parse_question(request.args, NARROWING)
        with reading(engine) as connection:
            return jsonify(places=list_places(connection, question, now()))

    @app.get("/api/v1/units/<path:name>")
    def unit(name: str) -> ResponseReturnValue:
        found = None
        if "\0" not in name:  # PostgreSQL keeps none in a text, and asks for none
            with reading(engine) as connection:
                found = read_unit(connection, name, now())
        if found is None:
            raise NotFound(f"there is no unit {name} in this fleet")
        return jsonify(found)
