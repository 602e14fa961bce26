"""`POST /api/alarms/ALARM/acknowledge`: a technician has seen an alarm, or all (`all`).

Reads: alarms. Writes: an `AlarmOrder` row, which the alarm service takes.
Never: acknowledges itself: the service does, and stores with it what is not sent any more.
"""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from appliance.clock import Clock
from appliance.model_alarms import AlarmOrder, AlarmOrderKind
from appliance.process.alarm_wake import make_wake
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.alarm_orders import add_order
from appliance.web.acting import Role, acts, person, record_act
from appliance.web.orders import VIA
from appliance.web.reader import StoreReader
from appliance.wording.sentence import say

EVERY = "all"
LONGEST_ID = 100


def add_alarm_control(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """The route."""

    @app.post("/api/alarms/<alarm_id>/acknowledge")
    @acts(Role.TECHNICIAN)
    def acknowledge_alarm(alarm_id: str) -> ResponseReturnValue:
        if alarm_id != EVERY:
            require_alarm(reader, alarm_id)
        who = person()
        record_act(who, "alarm acknowledged", alarm_id)
        named = "" if alarm_id == EVERY else alarm_id
        kind = AlarmOrderKind.ACKNOWLEDGE
        order = AlarmOrder(clock.stamp(), kind, named, "", who.name, VIA)
        add_order(settings.database, clock, order, make_wake(settings.alarm_socket))
        return jsonify(stored=True)


def require_alarm(reader: StoreReader, alarm_id: str) -> None:
    """Raises `NotFound`, `StoreError`."""
    is_long = len(alarm_id) > LONGEST_ID
    if is_long or reader.ask(lambda store: alarm_rows.find_alarm(store, alarm_id)) is None:
        raise NotFound(say("there is no such alarm"))
