"""The page of a unit whose settings are missing or wrong: one sentence, until they can be used.

Reads: at each request the settings file, and what an image did not take. Writes: nothing.
Never: shows any data of the unit, or stays once the settings are good: PID 1 starts the page anew.
"""

import os
import signal
from html import escape
from pathlib import Path
from threading import Event, Timer

from flask import Flask, Response

from appliance import settings_file
from appliance.errors import SettingsError
from appliance.log import redact
from appliance.parsing.small_file import read_small_file
from appliance.settings import Settings
from appliance.web.app import add_headers, refuse_strange_hosts

IDLE_EXIT_S = 120.0
LEAVE_S = 0.2  # after the answer that says that the settings are good
AGAIN_S = 5  # the browser asks again by itself
NONE_YET = (
    "This unit has no settings yet. Write them to {path}: they are used at once. On an image of "
    "the unit, a file unit.toml in the directory provision of its first partition (ESP), which "
    "every computer can write, is taken at the next start."
)
REFUSED = " Not taken from there at the last start: {refused}."
WRONG = "The settings of this unit cannot be used: {reason}. Mend them: they are used at once."
GOOD = "The settings are good now. The page comes in a moment."
# Written by image-provision.service of an image.
PROVISION_REFUSED = Path("/run/appliance-image/provision-refused")
MOST_REFUSED_BYTES = 65_536
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Unit</title></head>
<body><h1>Unit</h1><p>{sentence}</p></body>
</html>
"""


def create_app(path: Path) -> Flask:
    """Answers every request with 503 and the sentence."""
    app = Flask(__name__, static_folder=None)
    leaving = Event()
    refuse_strange_hosts(app, Settings())

    @app.get("/", defaults={"name": ""})
    @app.get("/<path:name>")
    def tell(name: str) -> Response:  # noqa: ARG001  (the same at every address)
        sentence = find_sentence(path)
        if sentence == GOOD and not leaving.is_set():
            leaving.set()  # once: who asks again and again would put the end off for ever
            Timer(LEAVE_S, os.kill, (os.getpid(), signal.SIGALRM)).start()
        answer = Response(PAGE.format(sentence=escape(sentence)), 503)
        answer.headers["Retry-After"] = answer.headers["Refresh"] = str(AGAIN_S)
        return answer

    app.after_request(add_headers)
    return app


def find_sentence(path: Path) -> str:
    """What a technician has to know about the settings file."""
    try:
        settings_file.load_settings(path)
    except SettingsError as error:
        if path.exists():
            return WRONG.format(reason=redact(str(error)))
        return NONE_YET.format(path=path) + find_refused(PROVISION_REFUSED)
    return GOOD


def find_refused(file: Path) -> str:
    """What lies in provision/ of an image's first partition and was not taken, and why."""
    try:
        lines = read_small_file(file, MOST_REFUSED_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return ""
    return REFUSED.format(refused=redact("; ".join(lines)))
