"""The page of a unit whose settings are missing or wrong: one sentence, until they can be used.

Reads: at each request the settings file, and what an image did not take. Writes: nothing.
Never: shows any data of the unit, or stays once the settings are good: PID 1 starts the page anew.
"""

from pathlib import Path
from threading import Event

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.log import redact
from appliance.parsing.small_file import read_small_file
from appliance.settings import Settings
from appliance.web.app import add_headers, refuse_strange_hosts
from appliance.web.bare_page import make_page
from appliance.web.languages import COOKIE, ask_browser, choose_asked, is_api, select_known
from appliance.web.server import leave_soon
from appliance.wording.sentence import say
from appliance.wording.translating import ENGLISH, translate

IDLE_EXIT_S = 120.0
AGAIN_S = 5  # the browser asks again by itself
GOOD = say("The settings are good now. The page comes in a moment.")
# Written by image-provision.service of an image.
PROVISION_REFUSED = Path("/run/appliance-image/provision-refused")
MOST_REFUSED_BYTES = 65_536


def create_app(path: Path) -> Flask:
    """Answers every request with 503 and the sentence."""
    app = Flask(__name__, static_folder=None)
    leaving = Event()
    refuse_strange_hosts(app, Settings())
    app.register_error_handler(HTTPException, answer_refusal)

    @app.before_request
    def tell() -> Response:  # the same at every address
        sentence = find_sentence(path)
        if sentence == GOOD and not leaving.is_set():
            leaving.set()  # once: who asks again and again would put the end off for ever
            leave_soon()
        answer = make_answer(sentence, 503)
        answer.headers["Retry-After"] = answer.headers["Refresh"] = str(AGAIN_S)
        return answer

    app.after_request(add_headers)
    return app


def answer_refusal(error: HTTPException) -> Response:
    """To who asks for another computer's name."""
    return make_answer(error.description or error.name, error.code or 400)


def make_answer(sentence: str, code: int) -> Response:
    """The page, for a program as JSON; without settings the unit has no language of its own."""
    chosen = choose_asked() or ("" if is_api() else select_known(request.cookies.get(COOKIE, "")))
    language = chosen or ask_browser() or ENGLISH
    if not is_api():
        return make_page(sentence, language, code)
    answer = jsonify(reason=translate(sentence, language))
    answer.status_code = code
    return answer


def find_sentence(path: Path) -> str:
    """What a technician has to know about the settings file."""
    try:
        settings_file.load_settings(path)
    except SettingsError as error:
        if path.exists():
            return say(
                "The settings of this unit cannot be used: {reason}. Mend them: they are used at "
                "once.",
                reason=redact(str(error)),
            )
        none_yet = say(
            "This unit has no settings yet. Write them to {path}: they are used at once. On an "
            "image of the unit, a file unit.toml in the directory provision of its first partition "
            "(ESP), which every computer can write, is taken at the next start.",
            path=path,
        )
        refused = find_refused(PROVISION_REFUSED)
        if not refused:
            return none_yet
        return say(
            "{none_yet} Not taken from there at the last start: {refused}.",
            none_yet=none_yet,
            refused=refused,
        )
    return GOOD


def find_refused(file: Path) -> str:
    """What lies in provision/ of an image's first partition and was not taken, and why."""
    try:
        lines = read_small_file(file, MOST_REFUSED_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return ""
    return redact("; ".join(lines))
