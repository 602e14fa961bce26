"""Who asks, and from where: by a token, by the cookie of a session, or unknown.

    who = person()      # once for each request; the same afterwards

Reads: the request, access.db. Writes: when a session was last used.
Never: takes a request that another program has passed on for one of the touchscreen; takes a token
or a cookie that came without TLS from another machine.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Request, Response, current_app, g, request

from appliance.access import sessions
from appliance.access.database import AccessError, AccessFile
from appliance.access.passwords import make_csrf_token
from appliance.access.roles import Origin, Person, Role
from appliance.access.sessions import SessionTimes
from appliance.access.tokens import find_bearer
from appliance.clock import Clock
from appliance.parsing.values import parse_address
from appliance.sections.network import WebSettings
from appliance.strict_json import InputError
from appliance.web.acting.refusals import SCRIPTS, NotAllowed, NotLoggedIn
from appliance.web.hosts import HTTP_PORT, is_own_address
from appliance.web.origins import find_origin
from appliance.wording.sentence import say

EXTENSION = "acting"
COOKIE, SECURE_COOKIE = "unit-session", "__Host-unit-session"
LONGEST_ID = 200
BY_ITSELF = (*SCRIPTS, "/static/", "/manifest", "/healthz")  # asked for without anybody's doing
WRONG_BEARER = say("this token is none of this unit, or was removed (`unitctl access token list`)")
SENT_PLAINLY = say(
    "this token came without TLS, so others may have read it: remove it (`unitctl access token "
    "remove`), make a new one and use https"
)


@dataclass(frozen=True, slots=True)
class Front:
    """What the front door works with. `clock`: the unit's; that of `file` is people's."""

    file: AccessFile
    clock: Clock
    web: WebSettings
    counts: Counter[str] = field(default_factory=Counter)  # what this process has recorded

    @property
    def times(self) -> tuple[SessionTimes, SessionTimes]:
        """Of sessions by PIN, and by login."""
        web = self.web
        return (
            SessionTimes(web.pin_idle_s, web.pin_longest_s),
            SessionTimes(web.login_idle_s, web.login_longest_s),
        )


def get_front() -> Front:
    """That of the application which answers."""
    front: Front = current_app.extensions[EXTENSION]
    return front


def person(_request: Request | None = None) -> Person:
    """Who asks. Raises `NotLoggedIn` for a wrong token."""
    if "person" not in g:
        g.person = Person("", Role.NOBODY, judge_origin(), find_source())  # if what follows raises
        g.person = find_person(get_front())
    found: Person = g.person
    return found


def find_trouble() -> AccessError | None:
    """Why it is not known who asks; None: it is."""
    person()
    found: AccessError | None = g.get("access_trouble")
    return found


def find_person(front: Front) -> Person:
    """By token, by cookie, or somebody unknown."""
    origin, source = judge_origin(), find_source()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = None
    try:
        if kind.lower() == "bearer":
            found = require_bearer(front, token.strip(), origin)
        elif (session_id := read_cookie(origin)) and origin is not Origin.PLAIN:
            found = sessions.find_person(
                front.file, session_id, origin, front.times, is_active=is_by_a_person()
            )
            g.session_id = session_id if found else None
    except AccessError as error:
        g.access_trouble = error
    return replace(found or make_unknown(front.web, origin), source=source)


def require_bearer(front: Front, token: str, origin: Origin) -> Person:
    """Whose token it is."""
    found = find_bearer(front.file, token, origin)
    if found is None:
        raise NotLoggedIn(WRONG_BEARER)
    if origin is Origin.PLAIN:
        raise NotAllowed(SENT_PLAINLY)
    g.by_token = True
    return found


def make_unknown(web: WebSettings, origin: Origin) -> Person:
    """Somebody who has said nothing: may look at the touchscreen, elsewhere where that is open."""
    is_open = {
        Origin.TOUCHSCREEN: True,
        Origin.NETWORK: web.open_viewing,
        Origin.PLAIN: web.plain_viewing,
    }
    return Person("", Role.VIEWER if is_open[origin] else Role.NOBODY, origin)


def judge_origin() -> Origin:
    """Where the request comes from. One that asks for another name than this computer's loopback
    came through another program (a reverse proxy of the owner), and is none of the touchscreen.
    """
    origin = find_origin(request.environ)
    if origin is not Origin.TOUCHSCREEN:
        return origin
    return origin if is_loopback_name(request.headers.get("Host", "")) else Origin.PLAIN


def is_loopback_name(header: str) -> bool:
    """Whether the request asks for this computer by a name that leads nowhere else."""
    if not header:
        return True
    try:
        host, _ = parse_address(header, HTTP_PORT)
    except InputError:
        return False
    return host == "localhost" or is_own_address(host, "")


def find_source() -> str:
    """The client's address."""
    return request.environ.get("REMOTE_ADDR") or ""


def is_by_a_person() -> bool:
    """Whether a person has caused it: a page that asks by itself keeps nobody logged in."""
    return request.method == "POST" or not request.path.startswith(BY_ITSELF)


# --- the cookie ----------------------------------------------------------------------------------


def read_cookie(origin: Origin) -> str:
    """The id of a session that the client has; "" where it has none."""
    found = request.cookies.get(SECURE_COOKIE if origin is Origin.NETWORK else COOKIE, "")
    return found if len(found) <= LONGEST_ID else ""


def set_cookie(answer: Response, session_id: str, origin: Origin) -> None:
    """Give the browser its session: for the page alone, and over TLS for TLS alone."""
    is_secure = origin is Origin.NETWORK
    answer.set_cookie(
        SECURE_COOKIE if is_secure else COOKIE,
        session_id,
        httponly=True,
        samesite="Strict",
        secure=is_secure,
        path="/",
    )


def delete_cookie(answer: Response, origin: Origin) -> None:
    """Have the browser forget its session."""
    is_secure = origin is Origin.NETWORK
    name = SECURE_COOKIE if is_secure else COOKIE
    answer.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="Strict")


def make_token_for_page() -> str:
    """The CSRF token of the session of this request; "" without one."""
    person()
    session_id = g.get("session_id")
    return make_csrf_token(session_id) if session_id else ""


def describe_for_templates() -> dict[str, Any]:
    """What every template is given."""
    who = person()
    return {"person": who, "csrf_token": make_token_for_page(), "can_act": who.can_act}
