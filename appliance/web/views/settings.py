"""Settings: what there is, what a change would do, and a change that root is asked to make.

    GET  /api/settings                    every setting with its help, its value and its origin
    GET  /api/settings/history            the last ten changes
    POST /api/settings/preview            {base, changes: {KEY: VALUE or null}} or {base, back: N}
    POST /api/settings/apply              the same, with `why`; answers with the proposal's id
    POST /api/settings/confirm            {number}; /api/settings/take-back likewise
    GET  /api/settings/result/PROPOSAL    what became of it

Reads: the settings file and its history. Writes: proposals; the order to look at them.
Never: changes the file itself, or sends a secret of it to a browser.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from appliance.access.roles import Person, Role
from appliance.clock import SystemClock
from appliance.errors import HostError, SettingsError
from appliance.process.host import Host
from appliance.settings import Settings
from appliance.settings_change.describe import describe
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.history import WAITING, Entry, History
from appliance.settings_change.keys import parse_place
from appliance.settings_change.preview import Preview, look_at, propose
from appliance.settings_change.proposals import (
    DIRECTORY,
    NAME,
    Proposal,
    find_age_s,
    make_proposal,
    take_away,
    write_proposal,
)
from appliance.settings_change.target import make_error, read_target
from appliance.settings_change.trees import Changes
from appliance.strict_json import InputError, parse_object, show
from appliance.web.acting import acts, person, record_act
from appliance.wording.sentence import say

UNIT = "appliance-settings-apply.service"
MOST_BYTES, MOST_DEPTH, MOST_CHANGES, LONGEST_WHY = 262_144, 12, 200, 200
AGAIN_S = 5.0  # the oneshot may have ended just before the proposal was there
CODES = {
    Refused.WRONG: 422,
    Refused.BY_HAND: 422,
    Refused.CHANGED_MEANWHILE: 409,
    Refused.UNCONFIRMED: 409,
    Refused.IMPOSSIBLE: 503,
}


class SettingsDesk:
    """What the addresses below work with."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.path
        self.history = History(settings.path)
        self.directory = settings.unit.data_dir / DIRECTORY
        self.clock = SystemClock()  # people are as slow in a demonstration that runs fast
        self._host = Host(settings.host.systemctl)

    def describe(self) -> dict[str, Any]:
        """Raises `ChangeError`."""
        try:
            return describe(self.path)
        except SettingsError as error:
            raise ChangeError(str(error), Refused.IMPOSSIBLE) from None

    def describe_history(self) -> dict[str, Any]:
        """The newest first; without the files themselves."""
        return {"entries": [self._describe(entry) for entry in self.history.list_entries()]}

    def look(self, body: dict[str, Any]) -> Preview:
        """The preview of what a request asks for; raises `ChangeError`, `BadRequest`."""
        data, base = read_target(self.path).data, require_text(body, "base")
        if "back" in body:
            text = self.history.read_text(require_number(body, "back"))
            return look_at(self.path, data, text, base=base)
        return propose(self.path, data, parse_changes(body.get("changes")), base=base)

    def submit(self, who: Person, **values: Any) -> str:
        """Put a proposal where root looks, and ask for that; raises `ChangeError`, `HostError`."""
        title = who.title if who.title == who.origin.value else f"{who.title} ({who.origin.value})"
        proposal = make_proposal(self.clock, title, **values)
        self._write(proposal)
        try:
            self._host.start(UNIT).wait()
        except HostError:  # the person is told that nothing was done: nor is it done later
            take_away(self.directory, proposal.id)
            raise
        return proposal.id

    def find_result(self, name: str) -> dict[str, Any]:
        """What became of a proposal; raises `NotFound`, `HostError`."""
        if not NAME.fullmatch(f"{name}.json"):
            raise NotFound(say("there is no such proposal"))
        found = self.history.read_result(name)
        if found is not None:
            take_away(self.directory, name)
            return {"state": "answered", "result": found}
        age_s = find_age_s(self.directory, name, self.clock)
        if age_s is None:
            raise NotFound(say("there is no such proposal"))
        if age_s > AGAIN_S:
            self._host.start(UNIT).wait()
        return {"state": "waiting", "result": None}

    def _write(self, proposal: Proposal) -> None:
        try:
            write_proposal(self.directory, proposal)
        except OSError as error:
            raise make_error(self.directory, error) from None

    def _describe(self, entry: Entry) -> dict[str, Any]:
        left_s = entry.find_left_s(self.clock) if entry.confirmation == WAITING else None
        return {
            "number": entry.number,
            "at": entry.at,
            "who": entry.who,
            "why": entry.why,
            "keys": list(entry.keys),
            "confirmation": entry.confirmation,
            "left_s": left_s,
            "said": list(entry.said),
        }


