"""What units send: reports and claims, each signed by the unit's own key.

    POST /api/v1/reports    the bytes of report.json; `Report-Signature`: base64 of its signature
    POST /api/v1/claims     a token, the serial of the box, its public key; `Claim-Signature`
    GET  /healthz           whether the database answers

It speaks plain HTTP on loopback: a proxy before it holds TLS, limits the rate, and names the client
certificate that it has checked in `X-Client-Serial`, which it takes from nobody else.

Reads and writes: the fleet's database.
Never: shows anything of the fleet, or believes a unit without its signature.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from appliance import strict_json
from ota.fleet.claims.authority import Authority
from ota.fleet.claims.entering import enter, parse_claim
from ota.fleet.errors import RefusalError
from ota.fleet.receiver.refused import note_refusal
from ota.fleet.reports.intake import Envelope, take_report
from ota.fleet.reports.report import LONGEST_NAME, MOST_BYTES

MOST_BODY = 2 * MOST_BYTES  # more is refused before it is kept; a little more gets its reason
LATER_S = 300  # when a unit may try again while the database fails
log = logging.getLogger(__name__)


def create_receiver(engine: Engine, authority: Authority, now: Callable[[], datetime]) -> Flask:
    """`now`: UTC."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    add_reports(app, engine, now)
    add_claims(app, engine, authority, now)
    add_health(app, engine)
    add_refusals(app, engine, now)
    return app


def add_reports(app: Flask, engine: Engine, now: Callable[[], datetime]) -> None:
    @app.post("/api/v1/reports")
    def reports() -> ResponseReturnValue:
        envelope = Envelope(
            request.get_data(),
            request.headers.get("Report-Signature", ""),
            request.headers.get("X-Client-Serial", ""),
        )
        receipt = take_report(engine, envelope, now())
        return jsonify(sha256=receipt.sha256, repeated=receipt.is_repeated)


def add_claims(
    app: Flask, engine: Engine, authority: Authority, now: Callable[[], datetime]
) -> None:
    @app.post("/api/v1/claims")
    def claims() -> ResponseReturnValue:
        claim = parse_claim(request.get_data(), request.headers.get("Claim-Signature", ""))
        entry = enter(engine, authority, claim, now())
        return jsonify(
            unit=entry.name,
            group=entry.group,
            certificate=entry.certificate,
            authority=entry.authority,
        )


def add_health(app: Flask, engine: Engine) -> None:
    @app.get("/healthz")
    def health() -> ResponseReturnValue:
        with engine.connect().execution_options(reads_only=True) as connection:
            connection.execute(text("SELECT count(*) FROM unit WHERE id = 0"))
        return jsonify(status="ok")


def add_refusals(app: Flask, engine: Engine, now: Callable[[], datetime]) -> None:
    @app.errorhandler(RefusalError)
    def refuse(error: RefusalError) -> ResponseReturnValue:
        with suppress(SQLAlchemyError):
            note_refusal(engine, error, find_sender(), find_address(), now())
        return answer(error.reason_code, str(error), error.status)

    @app.errorhandler(SQLAlchemyError)
    def fail(error: SQLAlchemyError) -> ResponseReturnValue:
        if isinstance(error, IntegrityError):  # two requests of one unit at one moment
            return answer("busy", "another request of this unit was first; send it again", 503)
        log.error("the fleet's database does not answer: %s", str(error).splitlines()[0])
        text = "the fleet's database does not answer; send it again later"
        response = answer("database", text, 503)
        response.headers["Retry-After"] = str(LATER_S)
        return response

    @app.errorhandler(HTTPException)
    def misuse(error: HTTPException) -> ResponseReturnValue:
        return answer("request-invalid", error.description or error.name, error.code or 400)


def answer(reason_code: str, text: str, status: int) -> Response:
    response = jsonify(reason_code=reason_code, text=text)
    response.status_code = status
    return response


def find_address() -> str:
    """As the proxy tells it; only shown."""
    return request.headers.get("X-Forwarded-For") or request.remote_addr or ""


def find_sender() -> str:
    """The unit's name as the sender calls it, for the list of refusals; "" where it has none."""
    with suppress(ValueError):
        tree = strict_json.parse_object(request.get_data(), most_bytes=MOST_BYTES)
        name = tree.get("unit") or tree.get("serial")
        return name.replace("\0", "?")[:LONGEST_NAME] if isinstance(name, str) else ""
    return ""
