"""Whether a request that changes something comes from the page itself, not from another site.

Reads: the request. Writes: nothing.
Never: trusts the cookie alone: a browser may send it with what a page of somebody else has made.
"""

from urllib.parse import urlsplit

from flask import request

from appliance.access.passwords import is_same
from appliance.access.roles import Origin
from appliance.web.acting.refusals import NotAllowed
from appliance.wording.sentence import say

HEADER, FIELD = "X-CSRF-Token", "csrf_token"
LONGEST = 200
CROSS_SITE = say(
    "another site has sent this order in the name of who is logged in here, so it was not carried "
    "out: open the unit's page itself and do it there"
)
OLD_PAGE = say(
    "this page was opened before the present login, so nothing was done: load it again and repeat "
    "the order"
)
SCHEMES = {Origin.NETWORK: "https"}


def require_same_site(origin: Origin) -> None:
    """Raises `NotAllowed` where the browser says that another site has made the request. A program
    that is no browser says neither.
    """
    site, stated = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        raise NotAllowed(CROSS_SITE)
    if stated is None or (stated == "null" and site is not None):
        return
    if not is_own_origin(stated, origin):
        raise NotAllowed(CROSS_SITE)


def is_own_origin(stated: str, origin: Origin) -> bool:
    """Whether that is the address under which the page itself was asked for."""
    try:
        found = urlsplit(stated)
    except ValueError:
        return False
    scheme = SCHEMES.get(origin, "http")
    return (found.scheme, found.netloc.lower()) == (scheme, request.host.lower())


def require_csrf_token(expected: str) -> None:
    """Raises `NotAllowed` where the request lacks what only a page of this session knows."""
    given = request.headers.get(HEADER) or request.form.get(FIELD) or ""
    if not expected or len(given) > LONGEST or not is_same(given, expected):
        raise NotAllowed(OLD_PAGE)