def add_settings(app: Flask, settings: Settings) -> None:
    """The addresses of the view."""
    desk = SettingsDesk(settings)
    app.register_error_handler(ChangeError, answer_refused)
    app.register_error_handler(HostError, answer_unheard)
    app.add_url_rule("/api/settings", "show_settings", lambda: jsonify(desk.describe()))

    @app.get("/api/settings/history")
    def show_settings_history() -> ResponseReturnValue:
        return jsonify(desk.describe_history())

    @app.get("/api/settings/result/<proposal>")
    def show_settings_result(proposal: str) -> ResponseReturnValue:
        return jsonify(desk.find_result(proposal))

    add_changes(app, desk)
    add_answers(app, desk)


def add_changes(app: Flask, desk: SettingsDesk) -> None:
    """What a change would do, and a change."""

    @app.post("/api/settings/preview")
    @acts(Role.TECHNICIAN, most_bytes=MOST_BYTES)
    def preview_settings() -> ResponseReturnValue:
        found = desk.look(read_body())
        record_act(person(), "settings: preview", list_keys(found))
        return jsonify(found.to_document())

    @app.post("/api/settings/apply")
    @acts(Role.TECHNICIAN, most_bytes=MOST_BYTES)
    def apply_settings() -> ResponseReturnValue:
        body = read_body()
        found, why = desk.look(body), require_text(body, "why", optional=True)[:LONGEST_WHY]
        record_act(person(), "settings: change", list_keys(found), {"why": why})
        name = desk.submit(person(), why=why, base=found.base, text=found.text)
        return jsonify(proposal=name)


def add_answers(app: Flask, desk: SettingsDesk) -> None:
    """What a technician says of a change that waits for its confirmation."""
    for address, name, what, key in (
        ("confirm", "confirm_settings", "settings: confirm", "confirm"),
        ("take-back", "take_settings_back", "settings: take back", "back"),
    ):
        view = acts(Role.TECHNICIAN)(partial_view(desk, what, key))
        app.add_url_rule(f"/api/settings/{address}", name, view, methods=["POST"])


def partial_view(desk: SettingsDesk, what: str, key: str) -> Callable[[], ResponseReturnValue]:
    """One of both."""

    def view() -> ResponseReturnValue:
        number = require_number(read_body(), "number")
        desk.history.find(number)
        record_act(person(), what, str(number))
        submit = partial(desk.submit, person())
        return jsonify(proposal=submit(**{key: number}))

    return view


def answer_refused(error: ChangeError) -> ResponseReturnValue:
    """A change that is refused: why, and which key is wrong."""
    if error.kind is Refused.IMPOSSIBLE:
        return jsonify(reason=str(error)), CODES[error.kind]
    return jsonify(reason=str(error), kind=error.kind.value, key=error.key), CODES[error.kind]


def answer_unheard(error: HostError) -> ResponseReturnValue:
    """PID 1 does not take the order."""
    return jsonify(reason=str(error)), 503


def list_keys(preview: Preview) -> str:
    return ", ".join(one["key"] for one in preview.keys)[:LONGEST_WHY]


# --- the body of a request ------------------------------------------------------------------------


def read_body() -> dict[str, Any]:
    """The object that a request sends; raises `BadRequest`."""
    try:
        return parse_object(request.get_data(), most_bytes=MOST_BYTES, most_depth=MOST_DEPTH)
    except InputError as error:
        raise BadRequest(say("the body of the request is wrong: {error}", error=error)) from None


def require_text(body: dict[str, Any], name: str, *, optional: bool = False) -> str:
    """A text of it; raises `BadRequest`."""
    value = body.get(name, "" if optional else None)
    if not isinstance(value, str):
        raise BadRequest(say("{name}: a text is needed, not {value}", name=name, value=show(value)))
    return value


def require_number(body: dict[str, Any], name: str) -> int:
    """The number of a change; raises `BadRequest`."""
    value = body.get(name)
    if type(value) is not int:
        raise BadRequest(
            say(
                "{name}: the number of a change is needed, not {value}",
                name=name,
                value=show(value),
            )
        )
    return value


def parse_changes(value: Any) -> Changes:
    """Keys and their new values; raises `BadRequest`, `ChangeError`."""
    if not isinstance(value, dict) or not 1 <= len(value) <= MOST_CHANGES:
        raise BadRequest(
            say(
                "changes: an object with 1 to {most_changes} keys is needed",
                most_changes=MOST_CHANGES,
            )
        )
    found = {}
    for name, new in value.items():
        try:
            found[parse_place(name)] = new
        except InputError as error:
            raise ChangeError(str(error), key=name[:LONGEST_WHY]) from None
    return found
