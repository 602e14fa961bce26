"""The step "claim": the unit enters its fleet, by a token, the text of a QR code, or carried files.

Reads: the settings, the update directory, the answer that was carried. Writes: what the fleet gave,
the request to carry; `[fleet] server`, `[unit] name` and `[update] group` as the fleet has them.
Never: changes a setting before the fleet has taken the unit; sends a token that is for another box.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.errors import HostError
from appliance.parsing.small_file import read_small_file
from appliance.process.unit_identity import read_identity
from appliance.sections.network import FleetSettings
from appliance.settings_change.trees import Changes
from appliance.store.durable_files import replace_file
from appliance.strict_json import InputError
from appliance.wording.sentence import Sentence, say
from ota.commands.acting import acting_as_owner
from ota.disk import Disk
from ota.errors import UpdateError
from ota.files import Files
from ota.reporting.carried import MOST_BYTES, Carried, make_request, take_answer
from ota.reporting.claim import Claim, claim
from ota.reporting.claim_code import ClaimCode, parse_code
from ota.reporting.entry import Expected, Place, read_certificate, read_place
from ota.reporting.file_names import PRIVATE
from ota.reporting.server import FleetServer
from ota.reporting.unit_key import load_key
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.clock_sense import find_clock_fault
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.unit import Unit

TOKEN, ANSWER, REQUEST, ANOTHER = "token", "answer_file", "request_file", "another_fleet"
PUSH = "appliance-push.service"


@dataclass(frozen=True)
class ClaimStep:
    """`[claim]`: one of `token` (or `token_file`), `answer_file`, `request_file`."""

    name: str = "claim"
    table: str = "claim"
    keys: tuple[str, ...] = (TOKEN, f"{TOKEN}_file", ANSWER, REQUEST, ANOTHER)
    files: Files = field(default_factory=Disk)
    connect: Callable[[FleetSettings], FleetServer] = FleetServer

    @property
    def title(self) -> Sentence:
        return say("into the fleet")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        settings, place = unit.settings(), self._find_place(unit)
        code = find_code(unit, answers, is_inside=place is not None)
        if place is not None:
            return self._judge(unit, place, code)
        if answers.find_text(ANSWER) or code is not None:
            fault = find_clock_fault(unit.clock)
            if fault is not None:
                return Outcome(Status.BLOCKED, fault)
            return Outcome(Status.TO_DO, say("the unit is to enter its fleet"))
        request = find_path(answers, REQUEST)
        if request is not None:
            return describe_request(request)
        if not settings.fleet.server:
            reason = say(
                "no fleet is named ([fleet] server): the unit works without one; it enters one "
                "later with `unitctl fleet claim`"
            )
            return Outcome(Status.SKIPPED, reason)
        reason = say("the unit is not in its fleet yet, at {server}", server=settings.fleet.server)
        return Outcome(Status.NEEDS_ANSWER, reason, list_questions())

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        settings, place = unit.settings(), self._find_place(unit)
        code = find_code(unit, answers, is_inside=place is not None)
        if place is None:
            self.files.make_directory(settings.update.dir)
            request = find_path(answers, REQUEST)
            if code is None and answers.find_text(ANSWER) is None and request is not None:
                return self._ask(unit, request)
            place = self._enter(unit, answers, code)
        changes = list_changes(unit, place, code)
        if changes:
            unit.change_settings(changes, why="commissioning: claim")
        start_push(unit)
        return Outcome(Status.DONE, tell_place(place))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        place = self._find_place(unit)
        if place is None:
            reason = say("the unit has no certificate of its fleet: take the step again")
            return Outcome(Status.BLOCKED, reason)
        return self._judge(unit, place, None)

    def _judge(self, unit: Unit, place: Place, code: ClaimCode | None) -> Outcome:
        if list_changes(unit, place, code):
            reason = say("the settings are to follow the fleet: {unit}", unit=place.name)
            return Outcome(Status.TO_DO, reason)
        directory = unit.settings().update.dir
        found = read_certificate(self.files, directory)
        facts = {
            "serial": read_identity(unit.settings()),
            "unit": place.name,
            "group": place.group,
            "certificate_until": found.not_valid_after_utc.isoformat() if found else None,
        }
        return Outcome(Status.DONE, tell_place(place), facts=facts)

    def _find_place(self, unit: Unit) -> Place | None:
        """What the unit is in the fleet; None without a certificate of its own key that holds."""
        directory, now = unit.settings().update.dir, unit.clock.stamp().utc
        found = read_certificate(self.files, directory)
        if found is None or now >= found.not_valid_after_utc:
            return None
        with suppress(OSError, UpdateError):
            key = load_key(self.files, directory / PRIVATE, None)
            if key.public == found.public_key():
                return read_place(self.files, directory)
        return None

    def _enter(self, unit: Unit, answers: Answers, code: ClaimCode | None) -> Place:
        """Raises `UpdateError`, `AnswerError`, `OSError`."""
        settings, now = unit.settings(), unit.clock.stamp().utc
        directory, serial = settings.update.dir, read_identity(settings)
        other = answers.find(ANOTHER) is True
        if code is None:
            content = read_answer(answers)
            own = Carried(serial, Expected(may_be_another_fleet=other))
            with acting_as_owner(directory):
                return take_answer(self.files, directory, content, own, now)
        fleet = replace(settings.fleet, server=settings.fleet.server or code.server)
        request = Claim(code.token, serial, Expected(code.authority, other))
        with acting_as_owner(directory):
            return claim(self.connect(fleet), self.files, directory, request, now)

    def _ask(self, unit: Unit, path: Path) -> Outcome:
        settings, now = unit.settings(), unit.clock.stamp().utc
        directory = settings.update.dir
        with acting_as_owner(directory):
            content = make_request(self.files, directory, read_identity(settings), now)
        replace_file(path, content, mode=0o644)
        return describe_request(path)


def find_code(unit: Unit, answers: Answers, *, is_inside: bool) -> ClaimCode | None:
    """The token or claim code; raises `AnswerError` for one that cannot be for this unit.
    `is_inside`: the unit has entered, and it does not matter any more until when a token holds.
    """
    text = answers.find_secret(TOKEN)
    if text is None:
        return None
    settings, now = unit.settings(), unit.clock.stamp().utc
    advice = "give the token, or the text of the QR code, of `fleet claim`"
    try:
        code = parse_code(text)
        if is_inside:
            return code
        code.require_for(read_identity(settings), settings.fleet.server, now)
    except InputError as error:
        raise answers.refuse(TOKEN, what=str(error), advice=advice) from None
    except UpdateError as error:
        raise answers.refuse(TOKEN, what=f"cannot be taken: {error}", advice=advice) from None
    if not (settings.fleet.server or code.server):
        raise answers.refuse(
            TOKEN,
            what="names no server, and the settings do not either",
            advice="set `server` in [fleet], or give the text of a QR code that names it",
        )
    return code


def find_path(answers: Answers, key: str) -> Path | None:
    """A file that is named; a relative one begins beside site.toml."""
    name = answers.find_text(key, 4096)
    return None if name is None else answers.directory / name


def read_answer(answers: Answers) -> bytes:
    """Raises `AnswerError`."""
    answers.require(ANSWER)
    path = find_path(answers, ANSWER)
    assert path is not None
    try:
        return read_small_file(path, MOST_BYTES)
    except OSError as error:
        raise answers.refuse(
            ANSWER,
            what=f"{path} cannot be read: {error.strerror}",
            advice="name the file that was carried back",
        ) from None


def list_changes(unit: Unit, place: Place, code: ClaimCode | None) -> Changes:
    """What of the settings is not as the fleet has it."""
    settings = unit.settings()
    changes: dict[tuple[str, ...], str] = {}
    if settings.unit.name != place.name:
        changes["unit", "name"] = place.name
    if settings.update.group != place.group:
        changes["update", "group"] = place.group
    if code is not None and code.server and not settings.fleet.server:
        changes["fleet", "server"] = code.server
    return changes


def list_questions() -> tuple[Question, ...]:
    token = Question(
        "claim.token",
        Kind.TEXT,
        say("Token, or the text of the QR code"),
        help=say("`fleet claim` on the fleet's server makes it for the serial of this box"),
        may_be_left_out=True,
    )
    answer = Question(
        "claim.answer_file",
        Kind.TEXT,
        say("Without a link: the file that was carried back"),
        help=say("`unitctl fleet claim --offline FILE` writes what is to be carried there"),
        may_be_left_out=True,
    )
    return (token, answer)


def describe_request(path: Path) -> Outcome:
    if not path.exists():
        return Outcome(Status.TO_DO, say("a request to carry to the fleet is to be written"))
    reason = say(
        "{file} is to be carried to the fleet, where `fleet claim UNIT --request FILE` answers it; "
        "give the answer as `answer_file` in [claim]",
        file=str(path),
    )
    return Outcome(Status.NEEDS_ANSWER, reason, list_questions()[1:])


def tell_place(place: Place) -> Sentence:
    return say(
        "the unit is in the fleet as {unit}, group {group}", unit=place.name, group=place.group
    )


def start_push(unit: Unit) -> None:
    """With its certificate; where PID 1 refuses, hints are heard after a restart."""
    if unit.settings().fleet.push:
        with suppress(HostError):
            unit.host.restart(PUSH).wait()
