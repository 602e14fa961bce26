"""What every page of this program sends with its answers, so that a browser runs nothing of others.

    answer.headers.setdefault(name, value)     # for each of HEADERS
    raise MisdirectedRequest(reason)           # the request is for another computer's name

Reads and writes: nothing.
Never: allows an inline script or style, anything from elsewhere, or a place in somebody's frame.
"""

from werkzeug.exceptions import HTTPException

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Of a page with forms, which go to itself. A browser that tells no address at all ("no-referrer")
# sends a form with `Origin: null`, as another site's would come.
WITH_FORMS = {
    "Content-Security-Policy": HEADERS["Content-Security-Policy"].replace(
        "form-action 'none'", "form-action 'self'"
    ),
    "Referrer-Policy": "same-origin",
}

# Of the view where a technician may take the place of a phone for that of the unit.
WITH_POSITION = {"Permissions-Policy": "camera=(), microphone=(), geolocation=(self)"}


class MisdirectedRequest(HTTPException):
    """The request is for another computer's name (RFC 9110, 15.5.20)."""

    code = 421
