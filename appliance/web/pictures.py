"""The pictures: snapshots and clips of events, thumbnails, and the last picture that was analysed.

Reads: the snapshots and clips; one JPEG at a time from the inference process. Writes: one log line
for each snapshot or clip that is opened.
Never: logs a thumbnail as an opened snapshot, or gives out a file of another directory.
"""

import os
from pathlib import Path
from threading import BoundedSemaphore

from flask import Flask, Response, abort, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.security import safe_join

from appliance.errors import CameraError
from appliance.log import SentenceLog
from appliance.media.files import CLIP, PICTURE
from appliance.media.frames import Picture
from appliance.media.thumbnails import HEAD_BYTES, extract_thumbnail
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.web import view
from appliance.wording.sentence import say

MOST_WAITING = 2  # of the server's threads; the others answer meanwhile
SNAPSHOT_AGE_S = 86_400  # in s; a snapshot never changes under its name
KEEP = f"private, max-age={SNAPSHOT_AGE_S}"


def add_snapshots(app: Flask, settings: Settings) -> None:
    """`/snapshots/DAY/EVENT.jpg` and `/clips/DAY/EVENT.mp4` (also parts of it: Range), each access
    logged; and `/thumbnails/DAY/EVENT.jpg`, none.
    """
    access = SentenceLog("web")

    @app.get("/snapshots/<path:name>")
    def snapshot(name: str) -> ResponseReturnValue:
        found = send_kept(find_media(settings.snapshots_dir, name, PICTURE))
        if found.status_code == 200:  # else the browser has it already
            access.info("a snapshot was opened", name=name, by=request.remote_addr)
        return found

    @app.get("/clips/<path:name>")
    def clip(name: str) -> ResponseReturnValue:
        found = send_kept(find_media(settings.snapshots_dir, name, CLIP))
        if found.status_code == 200 or (request.range and request.range.ranges[0][0] == 0):
            access.info("a clip was opened", name=name, by=request.remote_addr)  # then it is sought
        return found

    @app.get("/thumbnails/<path:name>")
    def thumbnail(name: str) -> ResponseReturnValue:
        path = find_media(settings.snapshots_dir, name, PICTURE)
        data = read_thumbnail(path)
        if data is None:  # stored by an earlier release: the whole picture, made small by the page
            return send_kept(path)
        answer = Response(data, mimetype="image/jpeg")
        answer.headers["Cache-Control"] = KEEP
        return answer


def find_media(directory: Path, name: str, kind: str) -> Path:
    """The file of a snapshot or clip, a regular one; 404 for anything else."""
    path = safe_join(str(directory), name) if name.endswith(kind) else None
    if path is None or not os.path.isfile(path):  # also false for a name that can be none
        abort(404)
    return Path(path)


def send_kept(path: Path) -> Response:
    """A file that never changes under its name; a part of it, where that is asked for."""
    found = send_file(path)
    found.headers["Cache-Control"] = KEEP
    return found


def read_thumbnail(path: Path) -> bytes | None:
    """The thumbnail in a snapshot's file; None where there is none."""
    try:
        with path.open("rb") as file:
            return extract_thumbnail(file.read(HEAD_BYTES))
    except OSError:
        return None


def add_last_picture(app: Flask, settings: Settings) -> None:
    """`/picture.jpg`, of any camera, and `/camera/NAME.jpg`; 503 with why there is none."""
    waiting = BoundedSemaphore(MOST_WAITING)

    def pull(name: str | None = None) -> Picture:
        if not waiting.acquire(blocking=False):
            raise CameraError(say("others wait for a picture; inference answers slowly"))
        try:
            return view.pull_picture(settings, name)
        finally:
            waiting.release()

    @app.get("/picture.jpg")
    def last_picture() -> ResponseReturnValue:
        return make_picture_response(pull())

    @app.get("/camera/<name>.jpg")
    def camera(name: str) -> ResponseReturnValue:
        if name not in settings.camera:
            abort(404)
        return make_picture_response(pull(name))


def make_picture_response(picture: Picture) -> Response:
    """A picture, with its camera, time and detections in headers."""
    answer = Response(bytes(picture.data), mimetype="image/jpeg")
    answer.headers["X-Camera"] = picture.camera
    answer.headers["X-Detections"] = view.format_detections(picture.detections)
    answer.headers["X-Picture-At"] = encode_time(picture.stamp.utc)
    return answer
