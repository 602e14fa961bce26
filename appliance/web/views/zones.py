"""The zones, lines and masks of a camera, drawn on its picture.

    GET /cameras/NAME/zones          the editor
    GET /api/cameras/NAME/shapes     what it draws, of the settings file as it is now

Reads: the settings file, and unit.db for the newest snapshot. Writes: nothing: shapes are stored
like every other change of the settings (settings.py).
Never: has a camera give a picture that it would not have given anyway.
"""

from typing import Any

from flask import Flask, jsonify, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from appliance.errors import SettingsError, StoreError
from appliance.sections.cameras import CameraSettings, Direction
from appliance.sections.field import format_choice
from appliance.settings import Settings
from appliance.settings_change.describe import find_version
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.schema import describe_section, to_json
from appliance.settings_file import build_with_fault, read_file
from appliance.settings_rules.shape_rules import MOST_CORNERS
from appliance.store.event_pages import EventQuery, read_older
from appliance.store.store import Store
from appliance.web.reader import StoreReader
from appliance.web.views.listed import View
from appliance.wording.sentence import say

VIEW = View("zones", "Zones", ("zones", "zonedraw", "zonelist", "settingschange"), "cameras")
NEWEST = 5  # events: a snapshot may have been deleted by now
MASKS = ("privacy_masks", "motion_masks")


def add_zones(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """The addresses of the editor."""

    @app.get("/cameras/<camera>/zones")
    def zones(camera: str) -> ResponseReturnValue:
        if camera not in settings.camera:
            raise NotFound(say("there is no such camera"))
        return render_template("views/zones.html", view=VIEW, camera=camera, first=None)

    @app.get("/api/cameras/<camera>/shapes")
    def show_shapes(camera: str) -> ResponseReturnValue:
        version, own = read_now(settings)
        if camera not in own.camera:
            raise NotFound(say("there is no such camera"))
        shapes = describe_shapes(own.camera[camera], own)
        snapshot = find_snapshot(reader, camera)
        return jsonify(version=version, camera=camera, snapshot=snapshot, **shapes)


def read_now(settings: Settings) -> tuple[str, Settings]:
    """The settings file as it is, which this process may not use yet; raises `ChangeError`."""
    try:
        data = read_file(settings.path)
        return find_version(data), build_with_fault(settings.path, data)[0]
    except SettingsError as error:
        raise ChangeError(str(error), Refused.IMPOSSIBLE) from None


def describe_shapes(camera: CameraSettings, settings: Settings) -> dict[str, Any]:
    """All shapes of a camera, and what a form for one must know."""
    family = describe_section("camera", CameraSettings, ("camera",), is_family=True)
    keys = {one["name"]: one["keys"] for one in family["families"]}
    return {
        "zones": [describe(name, one, keys["zone"]) for name, one in camera.zone.items()],
        "lines": [describe(name, one, keys["line"]) for name, one in camera.line.items()],
        **{key: to_json(getattr(camera, key)) for key in MASKS},
        "zone_keys": keys["zone"],
        "line_keys": keys["line"],
        "labels": list_labels(settings),
        "directions": [format_choice(one) for one in Direction],
        "most_corners": MOST_CORNERS,
    }


def describe(name: str, section: Any, keys: list[dict[str, Any]]) -> dict[str, Any]:
    """One zone or line."""
    values = {key["name"]: to_json(getattr(section, key["name"])) for key in keys}
    return {"name": name, "values": values}


def list_labels(settings: Settings) -> list[str]:
    """Labels that are followed somewhere already."""
    found = list(settings.inference.labels)
    for camera in settings.camera.values():
        found += [label for one in camera.zone.values() for label in one.labels]
        found += [label for one in camera.line.values() for label in one.labels]
    return list(dict.fromkeys(found))


def find_snapshot(reader: StoreReader, camera: str) -> str | None:
    """The address of the camera's newest snapshot; None where there is none, or it is not known."""

    def ask(store: Store) -> str | None:
        found = read_older(store, EventQuery(camera=camera), None, NEWEST)
        return next((f"/{one.event.snapshot}" for one in found if one.event.snapshot), None)

    try:
        return reader.ask(ask)
    except StoreError:
        return None
