"""The unit's page: what it does now and why, for a phone, a touchscreen or a laptop.

Reads: unit.db (through appliance/status), the snapshots, and one JPEG at a time from the inference
process. Writes: that an alarm was seen (alarm_replies.py), orders of a technician (acting/).
Never: takes an order of somebody unknown, or asks another host for anything.
"""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.clock import Clock
from appliance.settings import Settings
from appliance.status import charts, history, status_document
from appliance.status.history import Span
from appliance.web.acting.gate import add_gate
from appliance.web.alarm_control import add_alarm_control
from appliance.web.alarm_replies import add_alarm_replies
from appliance.web.answer_safety import (
    HEADERS,
    WITH_FORMS,
    WITH_POSITION,
    MisdirectedRequest,
)
from appliance.web.camera_control import add_camera_control
from appliance.web.changes import add_changes
from appliance.web.compression import compress
from appliance.web.connections import LOCAL_ADDRESS
from appliance.web.event_data import add_events
from appliance.web.event_erasing import add_event_erasing
from appliance.web.event_export import add_event_export
from appliance.web.hosts import AllowedHosts
from appliance.web.kiosk import add_kiosk
from appliance.web.languages import add_languages
from appliance.web.pictures import add_last_picture, add_snapshots
from appliance.web.reader import StoreReader
from appliance.web.static_files import add_static_files
from appliance.web.timelapse import add_timelapse
from appliance.web.update_check import add_update_check
from appliance.web.update_control import add_update_control
from appliance.web.update_stick import add_update_stick
from appliance.web.views.data import add_view_data
from appliance.web.views.errors import explain_errors
from appliance.web.views.login import add_login
from appliance.web.views.setup import add_setup
from appliance.web.views.shell import add_views

POSITION_PATH = "/commissioning"
NEVER_KEPT = ("/api/", "/camera/", "/picture", "/metrics")  # by the browser
STATIC = Path(__file__).parent / "static"
API_FILE = Path(__file__).parents[1] / "openapi.json"  # made by openapi.py


def create_app(settings: Settings, clock: Clock) -> Flask:
    """The page and its data as a WSGI application."""
    app = Flask(__name__, static_folder=None)
    reader = StoreReader(settings.database, clock)
    refuse_strange_hosts(app, settings)
    add_gate(app, settings, clock)
    add_languages(app, settings)
    static = add_static_files(app, STATIC)
    add_views(app, settings, reader, static)
    add_kiosk(app, settings, clock, static)
    add_login(app)
    add_setup(app, settings)
    add_data(app, settings, reader)
    add_view_data(app, settings, clock, reader)
    add_for_programs(app, settings, reader)
    add_events(app, settings, clock, reader)
    add_event_export(app, settings, clock, reader)
    add_event_erasing(app, settings, clock, reader)
    add_changes(app, settings, reader)
    add_pictures(app, settings)
    add_orders(app, settings, clock, reader)
    add_alarm_replies(app, settings, clock, reader, static)
    explain_errors(app)
    app.after_request(add_headers)
    return app


def add_pictures(app: Flask, settings: Settings) -> None:
    """Snapshots, the last picture of each camera, time-lapses."""
    add_snapshots(app, settings)
    add_last_picture(app, settings)
    add_timelapse(app, settings)


def add_orders(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """What a technician orders of cameras, alarms and updates."""
    add_camera_control(app, settings, clock, reader)
    add_alarm_control(app, settings, clock, reader)
    add_update_control(app, settings, clock)
    add_update_check(app, settings, clock)
    add_update_stick(app, settings)


def refuse_strange_hosts(app: Flask, settings: Settings) -> None:
    """Answer only for the unit's own names and addresses (appliance/web/hosts.py)."""
    page = urlsplit(settings.alarms.page).hostname  # where links in alarms lead
    hosts = AllowedHosts((*settings.web.hosts, *((page,) if page else ())))

    @app.before_request
    def check_host() -> None:
        local_address = request.environ.get(LOCAL_ADDRESS, "")
        refusal = hosts.find_refusal(request.headers.get("Host", ""), local_address)
        if refusal is not None:
            raise MisdirectedRequest(refusal)


def add_data(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """The page's data as JSON; 503 with `reason` while the database cannot be read."""

    @app.get("/api/status")
    def now() -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: status_document.build(store, settings)))

    @app.get("/api/day")
    def day() -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: charts.build_day(store, settings)))

    @app.get("/api/history/<any(days, weeks, months):span>")
    def past(span: str) -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: history.build_history(store, settings, Span(span))))


def add_for_programs(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """What only programs ask for: the description of the API, metrics, whether it works."""

    @app.get("/api/openapi.json")
    def openapi() -> ResponseReturnValue:
        return Response(API_FILE.read_bytes(), mimetype="application/json")

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


def add_headers(answer: Response) -> Response:
    """Headers for every answer; data is never cached, and compressed where that saves much."""
    if answer.mimetype == "text/html" and request.path == POSITION_PATH:
        answer.headers.update(WITH_POSITION)
    if answer.mimetype == "text/html":
        for name, value in WITH_FORMS.items():
            answer.headers.setdefault(name, value)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if answer.mimetype == "text/html" or request.path.startswith(NEVER_KEPT):
        answer.headers["Cache-Control"] = "no-store"
    if answer.mimetype in ("application/json", "text/html"):
        compress(answer)
    return answer
