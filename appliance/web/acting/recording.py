"""`acts`: who may use an address that changes something, and the journal of what was done.

Reads: the request, access.db. Writes: acts.
Never: lets a function run that a stranger, another site or an old page has asked for, or one whose
act could not be recorded before.
"""

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, g, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from appliance.access.accounts import find_pin, list_accounts
from appliance.access.acts import Outcome, begin_act, describe_act, end_act
from appliance.access.database import AccessError
from appliance.access.roles import Origin, Person, Role
from appliance.errors import ApplianceError
from appliance.log import redact
from appliance.web.acting.asking import (
    Front,
    find_trouble,
    get_front,
    make_token_for_page,
    person,
)
from appliance.web.acting.refusals import NotAllowed, NotLoggedIn
from appliance.web.acting.same_site import require_csrf_token, require_same_site
from appliance.wording.sentence import as_plain, say

PLACEHOLDER = re.compile(r"<(?:[^<>:]*:)?(\w+)>")  # in an address
MOST_BYTES = 4096  # of a body, where an address says nothing else
# Refused acts that one process records of somebody unknown, and of each person: who asks for ever
# writes no more.
MOST_REFUSED, MOST_OF_ONE = 30, 300
MADE_SAFE = say(
    "orders are taken at the touchscreen and over https, not without TLS from another machine"
)
NOBODY_CAN = say(
    "nobody can act on this unit yet: set a PIN for the touchscreen with `sudo unitctl access pin "
    "set`, or a login for the network with `sudo unitctl access account add NAME --role technician`"
)
LOG_IN = {
    Origin.TOUCHSCREEN: say("enter the PIN first, or again: a login lasts for some minutes"),
    Origin.NETWORK: say("log in first, or again: your login has ended, or there was none"),
}
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
access_log = logging.getLogger("access")


def acts(role: Role = Role.TECHNICIAN, *, most_bytes: int = MOST_BYTES) -> Callable[[View], View]:
    """A decorator of a route's function, below the route: it runs for `role` and higher ones only.
    `most_bytes`: how long the request's body may be.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def run(*places: Any, **named: Any) -> ResponseReturnValue:
            front = get_front()
            who = require(front, role, named)
            begin(front, who, named)
            outcome = Outcome.FAILED
            try:
                answer = make_response(view(*places, **named))
                outcome = judge(answer.status_code)
            except Exception as error:  # noqa: BLE001  (raised again where no handler answers it)
                note_reason(front, error)
                answer = make_response(current_app.handle_user_exception(error))
                outcome = judge(answer.status_code)
            finally:
                end(front, g.act_outcome or outcome)
            return answer

        run.most_bytes = most_bytes  # type: ignore[attr-defined]
        run.role = role  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return wrap


def record_act(
    who: Person,
    what: str,
    target: str = "",
    detail: Mapping[str, Any] | None = None,
    outcome: Outcome = Outcome.DONE,
) -> None:
    """Record what was, or is about to be, done. Within `acts` it describes that act. Raises
    `AccessError`.
    """
    front, act_id = get_front(), g.get("act_id")
    if act_id is None:
        begin_act(front.file, front.clock, who, what, target, detail or {}, outcome)
        return
    g.act_words = what, target, detail or {}
    describe_act(front.file, act_id, *g.act_words)
    if outcome is not Outcome.DONE:
        g.act_outcome = outcome


def require(front: Front, role: Role, named: Mapping[str, Any]) -> Person:
    """Who asks, where he may act. Raises `NotLoggedIn`, `NotAllowed`, `AccessError`."""
    who = person()
    if trouble := find_trouble():
        raise trouble
    try:
        require_role(front, who, role)
        if not g.get("by_token"):
            require_same_site(who.origin)
            require_csrf_token(make_token_for_page())
    except (NotLoggedIn, NotAllowed) as refusal:
        record_refusal(front, who, named, as_plain(refusal.description or ""))
        raise
    return who


def require_role(front: Front, who: Person, role: Role) -> None:
    """Raises `NotLoggedIn`, `NotAllowed`, `AccessError`."""
    if who.origin is Origin.PLAIN:
        raise NotAllowed(MADE_SAFE)
    if who.name and who.role >= role:
        return
    if who.name:
        raise NotAllowed(
            say("{name} may look, not act: a technician's login is needed", name=who.name)
        )
    if find_pin(front.file) is None and not list_accounts(front.file):
        raise NotAllowed(NOBODY_CAN)
    raise NotLoggedIn(LOG_IN[who.origin])


def record_refusal(front: Front, who: Person, named: Mapping[str, Any], reason: str) -> None:
    """One row, where there were not too many; what cannot be recorded is refused as well."""
    counts, key = front.counts, f"refused {who.name}"
    if counts[key] >= (MOST_OF_ONE if who.name else MOST_REFUSED):
        return
    counts[key] += 1
    target = ", ".join(str(one) for one in named.values())
    with suppress(AccessError):
        detail = {"reason": reason}
        begin_act(front.file, front.clock, who, name_act(), target, detail, Outcome.REFUSED)


def note_reason(front: Front, error: Exception) -> None:
    """Why an act is refused, or failed as may be expected, beside what was asked for."""
    if not isinstance(error, HTTPException | ApplianceError):
        return
    said = error.description if isinstance(error, HTTPException) else str(error)
    what, target, detail = g.act_words
    with suppress(AccessError):
        reason = as_plain(redact(said or ""))
        describe_act(front.file, g.act_id, what, target, {**detail, "reason": reason})


def begin(front: Front, who: Person, named: Mapping[str, Any]) -> None:
    """The row of what is about to be done. Raises `AccessError`."""
    g.act_words = name_act(), ", ".join(str(one) for one in named.values()), {}
    g.act_id = begin_act(front.file, front.clock, who, *g.act_words)
    g.act_outcome = None


def end(front: Front, outcome: Outcome) -> None:
    """What is done is done: where its end cannot be recorded, its row says "begun"."""
    try:
        end_act(front.file, g.act_id, outcome)
    except AccessError as error:
        access_log.warning("the end of an act was not recorded: %s", error)
    g.act_id = None


def name_act() -> str:
    """What is done, as long as nothing says it better: `POST /api/cameras/CAMERA/ACTION`."""
    rule = request.url_rule.rule if request.url_rule else request.path
    return f"{request.method} {PLACEHOLDER.sub(lambda found: found[1].upper(), rule)}"


def judge(code: int) -> Outcome:
    """How an act ended, by the answer's status code."""
    if code < 400:
        return Outcome.DONE
    return Outcome.REFUSED if code < 500 else Outcome.FAILED
