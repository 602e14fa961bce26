"""The address of each view, and what every template is given.

Reads: unit.db, through appliance/status. Writes: nothing.
Never: leaves a view empty where the database cannot be read: it says so, in place of the data.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, render_template
from flask.typing import ResponseReturnValue

from appliance.errors import StoreError
from appliance.log import redact
from appliance.settings import Settings
from appliance.status import status_document
from appliance.web.reader import StoreReader
from appliance.web.views.energy_wishes import describe_sliders
from appliance.web.views.listed import COMMISSIONING, EVENT, VIEWS, View
from appliance.web.views.manifest import add_manifest

# What the template of a view is given beside the status, by its name.
GIVEN: dict[str, Callable[[Settings], dict[str, Any]]] = {"energy": describe_sliders}


def add_views(app: Flask, settings: Settings, reader: StoreReader, static: str) -> None:
    """The address of each view: its template with the status of now in it; its scripts request
    everything else.
    """

    @app.context_processor
    def give_common() -> dict[str, Any]:
        return {"settings": settings, "static": static, "views": VIEWS}

    def show(view: View, **_place: str) -> ResponseReturnValue:
        first, trouble = None, ""
        try:
            first = reader.ask(lambda store: status_document.build(store, settings))
        except StoreError as error:
            trouble = redact(str(error))
        more = GIVEN[view.name](settings) if view.name in GIVEN else {}
        return render_template(
            f"views/{view.name}.html", view=view, first=first, trouble=trouble, **more
        )

    for view in VIEWS:
        app.add_url_rule(view.path, f"view-{view.name}", show, defaults={"view": view})
    app.add_url_rule(
        COMMISSIONING.path, "view-commissioning", show, defaults={"view": COMMISSIONING}
    )
    app.add_url_rule("/events/<event_id>", "view-event", show, defaults={"view": EVENT})
    add_manifest(app, settings, static)
