"""What is answered in place of what was asked for: a page in the layout, or JSON with `reason`.

    explain_errors(app)     # also for what Flask refuses by itself: 404, 405, 413, 415, 500

Reads: the request. Writes: nothing.
Never: shows a text of a library, or anything of the unit to who asks for another computer's name.
"""

from contextlib import suppress

from flask import Flask, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from appliance.access.database import AccessError
from appliance.errors import ApplianceError, CameraError, StoreError
from appliance.log import redact
from appliance.web.acting.gate import make_login_address
from appliance.web.acting.refusals import wants_json
from appliance.web.answer_safety import MisdirectedRequest
from appliance.web.bare_page import make_page
from appliance.web.languages import find_language
from appliance.web.views.listed import View
from appliance.wording.sentence import Sentence, say

NOT_DONE, NOT_SHOWN = View("refused", "Not done"), View("refused", "Not shown")
ASKS_FOR_A_PERSON = (401, 403)
# For what Flask and Werkzeug say in words of their own.
ADDRESS_UNKNOWN = say(
    "there is nothing at this address: it was mistyped, or what it showed is gone"
)
TOO_LONG = say("this is more than is taken at this address")
PROGRAM_FAULT = say(
    "a part of the page failed: a fault of this program; the unit's other services go on. "
    "`journalctl -u appliance-web` shows what failed; send a bundle (`unitctl export`) to the maker"
)
BY_CODE = {
    404: ADDRESS_UNKNOWN,
    413: TOO_LONG,
    414: TOO_LONG,
    415: say("only JSON is taken at this address: send it with `Content-Type: application/json`"),
    500: PROGRAM_FAULT,
}


def explain_errors(app: Flask) -> None:
    """A sentence for each error."""
    app.register_error_handler(HTTPException, answer_refusal)
    app.register_error_handler(StoreError, answer_error)
    app.register_error_handler(CameraError, answer_error)
    app.register_error_handler(AccessError, answer_error)


def answer_refusal(error: HTTPException) -> ResponseReturnValue:
    """What is wrong with a request."""
    reason, code = find_reason(error), error.code or 400
    if isinstance(error, MisdirectedRequest) and not wants_json():
        answer: Response = make_page(reason, find_language(), code)
    elif wants_json() or not (code in ASKS_FOR_A_PERSON or takes_page()):
        answer = make_response(jsonify(reason=reason), code)
    else:
        answer = render_reason(reason, code)
    answer.headers.extend(pair for pair in error.get_headers() if pair[0] != "Content-Type")
    return answer


def answer_error(error: ApplianceError) -> ResponseReturnValue:
    """503 with the error's sentence; of logins that cannot be read: nobody is let in."""
    reason = redact(str(error))
    if wants_json() or not (isinstance(error, AccessError) or takes_page()):
        return jsonify(reason=reason), 503
    return render_reason(reason, 503)


def find_reason(error: HTTPException) -> str:
    """Why, in words of this program."""
    description = error.description or ""
    if isinstance(description, Sentence) or description != type(error).description:
        return description
    if error.code == 405:
        return say("this address does not take {method}", method=request.method)
    return BY_CODE.get(error.code or 0) or say(
        "the request cannot be answered (status {status:d})", status=error.code or 400
    )


def takes_page() -> bool:
    """Whether a person's browser opens this address, rather than a page a picture in it."""
    kinds = [kind for kind, _ in request.accept_mimetypes]
    return not kinds or "text/html" in kinds


def render_reason(reason: str, code: int) -> Response:
    """The page that says it; one without the layout where that fails too. What was typed stays in
    the browser's page before this one.
    """
    is_post = request.method == "POST"
    is_done = is_post or code in ASKS_FOR_A_PERSON
    with suppress(HTTPException, ApplianceError):
        text = render_template(
            "views/refused.html",
            view=NOT_DONE if is_done else NOT_SHOWN,
            first=None,
            reason=reason,
            login=find_login(is_post) if code == 401 else "",
            is_post=is_post,
        )
        return make_response(text, code)
    return make_page(reason, find_language(), code)


def find_login(is_post: bool) -> str:
    """Where to log in, and where to come back afterwards."""
    return "/login" if is_post else make_login_address()
