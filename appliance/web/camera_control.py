"""The cameras' part of the page's data: when nothing was watched; and orders, which are locked.

Reads: unit.db, through appliance/status/coverage.py. Writes: nothing.
Never: takes an order. The page has no logins, so whoever reaches its address could switch cameras
off, or any web site through his browser; until it has, `unitctl` and MQTT take orders.
"""

from typing import NoReturn

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from appliance.parsing.values import parse_count
from appliance.settings import Settings
from appliance.status import coverage
from appliance.strict_json import InputError
from appliance.web.reader import StoreReader

LOCKED = (
    "the page takes no orders until it has logins: use `unitctl cameras {action} {camera}` on the "
    "unit, or MQTT (docs/cameras.md)"
)


def add_camera_control(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """`GET /api/cameras/coverage`; `POST /api/cameras/NAME/pause` (`mute`, `off`, `resume`), where
    NAME may be `all`.
    """

    @app.get("/api/cameras/coverage")
    def report() -> ResponseReturnValue:
        try:
            days = parse_count(request.args.get("days", "1"), 1, coverage.MOST_DAYS)
        except InputError as error:
            raise BadRequest(f"days: {error}") from None
        found = reader.ask(lambda store: coverage.build_coverage(store, settings, days))
        return jsonify(days=found)

    @app.post("/api/cameras/<camera>/<any(pause, mute, off, resume):action>")
    def order(camera: str, action: str) -> NoReturn:
        if camera != "all" and camera not in settings.camera:
            raise NotFound("there is no such camera")
        name = "--all" if camera == "all" else camera
        raise Forbidden(LOCKED.format(action=action, camera=name))
