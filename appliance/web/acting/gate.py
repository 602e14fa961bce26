"""Who may look: asked before every answer, but for what shows nothing of the unit.

Reads: the request, access.db. Writes: nothing.
Never: answers a stranger from the network with anything but the login, or reads a body that no
address asks for.
"""

from urllib.parse import quote

from flask import Flask, Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.access.database import AccessFile
from appliance.access.roles import Origin, Role
from appliance.clock import Clock, ScaledClock, SystemClock
from appliance.settings import Settings
from appliance.web.acting.asking import (
    EXTENSION,
    Front,
    describe_for_templates,
    find_trouble,
    person,
)
from appliance.web.acting.refusals import NotAllowed, NotLoggedIn, TooLarge, wants_json
from appliance.wording.sentence import say

# Nothing of the unit is in them, or (a link in an alarm) they have a key of their own.
OPEN = ("/login", "/logout", "/pin", "/setup", "/setup.svg", "/healthz", "/manifest.webmanifest")
OPEN_BELOW = ("/static/", "/alarm/")
MOST_BYTES = 1024  # of the body, where an address asks for none
PLAIN = say(
    "this unit shows nothing without TLS: open https:// in place of http://; the owner can allow "
    "looking without it (`plain_viewing` under [web] in the settings)"
)
SCRIPTS_SAY_WHO = say(
    "log in first; a script sends a token (`sudo unitctl access token add NAME --role viewer`) as "
    "`Authorization: Bearer TOKEN`"
)


def add_gate(app: Flask, settings: Settings, clock: Clock) -> None:
    """Ask before each answer. People are as slow in a demonstration that runs fast: their sessions
    and waits go by the kernel's clock.
    """
    people = SystemClock() if isinstance(clock, ScaledClock) else clock
    file = AccessFile(settings.access_file, people)
    app.extensions[EXTENSION] = Front(file, clock, settings.web)
    app.before_request(limit_body)
    app.before_request(ask_viewer)
    app.context_processor(describe_for_templates)


def limit_body() -> None:
    """Raises `TooLarge` where the body is longer than the address takes."""
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "most_bytes", MOST_BYTES)
    request.max_content_length = most
    if (request.content_length or 0) > most:
        raise TooLarge(
            say("the body has more than the {most:d} bytes that are taken here", most=most)
        )


def ask_viewer() -> Response | AnyResponse | None:
    """None: he may look. Raises `NotLoggedIn`, `NotAllowed`, `AccessError`."""
    if request.path in OPEN or request.path.startswith(OPEN_BELOW):
        return None
    who = person()
    if who.role >= Role.VIEWER:
        return None
    if trouble := find_trouble():
        raise trouble
    if who.origin is Origin.PLAIN:
        raise NotAllowed(PLAIN)
    if request.method == "POST":
        return None  # `acts` refuses it, with what belongs to it, and records that
    if wants_json():
        raise NotLoggedIn(SCRIPTS_SAY_WHO)
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return ask_again()
    return redirect(make_login_address(), 303)


def ask_again() -> Response:
    """Somebody has followed a link of another site, such as in a mail: the browser keeps the cookie
    of his login back. With what the page itself leads to, it sends it.
    """
    answer = Response("", mimetype="text/html")
    answer.headers["Refresh"] = f"0; url={quote(request.full_path.rstrip('?'), safe='/?&=')}"
    return answer


def make_login_address() -> str:
    """Of the login that leads back to where somebody wanted to go."""
    wanted = request.full_path if request.query_string else request.path
    return f"/login?next={quote(wanted, safe='/')}"
