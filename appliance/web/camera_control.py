"""The cameras' part of the page's data: when nothing was watched; and orders of a technician.

Reads: unit.db, through appliance/status/coverage.py. Writes: `CameraHold` rows, in the name of the
cameras, as `unitctl` and MQTT do.
Never: gives a camera what the energy budget does not allow: a hold only ever takes something.
"""

from contextlib import closing

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.model_cameras import CameraHold, HoldKind
from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.status import coverage
from appliance.status.camera_holds import format_hold
from appliance.store.camera_holds import ALL, HoldReader, Order, add_holds, make_hold
from appliance.store.store import Store
from appliance.store.tables import CAMERA
from appliance.strict_json import InputError
from appliance.web.acting import Role, acts, person, record_act
from appliance.web.orders import describe_order, read_order
from appliance.web.reader import StoreReader
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

EVERY = "all"  # in an address: all cameras
RESUME = "resume"
KINDS = {"pause": HoldKind.PAUSE, "mute": HoldKind.MUTE, "off": HoldKind.OFF}


def add_camera_control(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """`GET /api/cameras/coverage`; `POST /api/cameras/NAME/pause` (`mute`, `off`, `resume`), where
    NAME may be `all`.
    """

    @app.get("/api/cameras/coverage")
    def report() -> ResponseReturnValue:
        try:
            days = parse_count(request.args.get("days", "1"), 1, coverage.MOST_DAYS)
        except InputError as error:
            raise BadRequest(say("days: {error}", error=error)) from None
        found = reader.ask(lambda store: coverage.build_coverage(store, settings, days))
        return jsonify(days=found)

    @app.post("/api/cameras/<camera>/<any(pause, mute, off, resume):action>")
    @acts(Role.TECHNICIAN)
    def order_camera(camera: str, action: str) -> ResponseReturnValue:
        if camera != EVERY and camera not in settings.camera:
            raise NotFound(say("there is no such camera"))
        now, who = clock.stamp(), person()
        order = read_order(who, now, find_zone(settings.site.timezone))
        rows = make_rows(ALL if camera == EVERY else camera, action, order, now)
        record_act(who, f"camera {action}", camera, describe_order(order))
        with closing(Store(settings.database, clock, CAMERA)) as store:
            add_holds(store, *rows)
            return jsonify(holds=list_holds(store, settings))


def make_rows(camera: str, action: str, order: Order, now: Stamp) -> list[CameraHold]:
    """The rows of an order. Raises `BadRequest`."""
    try:
        if action == RESUME:
            return [make_hold(camera, kind, order, now, holds=False) for kind in HoldKind]
        return [make_hold(camera, KINDS[action], order, now)]
    except InputError as error:
        raise BadRequest(say("{error}; nothing was done", error=error)) from None


def list_holds(store: Store, settings: Settings) -> list[str]:
    """What is held now, a sentence for each camera and hold. Raises `StoreError`."""
    reader, zone = HoldReader(store), settings.site.timezone
    return [
        say("{camera}: {hold}", camera=name, hold=format_hold(hold, zone))
        for name in settings.camera
        for hold in reader.find(name).values()
    ]
