"""`POST /api/updates/stick`: a technician at the page has the unit take an update from a USB stick.

Reads: what becomes of such orders. Writes: the order (appliance/process/stick_order.py); an order
to PID 1 to start root's oneshot, which polkit allows.
Never: mounts anything, or reads a stick.
"""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Conflict, ServiceUnavailable

from appliance.access.roles import Person
from appliance.clock import SystemClock
from appliance.errors import HostError
from appliance.log import redact
from appliance.process.host import Host
from appliance.process.stick_order import UNIT, drop_order, leave_order, read_progress, waits
from appliance.settings import Settings
from appliance.web.acting import Role, acts, person, record_act
from appliance.wording.sentence import say

UNDER_WAY = say("an update from a stick was ordered already: wait for its end")


def add_update_stick(app: Flask, settings: Settings) -> None:
    """The route."""
    clock = SystemClock()  # people are as slow in a demonstration that runs fast
    host, run_dir = Host(settings.host.systemctl), settings.unit.run_dir

    @app.post("/api/updates/stick")
    @acts(Role.TECHNICIAN)
    def take_stick() -> ResponseReturnValue:
        who = person()
        record_act(who, "updates: from a USB stick")
        progress = read_progress(run_dir)
        if waits(run_dir) or (progress is not None and progress.is_under_way(clock)):
            raise Conflict(UNDER_WAY)
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            leave_order(run_dir, clock, name(who))
        except OSError as error:
            raise ServiceUnavailable(
                say("the order cannot be written ({why}): check the disk", why=error.strerror or "")
            ) from error
        try:
            host.start(UNIT).wait()
        except HostError as error:
            drop_order(run_dir)
            raise ServiceUnavailable(redact(str(error))) from error
        return jsonify(ordered=True)


def name(who: Person) -> str:
    """Who it was and from where, for the updater's own words."""
    origin = who.origin.value
    return origin if who.title == origin else f"{who.title} ({origin})"
