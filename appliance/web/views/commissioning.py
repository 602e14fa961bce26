"""Setting the unit up, step by step: what is so, what is asked, what was found.

    GET  /commissioning             the view
    GET  /api/commissioning         the steps, as root's oneshot has written them
    POST /api/commissioning/order   {step, answers}: have that step done; {step: ""}: look at all

Reads: the state of the commissioning. Writes: an order for root's oneshot; the order to start it.
Never: does a step itself, or keeps an answer: it may be a PIN.
"""

from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Conflict, ServiceUnavailable

from appliance.access.roles import Role
from appliance.clock import SystemClock
from appliance.errors import HostError
from appliance.log import redact
from appliance.process.commissioning_order import (
    LONGEST_STEP,
    MOST_BYTES,
    UNIT,
    leave_order,
    measure_wait_s,
    waits,
)
from appliance.process.commissioning_state import read_commissioning
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, parse_object, require_text
from appliance.web.acting import acts, person, record_act
from appliance.wording.sentence import say

MOST_DEPTH = 8
AGAIN_S = 5.0
BUSY = say("an order of before waits still: look in a moment")


def add_commissioning(app: Flask, settings: Settings) -> None:
    """The addresses of the view."""
    run_dir = settings.unit.run_dir

    @app.get("/api/commissioning")
    def show_commissioning() -> ResponseReturnValue:
        found = read_commissioning(settings)
        if found["waits"] and not found["busy"] and measure_wait_s(run_dir) > AGAIN_S:
            start(settings)  # it was left just as root's oneshot ended
        return jsonify(found | {"now": encode_time(SystemClock().stamp().utc)})

    @app.post("/api/commissioning/order")
    @acts(Role.TECHNICIAN, most_bytes=MOST_BYTES)
    def order_commissioning() -> ResponseReturnValue:
        step, answers = read_body()
        record_act(person(), "commissioning", step or "look at all", {"keys": sorted(answers)})
        if waits(run_dir):
            start(settings)  # whoever left it was killed before this
            raise Conflict(BUSY)
        return jsonify(order=order(settings, step, answers))


def read_body() -> tuple[str, dict[str, Any]]:
    """Raises `BadRequest`."""
    try:
        body = parse_object(request.get_data(), most_bytes=MOST_BYTES, most_depth=MOST_DEPTH)
        step = require_text(body.get("step"), "step", LONGEST_STEP)
    except InputError as error:
        raise BadRequest(str(error)) from None
    answers = body.get("answers", {})
    if not isinstance(answers, dict) or set(body) - {"step", "answers"}:
        raise BadRequest(say("an order has `step`, and `answers` with the step's own keys"))
    return step, answers


def order(settings: Settings, step: str, answers: dict[str, Any]) -> str:
    """Leave the order and have root's oneshot started; its id. Raises `ServiceUnavailable`."""
    try:
        # People are as slow in a demonstration that runs fast.
        name = leave_order(
            settings.unit.run_dir, SystemClock(), who=person().title, step=step, answers=answers
        )
    except OSError as error:
        raise ServiceUnavailable(
            say("the order cannot be written ({why}): check the disk", why=error.strerror or "")
        ) from error
    start(settings)
    return name


def start(settings: Settings) -> None:
    """Raises `ServiceUnavailable`."""
    try:
        Host(settings.host.systemctl).start(UNIT).wait()
    except HostError as error:
        raise ServiceUnavailable(redact(str(error))) from error
