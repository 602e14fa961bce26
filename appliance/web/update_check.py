"""`POST /api/updates/check`: a technician at the page has the mirrors asked now.

Reads: nothing. Writes: the file that says so (appliance/process/update_ask.py); an order to PID 1
to start the check-in, which polkit allows.
Never: asks twice in a minute, or installs anything: the updater does, when its gate is open.
"""

import time
from collections.abc import Callable

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Conflict, ServiceUnavailable, TooManyRequests

from appliance.clock import Clock
from appliance.log import redact
from appliance.process.host import Host, Order
from appliance.process.update_ask import drop_ask, leave_ask
from appliance.settings import Settings
from appliance.web.acting import Role, acts, person, record_act
from appliance.wording.sentence import say

UNIT = "appliance-checkin.service"
PAUSE_S = 60.0  # real seconds between two orders
LOOK_S = 0.05
NO_MIRROR = say("no mirror is set, so there is nothing to ask: set `mirrors` in [update]")

Start = Callable[[str], Order]


class CheckOrders:
    """One order in a minute. `start`: has PID 1 start a unit."""

    def __init__(self, start: Start, now_s: Callable[[], float] = time.monotonic) -> None:
        self._start = start
        self._now_s = now_s
        self._ordered_s = float("-inf")

    def order(self) -> None:
        """Have the check-in started; raises an `HTTPException` with why not."""
        left_s = self._ordered_s + PAUSE_S - self._now_s()
        if left_s > 0:
            raise TooManyRequests(
                say("it was asked for a moment ago: again in {left_s:.0f} s", left_s=left_s),
                retry_after=max(1, round(left_s)),
            )
        order = self._start(UNIT)
        while not order.is_over():
            time.sleep(LOOK_S)
        if order.error is not None:
            raise ServiceUnavailable(redact(str(order.error)))
        self._ordered_s = self._now_s()


def add_update_check(app: Flask, settings: Settings, clock: Clock) -> None:
    """The route."""
    orders = CheckOrders(lambda unit: Host(settings.host.systemctl).start(unit))

    @app.post("/api/updates/check")
    @acts(Role.TECHNICIAN)
    def check_updates() -> ResponseReturnValue:
        record_act(person(), "updates: check")
        if not settings.update.mirrors:
            raise Conflict(NO_MIRROR)
        try:
            leave_ask(settings.unit.run_dir, clock.stamp().utc)
        except OSError as error:
            raise ServiceUnavailable(
                say("the order cannot be written ({why}): check the disk", why=error.strerror or "")
            ) from error
        try:
            orders.order()
        except ServiceUnavailable:
            drop_ask(settings.unit.run_dir)
            raise
        return jsonify(ordered=True)
