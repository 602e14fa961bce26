"""The pictures of time-lapses: which there are of a camera, and each of them.

Reads: the pictures that inference has stored. Writes: nothing.
Never: gives out a file that is not one of its own, or more than 500 names at once.
"""

from datetime import UTC, datetime

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from appliance.errors import StoreError
from appliance.media.files import PICTURE, MediaFile, list_files
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.web.pictures import find_media, send_kept
from appliance.wording.sentence import say

MOST_PICTURES = 500  # the newest


def add_timelapse(app: Flask, settings: Settings) -> None:
    """`/api/cameras/NAME/timelapse` and `/timelapse/DAY/NAME.jpg`."""

    @app.get("/api/cameras/<camera>/timelapse")
    def list_timelapse(camera: str) -> ResponseReturnValue:
        if camera not in settings.camera:
            raise NotFound(say("there is no such camera"))
        found = list_pictures(settings, camera)[-MOST_PICTURES:]
        return jsonify(pictures=[describe_picture(one) for one in found])

    @app.get("/timelapse/<path:name>")
    def timelapse(name: str) -> ResponseReturnValue:
        return send_kept(find_media(settings.timelapse_dir, name, PICTURE))


def list_pictures(settings: Settings, camera: str) -> list[MediaFile]:
    """Those of a camera, the oldest first. Raises `StoreError`."""
    try:
        found = [one for one in list_files(settings.timelapse_dir) if one.camera == camera]
    except OSError as error:
        raise StoreError(
            say(
                "{timelapse_dir} cannot be read: {cause}",
                timelapse_dir=settings.timelapse_dir,
                cause=error.strerror,
            )
        ) from error
    return sorted(found, key=lambda one: one.event_id)


def describe_picture(one: MediaFile) -> dict[str, str]:
    """One picture; `path` is its address."""
    at = encode_time(datetime.fromtimestamp(one.taken_s, UTC))
    return {"at": at, "path": f"/timelapse/{one.path.parent.name}/{one.path.name}"}
