"""What the fleet's operator sees, and programs read: the page at /, its data (data.py) below /api.

    app = create_operator_app(engine, now)
    app = create_operator_app(engine, now, names=["fleet.example.org"])   # behind a proxy

Nobody logs in here: it is served on loopback, or behind a proxy that knows who may see it.

Reads: the fleet's database. Writes: nothing.
Never: changes anything, sets a cookie, asks another host, or answers for a stranger's name.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

import appliance.web
from appliance.strict_json import InputError, show
from appliance.web.answer_safety import HEADERS, MisdirectedRequest
from appliance.web.compression import compress
from appliance.web.hosts import AllowedHosts
from appliance.web.static_files import add_static_files
from ota.fleet.operator.data import add_counts, add_units
from ota.fleet.registry.states import UnitStateWord

HERE = Path(__file__).parent
API_FILE = HERE / "openapi.json"  # made by openapi.py
STATIC = HERE / "static"
SHARED = Path(appliance.web.__file__).parent / "static"  # of the unit's page, its sister
log = logging.getLogger(__name__)


def create_operator_app(
    engine: Engine, now: Callable[[], datetime], names: Iterable[str] = ()
) -> Flask:
    """`now`: UTC. `names`: under which it is served besides those of this computer."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the most frequent stand first
    refuse_strange_hosts(app, AllowedHosts(names))
    add_page(app, add_static_files(app, STATIC, SHARED))
    add_counts(app, engine, now)
    add_units(app, engine, now)
    app.register_error_handler(InputError, answer_misuse)
    app.register_error_handler(SQLAlchemyError, answer_trouble)
    app.register_error_handler(HTTPException, answer_refusal)
    app.after_request(finish)
    return app


def refuse_strange_hosts(app: Flask, hosts: AllowedHosts) -> None:
    """Answer only for this computer's names (appliance/web/hosts.py says against what)."""

    @app.before_request
    def check_host() -> None:
        host = request.headers.get("Host", "")
        if hosts.find_refusal(host, "") is not None:
            raise MisdirectedRequest(
                f"the fleet's page does not answer for {show(host)}: start it with --name if that "
                "is a name or an address of its own"
            )


def add_page(app: Flask, static: str) -> None:
    states = [one.value for one in UnitStateWord]

    @app.get("/")
    def page() -> str:
        return render_template("fleet.html", static=static, states=states)

    @app.get("/api/openapi.json")
    def openapi() -> ResponseReturnValue:
        return Response(API_FILE.read_bytes(), mimetype="application/json")


def answer_misuse(error: InputError) -> ResponseReturnValue:
    return jsonify(reason=str(error)), 400


def answer_trouble(error: SQLAlchemyError) -> ResponseReturnValue:
    log.error("the fleet's database does not answer: %s", str(error).splitlines()[0])
    text = "the fleet's database does not answer; see the journal of the server"
    return jsonify(reason=text), 503


def answer_refusal(error: HTTPException) -> ResponseReturnValue:
    """What is wrong with a request, as JSON with `reason`."""
    answer = jsonify(reason=error.description or error.name)
    answer.status_code = error.code or 400
    answer.headers.extend(pair for pair in error.get_headers() if pair[0] != "Content-Type")
    return answer


def finish(answer: Response) -> Response:
    """Headers for every answer. Data has a tag: whoever names it is told that nothing changed."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.path.startswith("/static/"):
        return answer  # it is packed, and tagged
    answer.headers.setdefault("Cache-Control", "no-store")
    if answer.status_code == 200 and request.path.startswith("/api/"):
        answer.add_etag(weak=True)
        answer.make_conditional(request)
    compress(answer)
    return answer
