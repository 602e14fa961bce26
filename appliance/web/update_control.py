"""`POST /api/updates/hold` and `/api/updates/release`: a technician at the page holds updates.

Reads: the request. Writes: `UpdateHold` rows; the updater obeys them, as it does those of MQTT.
Never: installs anything. A hold of `unitctl update hold` ends by such a row as well: the updater
looks which came later.
"""

from contextlib import closing

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance.clock import Clock
from appliance.model import Stamp
from appliance.model_updates import UpdateHold
from appliance.settings import Settings
from appliance.store.camera_holds import Order, require_span
from appliance.store.store import Store
from appliance.store.tables import MQTT
from appliance.store.unit_time import record_time
from appliance.store.update_holds import find_update_hold
from appliance.strict_json import InputError
from appliance.web.acting import Role, acts, person, record_act
from appliance.web.orders import describe_order, read_order
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

HOLD = "hold"


def add_update_control(app: Flask, settings: Settings, clock: Clock) -> None:
    """The route."""

    @app.post("/api/updates/<any(hold, release):action>")
    @acts(Role.TECHNICIAN)
    def order_updates(action: str) -> ResponseReturnValue:
        now, who = clock.stamp(), person()
        order = read_order(who, now, find_zone(settings.site.timezone))
        row = make_row(order, now, holds=action == HOLD)
        record_act(who, f"updates: {action}", "", describe_order(order))
        with closing(Store(settings.database, clock, MQTT)) as store:
            store.add(row)
            record_time(store)
            return jsonify(hold=find_update_hold(store, now.utc) or None)


def make_row(order: Order, now: Stamp, *, holds: bool) -> UpdateHold:
    """The row of the order. Raises `BadRequest`."""
    try:
        span = require_span(order, now.utc) if holds else None
    except InputError as error:
        raise BadRequest(say("{error}; nothing was done", error=error)) from None
    until = None if span is None else now.utc + span
    return UpdateHold(now, holds, until, order.who, order.via, order.reason)
