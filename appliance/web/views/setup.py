"""A new unit: how whoever sets it up comes in, before there is a PIN or an account.

    /setup       GET: at the touchscreen the set-up code with a QR code for a phone, and a button;
                 from the network a field for the code. POST: the same, taken
    /setup.svg   GET: the QR code, at the touchscreen alone
    /            GET: leads there while the unit is new

Reads and writes: access.db.
Never: shows the code to another computer, or to anybody once the unit is set up.
"""

import io
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from appliance.access.accounts import SETUP
from appliance.access.database import AccessError
from appliance.access.door import NO_CODE, RefusedError, log_in_by_code
from appliance.access.roles import Origin
from appliance.access.sessions import begin_session
from appliance.access.setup_code import find_code
from appliance.proxy.shown import read_shown
from appliance.settings import Settings
from appliance.web.acting import asking, person
from appliance.web.acting.gate import PLAIN
from appliance.web.acting.refusals import NotAllowed
from appliance.web.connections import identify_client
from appliance.web.views.about import choose_address
from appliance.web.views.listed import COMMISSIONING, View
from appliance.web.views.login import HOME, MOST_BYTES, choose_code, enter, find_next
from appliance.wording.sentence import say

VIEW = View("setup", "New unit")
ELSEWHERE = say("the code's picture is for the touchscreen of the unit")
LOOPBACK = ("localhost", "127.0.0.1", "::1")  # which lead a phone to itself
QR_SCALE, QR_BORDER = 6, 4  # a border of four modules: the standard asks for it


def add_setup(app: Flask, settings: Settings) -> None:
    """The addresses of the view."""

    @app.get("/setup")
    def show_setup() -> ResponseReturnValue:
        if person().can_act:
            return redirect(find_place(), 303)
        return render(settings)

    @app.before_request
    def lead_there() -> ResponseReturnValue | None:
        if request.path != HOME or not is_new():
            return None
        return redirect(VIEW.path, 303)

    @app.post("/setup")
    def take_setup() -> ResponseReturnValue:
        return enter("setup", SETUP, begin, partial(render, settings))

    take_setup.most_bytes = MOST_BYTES  # type: ignore[attr-defined]

    @app.get("/setup.svg")
    def show_setup_picture() -> ResponseReturnValue:
        code = find_shown_code()
        if code is None:
            raise NotFound(ELSEWHERE)
        return draw(f"{find_address(settings)}/setup#{code}")


def draw(text: str) -> Response:
    """A QR code as a picture."""
    import segno  # noqa: PLC0415  (a megabyte, for one picture)

    picture = io.BytesIO()
    segno.make(text).save(picture, kind="svg", scale=QR_SCALE, border=QR_BORDER, light="#fff")
    answer = Response(picture.getvalue(), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def find_place() -> str:
    """Where somebody goes who is logged in: the steps of the set-up, if he came from nowhere."""
    wanted = find_next(request.values)
    return COMMISSIONING.path if wanted == HOME else wanted


def is_new() -> bool:
    """Whether the unit waits for whoever sets it up. What cannot be read is no new unit."""
    try:
        return find_code(asking.get_front().file) is not None
    except AccessError:
        return False


def begin() -> str:
    """The id of the session of who sets the unit up. Raises `RefusedError`."""
    who, front = person(), asking.get_front()
    if who.origin is Origin.TOUCHSCREEN and "code" not in request.form:
        if find_code(front.file) is None:
            raise RefusedError(NO_CODE)
        return begin_session(front.file, SETUP, who.origin)
    source = identify_client(who.source)
    typed = request.form.get("code", "")
    return log_in_by_code(front.file, typed, origin=who.origin, source=source)


def find_shown_code() -> str | None:
    """What the screen of the unit itself may show; None anywhere else, and once it is set up."""
    if person().origin is not Origin.TOUCHSCREEN:
        return None
    return find_code(asking.get_front().file)


def find_address(settings: Settings) -> str:
    """Where a phone in the same network reaches the page, without a slash at the end: by the unit's
    names or the address that it has now (the certificate is made for them).
    """
    chosen = choose_address(settings, request.host_url).rstrip("/")
    if urlsplit(chosen).hostname not in LOOPBACK:
        return chosen
    certificate = read_shown(settings.web.tls_dir)
    for name in certificate.names if certificate else ():
        with suppress(ValueError):
            found = ip_address(name)
            if not found.is_loopback and not found.is_link_local:
                return f"https://[{found}]" if found.version == 6 else f"https://{found}"
    return chosen


def render(settings: Settings, refusal: RefusedError | None = None, _name: str = "") -> Response:
    """The page, and why a try failed."""
    if person().origin is Origin.PLAIN:
        raise NotAllowed(PLAIN)
    certificate = read_shown(settings.web.tls_dir)
    text = render_template(
        "views/setup.html",
        view=VIEW,
        first=None,
        next=find_place(),
        reason=str(refusal) if refusal else "",
        code=find_shown_code(),
        address=find_address(settings),
        fingerprint=certificate.fingerprint if certificate else "",
        at_unit=person().origin is Origin.TOUCHSCREEN,
    )
    return make_response(text, choose_code(refusal))
