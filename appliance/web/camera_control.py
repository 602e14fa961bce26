"""Orders to cameras over the page's address: there, and locked.

Reads and writes: nothing.
Never: takes an order. The page has no logins, so whoever reaches its address could switch cameras
off, or any web site through his browser; until it has, `unitctl` and MQTT take orders.
"""

from typing import NoReturn

from flask import Flask
from werkzeug.exceptions import Forbidden, NotFound

from appliance.settings import Settings

LOCKED = (
    "the page takes no orders until it has logins: use `unitctl cameras {action} {camera}` on the "
    "unit, or MQTT (docs/cameras.md)"
)


def add_camera_control(app: Flask, settings: Settings) -> None:
    """`POST /api/cameras/NAME/pause`, `mute`, `off` and `resume`; NAME may be `all`."""

    @app.post("/api/cameras/<camera>/<any(pause, mute, off, resume):action>")
    def order(camera: str, action: str) -> NoReturn:
        if camera != "all" and camera not in settings.camera:
            raise NotFound("there is no such camera")
        name = "--all" if camera == "all" else camera
        raise Forbidden(LOCKED.format(action=action, camera=name))
