"""The step "access": the PIN of the touchscreen and the first account, for a technician to act.

Reads: access.db, the answers of [access]. Writes: access.db, its journal of acts.
Never: takes a PIN or password that is the first one anybody tries, shows one, or replaces one that
is set where no new one is given.
"""

from dataclasses import dataclass

from appliance.access import accounts, acts, passwords
from appliance.access.acts import Outcome as ActOutcome
from appliance.access.database import AccessFile
from appliance.access.roles import Origin, Person, Role
from appliance.clock import SystemClock
from appliance.strict_json import InputError
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.unit import Unit

PIN_KEY, ACCOUNT_KEY, PASSWORD_KEY = "pin", "account", "password"
USUAL_ACCOUNT = "technician"
NOBODY = ("root", "setup", "touchscreen")  # who is no person


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """The secrets that are given; None: not."""

    pin: str | None
    account: str | None
    password: str | None


@dataclass(frozen=True)
class AccessStep:
    """PIN and first account."""

    name: str = "access"
    table: str = "access"
    keys: tuple[str, ...] = (PIN_KEY, "pin_file", ACCOUNT_KEY, PASSWORD_KEY, "password_file")

    @property
    def title(self) -> Sentence:
        return say("PIN and first account")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        wanted, file = read_wanted(answers), open_file(unit)
        questions = list_questions(file, wanted, unit.who)
        if questions:
            reason = say("nobody may act on the page yet: it needs a PIN and an account")
            return Outcome(Status.NEEDS_ANSWER, reason, questions)
        if list_open(file, wanted):
            return Outcome(Status.TO_DO, say("PIN and account are to be set"))
        return describe(file)

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        wanted, file = read_wanted(answers), open_file(unit)
        for what in list_open(file, wanted):
            set_one(unit, file, wanted, what)
        return describe(file)

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        wanted, file = read_wanted(answers), open_file(unit)
        left = list_open(file, wanted)
        if left:
            reason = say("{what} is not as it was given: take the step again", what=left[0])
            return Outcome(Status.BLOCKED, reason)
        return describe(file)


def open_file(unit: Unit) -> AccessFile:
    """As the page and `unitctl access` open it: on the clock of people."""
    return AccessFile(unit.settings().access_file, SystemClock())


def read_wanted(answers: Answers) -> Wanted:
    """The answers, judged by the rules of the page; raises `AnswerError`."""
    pin, password = answers.find_secret(PIN_KEY), answers.find_secret(PASSWORD_KEY)
    account = answers.find_text(ACCOUNT_KEY, 40)
    if pin is not None:
        refuse_weak(answers, PIN_KEY, lambda: passwords.clean_pin(pin))
    if account is not None:
        refuse_weak(answers, ACCOUNT_KEY, lambda: accounts.clean_account_name(account))
    if password is not None:
        refuse_weak(answers, PASSWORD_KEY, lambda: passwords.clean_password(password))
        if account is None:
            advice = 'give its name too: account = "NAME"'
            raise answers.refuse(PASSWORD_KEY, what="is of no account", advice=advice)
        if accounts.fold(account) == password.casefold():
            advice = "choose another one"
            raise answers.refuse(PASSWORD_KEY, what="is the name itself", advice=advice)
    return Wanted(pin, account, password)


def refuse_weak(answers: Answers, key: str, clean: object) -> None:
    """The rule's own sentence, without what was typed."""
    try:
        clean()  # type: ignore[operator]
    except InputError as error:
        raise answers.refuse(key, what="is not taken", advice=str(error)) from None


def list_questions(file: AccessFile, wanted: Wanted, who: str) -> tuple[Question, ...]:
    """What is neither set nor given."""
    found = []
    if wanted.pin is None and accounts.find_pin(file) is None:
        text = say(
            "PIN of the touchscreen ({least} to {most} digits)",
            least=passwords.LEAST_PIN,
            most=passwords.MOST_PIN,
        )
        found.append(Question("access.pin", Kind.SECRET, text))
    if find_technician(file) is None:
        if wanted.account is None:
            text = say("Name of the technician's account")
            found.append(
                Question(
                    "access.account",
                    Kind.TEXT,
                    text,
                    proposal=propose_account(who),
                    proposed_by=say("who sets this unit up, or the usual name"),
                )
            )
        if wanted.password is None:
            text = say(
                "Password of that account (at least {count} characters)",
                count=passwords.LEAST_PASSWORD,
            )
            found.append(Question("access.password", Kind.SECRET, text))
    return tuple(found)


def propose_account(who: str) -> str:
    """The name of who sets the unit up, where that is a person's."""
    try:
        name = accounts.clean_name(who)
    except InputError:
        return USUAL_ACCOUNT
    return USUAL_ACCOUNT if accounts.fold(name) in NOBODY else name


def find_technician(file: AccessFile) -> str | None:
    """An account that may act; None where there is none."""
    names = (one.shown for one in accounts.list_accounts(file) if one.role is Role.TECHNICIAN)
    return next(names, None)


def list_open(file: AccessFile, wanted: Wanted) -> list[str]:
    """What is given and does not stand: account, password, PIN. The PIN comes last: it ends the
    set-up code too, and after a power cut between both nobody but the touchscreen could go on.
    """
    found = []
    if wanted.account is not None and wanted.password is not None:
        stored = accounts.find_password(file, wanted.account)
        if stored is None:
            found.append(ACCOUNT_KEY)
        elif not passwords.matches(stored, wanted.password):
            found.append(PASSWORD_KEY)
    if wanted.pin is not None and not passwords.matches(accounts.find_pin(file), wanted.pin):
        found.append(PIN_KEY)
    return found


def set_one(unit: Unit, file: AccessFile, wanted: Wanted, what: str) -> None:
    """One of them, in one transaction of its own."""
    name, password = wanted.account or "", wanted.password or ""
    if what == PIN_KEY:
        accounts.set_pin(file, passwords.hash_secret(passwords.clean_pin(wanted.pin or "")))
        record(unit, file, "PIN set", "")
        return
    stored = passwords.hash_secret(passwords.clean_password(password))
    if what == ACCOUNT_KEY:
        accounts.add_account(file, name, Role.TECHNICIAN, stored)
        record(unit, file, "account added", f"{name} (technician)")
    else:
        accounts.change_password(file, name, stored)
        record(unit, file, "password changed", name)


def record(unit: Unit, file: AccessFile, what: str, target: str) -> None:
    """In the journal of acts, as done by whoever commissions."""
    person = Person(unit.who, Role.TECHNICIAN, Origin.COMMAND)
    detail = {"by": "commissioning"}
    acts.begin_act(file, unit.clock, person, what, target, detail, ActOutcome.DONE)


def describe(file: AccessFile) -> Outcome:
    """Who may act; no secret is in it."""
    has_pin, technician = accounts.find_pin(file) is not None, find_technician(file)
    facts = {
        "has_pin": has_pin,
        "accounts": [f"{one.shown} ({one.role.word})" for one in accounts.list_accounts(file)],
    }
    if not has_pin or technician is None:
        return Outcome(Status.BLOCKED, say("there is no PIN or no account: take the step again"))
    reason = say("a PIN is set, and {name} may log in", name=technician)
    return Outcome(Status.DONE, reason, facts=facts)
