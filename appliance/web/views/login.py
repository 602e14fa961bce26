"""The login from the network, the PIN at the touchscreen, and the logout.

    /login      GET, POST: name and password
    /pin        GET, POST: the PIN, with keys for fingers; at the touchscreen only
    /logout     POST
    /api/person GET: who is logged in here, and the CSRF token

Reads: access.db. Writes: access.db: sessions, wrong tries, acts.
Never: takes a secret without TLS from another machine; leads to another site after the login.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import (
    Flask,
    after_this_request,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from appliance.access.accounts import SETUP, find_password, find_pin, list_accounts
from appliance.access.acts import Outcome
from appliance.access.door import RefusedError, log_in, log_in_by_pin
from appliance.access.roles import Origin
from appliance.access.sessions import PIN_NAME, end_session
from appliance.parsing.values import CONTROL
from appliance.web.acting import asking, person, record_act
from appliance.web.acting.gate import PLAIN
from appliance.web.acting.refusals import NotAllowed
from appliance.web.acting.same_site import require_csrf_token, require_same_site
from appliance.web.connections import identify_client
from appliance.web.views.listed import View
from appliance.wording.sentence import as_plain, say

LOGIN = View("login", "Log in", ("keypad",))
MOST_BYTES = 4096
LONGEST_ADDRESS = 2000
HOME = "/"
LEAST_S, MOST_S = 1, 3600
PIN_ELSEWHERE = say("the PIN is for the touchscreen; from here log in with a name and a password")
NOBODY_YET = {
    Origin.TOUCHSCREEN: say(
        "No PIN is set on this unit yet. Set one with `sudo unitctl access pin set`."
    ),
    Origin.NETWORK: say(
        "No login is set on this unit yet. Make one with `sudo unitctl access account add NAME "
        "--role technician`."
    ),
}


def add_login(app: Flask) -> None:
    """The addresses of the login."""

    @app.get("/login")
    def show_login() -> ResponseReturnValue:
        front = asking.get_front()
        at_touchscreen = person().origin is Origin.TOUCHSCREEN
        if at_touchscreen and "name" not in request.args and find_pin(front.file) is not None:
            return redirect(f"/pin?next={quote(find_next(request.args), safe='/')}", 303)
        return render("login")

    @app.post("/login")
    def take_login() -> ResponseReturnValue:
        who, front = person(), asking.get_front()
        name, password = request.form.get("name", ""), request.form.get("password", "")

        def begin() -> str:
            words = {"name": name, "password": password}
            source = identify_client(who.source)
            return log_in(front.file, **words, origin=who.origin, source=source)

        return enter("login", name, begin)

    take_login.most_bytes = MOST_BYTES  # type: ignore[attr-defined]
    add_pin(app)
    add_logout(app)


def add_pin(app: Flask) -> None:
    """`/pin`, at the touchscreen."""

    @app.get("/pin")
    def show_pin() -> ResponseReturnValue:
        if person().origin is not Origin.TOUCHSCREEN:
            return redirect(f"/login?next={quote(find_next(request.args), safe='/')}", 303)
        return render("pin")

    @app.post("/pin")
    def take_pin() -> ResponseReturnValue:
        if person().origin is not Origin.TOUCHSCREEN:
            raise NotAllowed(PIN_ELSEWHERE)
        pin = request.form.get("pin", "")
        return enter("pin", PIN_NAME, lambda: log_in_by_pin(asking.get_front().file, pin))

    take_pin.most_bytes = MOST_BYTES  # type: ignore[attr-defined]


def add_logout(app: Flask) -> None:
    """`/logout` and `/api/person`."""

    @app.post("/logout")
    def log_out() -> ResponseReturnValue:
        who, front = person(), asking.get_front()
        require_same_site(who.origin)
        if who.name:
            require_csrf_token(asking.make_token_for_page())
        after_this_request(forget)  # in any case: the file may be locked, or the disk full
        if session_id := asking.read_cookie(who.origin):
            end_session(front.file, session_id)
            if who.name:
                record_act(who, "logged out")
        return redirect(HOME, 303)

    log_out.most_bytes = MOST_BYTES  # type: ignore[attr-defined]

    @app.get("/api/person")
    def show_person() -> ResponseReturnValue:
        who = person()
        return jsonify(
            name=who.name or None,
            role=who.role.word,
            origin=who.origin.value,
            can_act=who.can_act,
            csrf_token=asking.make_token_for_page() or None,
        )


def forget(answer: Response) -> Response:
    """Have the browser forget its session."""
    asking.delete_cookie(answer, person().origin)  # type: ignore[arg-type]
    return answer


def enter(
    page: str,
    name: str,
    begin: Callable[[], str],
    show: Callable[[RefusedError, str], Response] | None = None,
) -> ResponseReturnValue:
    """One try: leads on with a session, or shows the page again with the reason."""
    who, front = person(), asking.get_front()
    if who.origin is Origin.PLAIN:
        raise NotAllowed(PLAIN)
    require_same_site(who.origin)
    try:
        session_id = begin()
    except RefusedError as refusal:
        note_refused(name, refusal)
        return show(refusal, name) if show else render(page, refusal, name)
    if before := asking.read_cookie(who.origin):
        end_session(front.file, before)
    record_act(who, "logged in", name)
    answer = redirect(find_next(request.form), 303)
    asking.set_cookie(answer, session_id, who.origin)  # type: ignore[arg-type]
    return answer


def note_refused(name: str, refusal: RefusedError) -> None:
    """A wrong try in the journal of acts. One that is refused before it was looked at is in there
    already: by those before it.
    """
    if refusal.wait_s:
        return
    front, reason = asking.get_front(), as_plain(str(refusal))
    is_known = name == PIN_NAME or find_password(front.file, name) is not None
    shown = name if is_known else ""  # some type their password there
    record_act(person(), "log in", shown, {"reason": reason}, Outcome.REFUSED)


def find_next(values: Any) -> str:
    """Where to go after the login: an address of this page, and of no other site."""
    wanted = values.get("next", "")
    plain = unquote(wanted)
    is_odd = len(wanted) > LONGEST_ADDRESS or CONTROL.search(plain) or "\\" in plain
    if is_odd or not wanted.startswith("/") or plain.startswith("//"):
        return HOME
    with suppress(ValueError):
        parts = urlsplit(wanted)
        if not parts.scheme and not parts.netloc and not parts.path.startswith("/log"):
            return str(wanted)
    return HOME


def render(page: str, refusal: RefusedError | None = None, name: str = "") -> Response:
    """The page with its form, and why a try failed."""
    front, who = asking.get_front(), person()
    if who.origin is Origin.PLAIN:
        raise NotAllowed(PLAIN)
    has_pin = find_pin(front.file) is not None
    is_set = has_pin if page == "pin" else bool(list_accounts(front.file))
    text = render_template(
        f"views/{page}.html",
        view=LOGIN,
        first=None,
        next=find_next(request.values),
        name=name,
        reason=str(refusal) if refusal else "",
        wait_s=refusal.wait_s if refusal else 0,
        has_pin=has_pin,
        is_new=find_password(front.file, SETUP) is not None,
        nobody="" if is_set else NOBODY_YET[who.origin],
    )
    answer = make_response(text, choose_code(refusal))
    if refusal and refusal.wait_s:
        answer.headers["Retry-After"] = str(int(min(MOST_S, max(LEAST_S, refusal.wait_s))))
    return answer


def choose_code(refusal: RefusedError | None) -> int:
    if refusal is None:
        return 200
    return 429 if refusal.wait_s else 401
