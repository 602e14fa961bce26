"""What is answered where nothing is done: 401 or 403 with a sentence that says what to do.

Reads: the request's headers. Writes: nothing.
Never: tells more than the sentence.
"""

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, RequestEntityTooLarge, Unauthorized

SCRIPTS = (
    "/api/",
    "/metrics",
    "/healthz",
    "/camera/",
    "/picture",
)  # addresses that no person opens as a page
BEARER = WWWAuthenticate("bearer")  # browsers ask nobody for a password because of it


class NotLoggedIn(Unauthorized):
    """401: nobody is logged in, or no longer."""

    def __init__(self, text: str) -> None:
        super().__init__(text, www_authenticate=BEARER)


class NotAllowed(Forbidden):
    """403: not by this person, from here, or by a page of somebody else."""


class TooLarge(RequestEntityTooLarge):
    """413."""


def wants_json() -> bool:
    """Whether a script asks, rather than a person who opens a page."""
    if request.path.startswith(SCRIPTS) or request.is_json:
        return True
    kinds = request.accept_mimetypes
    return kinds["application/json"] > kinds["text/html"]
