"""The unit's page: what it does now and why, for a phone, a touchscreen or a laptop.

Reads: unit.db (through appliance/status), the snapshots, and one JPEG at a time from the inference
process. Writes: nothing.
Never: takes a command, sets a cookie, or asks another host for anything.
"""

import gzip
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, abort, jsonify, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue

from appliance.clock import Clock
from appliance.errors import ApplianceError, CameraError, StoreError
from appliance.log import SentenceLog, redact, redact_all
from appliance.media.frames import Picture
from appliance.settings import Settings
from appliance.status import charts, status_document
from appliance.store.event_rows import read_older_events
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.web import view
from appliance.web.reader import StoreReader

MOST_EVENTS = 200
NEVER_KEPT = ("/api/", "/camera/", "/picture", "/metrics")  # by the browser
GZIP_FROM_BYTES = 1024
SNAPSHOT_AGE_S = 86_400  # in s; a snapshot never changes under its name
HEADERS = {
    # No inline script or style, nothing from elsewhere, not inside somebody's frame.
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: Settings, clock: Clock) -> Flask:
    """The page and its data as a WSGI application."""
    app = Flask(__name__)
    reader = StoreReader(settings.database, clock)
    add_page(app, settings)
    add_data(app, settings, reader)
    add_pictures(app, settings)
    app.register_error_handler(StoreError, answer_error)
    app.register_error_handler(CameraError, answer_error)
    app.after_request(add_headers)
    return app


def add_page(app: Flask, settings: Settings) -> None:
    """`/`: one page; its scripts request everything else."""

    @app.get("/")
    def page() -> str:
        return render_template("page.html", settings=settings)


def add_data(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """The page's data as JSON; 503 with `reason` while the database cannot be read."""

    @app.get("/api/status")
    def now() -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: status_document.build(store, settings)))

    @app.get("/api/day")
    def day() -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: charts.build_day(store, settings)))

    @app.get("/api/events")
    def events() -> ResponseReturnValue:
        limit = parse_count(request.args.get("limit", "12"))
        before = parse_moment(request.args.get("before"))
        return jsonify(reader.ask(lambda store: list_older_events(store, before, limit)))

    @app.get("/metrics")
    def scrape() -> ResponseReturnValue:
        from appliance.web import metrics  # noqa: PLC0415  (a tenth of a second: only for a scraper)

        accept = request.headers.get("Accept", "")
        text, form = reader.ask(lambda store: metrics.render(store, settings, accept))
        return Response(text, content_type=form)

    @app.get("/healthz")
    def health() -> ResponseReturnValue:
        reader.ask(lambda store: store.check_readable())
        return jsonify(status="ok")


def add_pictures(app: Flask, settings: Settings) -> None:
    """Snapshots of events (each access is logged), and the last picture that was analysed."""
    access = SentenceLog("web")

    @app.get("/snapshots/<path:name>")
    def snapshot(name: str) -> ResponseReturnValue:
        if not name.endswith(".jpg"):
            abort(404)
        found = send_from_directory(settings.snapshots_dir, name)
        if found.status_code == HTTPStatus.OK:  # else the browser has it already
            access.info("a snapshot was opened", name=name, by=request.remote_addr)
        found.headers["Cache-Control"] = f"private, max-age={SNAPSHOT_AGE_S}"
        return found

    @app.get("/picture.jpg")
    def last_picture() -> ResponseReturnValue:
        return make_picture_response(view.pull_picture(settings))

    @app.get("/camera/<name>.jpg")
    def camera(name: str) -> ResponseReturnValue:
        if name not in settings.camera:
            abort(404)
        return make_picture_response(view.pull_picture(settings, name))


def make_picture_response(picture: Picture) -> Response:
    """A picture, with its camera, time and detections in headers."""
    answer = Response(bytes(picture.data), mimetype="image/jpeg")
    answer.headers["X-Camera"] = picture.camera
    answer.headers["X-Detections"] = view.format_detections(picture.detections)
    answer.headers["X-Picture-At"] = encode_time(picture.stamp.utc)
    return answer


def list_older_events(store: Store, before: datetime | None, limit: int) -> list[dict[str, Any]]:
    """At most `limit` events that began before `before` (None: all of them), newest first."""
    if before is None:
        return status_document.list_events(store, None, limit)
    found = read_older_events(store, before, limit)
    return redact_all([status_document.describe_event(event) for event in found])


def parse_count(text: str) -> int:
    """The number of events requested, 1 to 200; anything else is a bad request."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MOST_EVENTS:
        abort(400, f"limit is a number from 1 to {MOST_EVENTS}")
    return int(text)


def parse_moment(text: str | None) -> datetime | None:
    """A time with its zone in ISO 8601; anything else is a bad request."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        abort(400, "before is a time such as 2026-04-15T02:00:00Z")
    return moment


def answer_error(error: ApplianceError) -> ResponseReturnValue:
    """503 with the error's sentence, which the page shows."""
    return jsonify(reason=redact(str(error))), 503


def add_headers(answer: Response) -> Response:
    """Headers for every answer; data is never cached, and compressed where that saves much."""
    answer.headers.update(HEADERS)
    if request.path.startswith(NEVER_KEPT):
        answer.headers["Cache-Control"] = "no-store"
    if answer.mimetype in ("application/json", "text/html"):
        compress(answer)
    return answer


def compress(answer: Response) -> None:
    """Gzip an answer in memory for a browser that takes it."""
    plain = answer.get_data()
    if len(plain) >= GZIP_FROM_BYTES and request.accept_encodings.quality("gzip") > 0:
        answer.set_data(gzip.compress(plain, compresslevel=1))
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers.add("Vary", "Accept-Encoding")
