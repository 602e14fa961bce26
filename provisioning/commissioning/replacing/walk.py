"""What the walk of every part has in common.

    class BatteryWalk(Walk): ...            # what it asks, changes, has forgotten, and looks at

Reads: the settings, answers, replaced.json. Writes: replaced.json, the record, the journal.
Never: changes anything before the technician was told what is forgotten, and has agreed.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

from appliance.errors import ApplianceError
from appliance.journal.datagrams import Journal
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.acceptance import stored
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.replacing.changes import Change, Changes
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.unit import Unit

SECTION, ON, FORGET, SAME = "section", "on", "forget", "same"
LONGEST_DAY = 40
AGAIN = Status.TO_DO.value  # of a step in the record that must be verified again
ACCEPTANCE = "acceptance"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the technician is told first: what is forgotten, when it will be known again, and what
    is kept.
    """

    anew: Sentence
    known: Sentence
    kept: Sentence


@dataclass(frozen=True)
class Walk(ABC):
    """The walk of one kind of part, as a step. Hooks raise what a step's functions may raise."""

    part: ClassVar[str]
    again: ClassVar[tuple[str, ...]]  # names of the steps that are verified again
    own_keys: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        return f"replaced_{self.part}"

    @property
    def table(self) -> str:
        return self.name

    @property
    def keys(self) -> tuple[str, ...]:
        return (SECTION, ON, *self.own_keys)

    @property
    @abstractmethod
    def title(self) -> Sentence:
        """What it is about."""

    # --- what each part says of itself ----------------------------------------------------------

    @abstractmethod
    def list_sections(self, unit: Unit) -> Sequence[str]:
        """The parts of this kind that the settings have; ("",) where the unit has one only."""

    @abstractmethod
    def plan(self, unit: Unit, section: str) -> Plan:
        """What is done, learned anew and kept."""

    def ask(self, unit: Unit, section: str, answers: Answers) -> tuple[Question, ...]:
        """What must be known of the new one, and is not answered; raises `AnswerError`."""
        return ()

    def find_wrong(self, unit: Unit, section: str, answers: Answers) -> Sentence | None:
        """Why it cannot be so; nothing is changed then."""
        return None

    def list_doubts(self, unit: Unit, section: str, answers: Answers) -> Mapping[str, Sentence]:
        """What is possible but unlikely, by the key that confirms it."""
        return {}

    def list_values(self, answers: Answers) -> dict[str, Any]:
        """The answers that are kept until it is finished; no secret."""
        kept = (key for key in self.own_keys if answers.find(key) is not None)
        return {key: answers.find(key) for key in kept}

    def find_ids(self, unit: Unit, section: str) -> tuple[str, ...]:
        """What tells the device apart that the unit knows now."""
        return ()

    def find_old_ids(self, unit: Unit, section: str) -> tuple[str, ...]:
        """What told the old one apart."""
        return self.find_ids(unit, section)

    def change(  # noqa: B027  (not every part has settings)
        self, unit: Unit, change: Change, answers: Answers
    ) -> None:
        """The settings, whole or not at all."""

    @abstractmethod
    def forget(self, unit: Unit, change: Change, answers: Answers) -> None:
        """Have the owners forget."""

    @abstractmethod
    def look(self, unit: Unit, change: Change, answers: Answers) -> Outcome:
        """The effect: DONE with facts, or BLOCKED with what to do. `answers`: with those of the
        beginning.
        """

    # --- the step -------------------------------------------------------------------------------

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        begun = Changes(unit).find_begun(self.part)
        if begun is not None:
            return Outcome(
                Status.TO_DO,
                say("begun on {at} by {who}: it is gone on with", at=begun.at[:16], who=begun.who),
            )
        sections = self.list_sections(unit)
        if not sections:
            return Outcome(Status.BLOCKED, self.say_none())
        section = self.choose(sections, answers)
        if section is None:
            return Outcome(
                Status.NEEDS_ANSWER, say("there are several of them"), (self.ask_which(sections),)
            )
        on = self.read_day(answers)
        done = on and Changes(unit).find_done(self.part, section=section, on=on)
        if done:
            return self.say_done(unit, done)
        return self._check_new(unit, section, answers)

    def _check_new(self, unit: Unit, section: str, answers: Answers) -> Outcome:
        missing = self.ask(unit, section, answers)
        plan = tell_plan(self.plan(unit, section), self.again)
        if self.read_day(answers) is None:
            missing = (self.ask_day(unit), *missing)
        if missing:
            return Outcome(Status.NEEDS_ANSWER, plan, missing)
        wrong = self.find_wrong(unit, section, answers)
        if wrong is not None:
            return Outcome(Status.BLOCKED, wrong)
        doubts = dict(self.list_doubts(unit, section, answers)) | {FORGET: plan}
        open_ = [key for key in doubts if not answers.has_confirmed(key)]
        if open_:
            asked = tuple(self._confirm(key, doubts[key]) for key in open_)
            return Outcome(Status.NEEDS_ANSWER, say("nothing is changed yet"), asked)
        return Outcome(Status.TO_DO, plan)

    def _confirm(self, key: str, text: Sentence) -> Question:
        return Question(f"{self.table}.{key}", Kind.CONFIRM, text)

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        changes = Changes(unit)
        change = changes.find_begun(self.part) or self._begin(unit, changes, answers)
        if not change.is_forgotten:
            self._change(unit, changes, change, answers)
            self.forget(unit, change, merge(change, answers))
            plan = self.plan(unit, change.section)
            open_again(unit, self.again)
            changes.mark_forgotten(change)
            tell_journal(unit, say("{part}: {what}", part=self.title, what=tell_forgotten(plan)))
        return Outcome(Status.DONE, say("forgotten"))

    def _begin(self, unit: Unit, changes: Changes, answers: Answers) -> Change:
        section = self.choose(self.list_sections(unit), answers)
        assert section is not None
        on = self.read_day(answers)
        assert on is not None
        values, old = self.list_values(answers), self.find_old_ids(unit, section)
        return changes.begin(self.part, section=section, on=on, values=values, old=old)

    def _change(self, unit: Unit, changes: Changes, change: Change, answers: Answers) -> None:
        try:
            self.change(unit, change, merge(change, answers))
        except ApplianceError:
            changes.drop(change)
            raise

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        changes = Changes(unit)
        change = changes.find_begun(self.part)
        if change is None:
            return self.check(unit, answers)
        found = self.look(unit, change, merge(change, answers))
        if found.status is not Status.DONE:
            return found
        changes.finish(changes.note_new(change, self.find_ids(unit, change.section)))
        done = self.say_done(unit, change, found.facts)
        return replace(done, warnings=(*done.warnings, *found.warnings))

    # --- words ----------------------------------------------------------------------------------

    def choose(self, sections: Sequence[str], answers: Answers) -> str | None:
        """The part that is meant; None where it must be asked. Raises `AnswerError`."""
        given = answers.find_text(SECTION, 60)
        if given is None:
            return sections[0] if len(sections) == 1 else None
        name = given.rpartition(".")[2]
        if name not in sections:
            known = ", ".join(sections).strip() or "none"
            raise answers.refuse(
                SECTION,
                what=f"{given!r} is no such part of this unit",
                advice=f"the settings have: {known}",
            )
        return name

    def ask_which(self, sections: Sequence[str]) -> Question:
        return Question(
            f"{self.table}.{SECTION}",
            Kind.CHOICE,
            say("Which one was replaced?"),
            choices=tuple(sections),
        )

    def read_day(self, answers: Answers) -> str | None:
        """The day of the replacement: it tells two of them apart. Raises `AnswerError`."""
        value = answers.find(ON)
        if isinstance(value, date):
            return value.isoformat()[:LONGEST_DAY]
        text = answers.find_text(ON, LONGEST_DAY)
        if text is not None:
            try:
                date.fromisoformat(text[:10])
            except ValueError:
                raise answers.refuse(
                    ON, what=f"cannot be {text!r}", advice='write the day: on = "2026-12-01"'
                ) from None
        return text

    def ask_day(self, unit: Unit) -> Question:
        return Question(
            f"{self.table}.{ON}",
            Kind.TEXT,
            say("On which day was it replaced?"),
            help=say(
                "a second part on the same day: add a word, as in 2026-12-01 second; the same day "
                "again changes nothing"
            ),
            proposal=f"{unit.clock.stamp().utc:%Y-%m-%d}",
            proposed_by=say("this unit's clock"),
        )

    def say_none(self) -> Sentence:
        return say("the settings have no such part: take `unitctl provision` and its steps instead")

    def say_done(
        self, unit: Unit, change: Change, facts: Mapping[str, Any] | None = None
    ) -> Outcome:
        """What was replaced, what was forgotten of the old one, when it is known again."""
        plan = self.plan(unit, change.section)
        reason = say(
            "replaced on {on} by {who}. Forgotten: {anew}.",
            on=change.on,
            who=change.who,
            anew=plan.anew,
        )
        known = say("Known again: {known}.", known=plan.known)
        more = {"section": change.section, "on": change.on, "old": list(change.old)}
        return Outcome(Status.DONE, reason, facts={**more, **(facts or {})}, warnings=(known,))


def merge(change: Change, answers: Answers) -> Answers:
    """The answers of the beginning with those of now."""
    return replace(answers, values={**change.values, **answers.values})


def tell_plan(plan: Plan, again: Collection[str]) -> Sentence:
    """All of it, before anything is changed."""
    return say(
        "Learned anew: {anew}. Known again: {known}. Kept: {kept}. Looked at again: {again}.",
        anew=plan.anew,
        known=plan.known,
        kept=plan.kept,
        again=", ".join(again),
    )


def tell_forgotten(plan: Plan) -> Sentence:
    """What is gone, and until when."""
    return say("Forgotten: {anew}. Known again: {known}.", anew=plan.anew, known=plan.known)


def open_again(unit: Unit, names: Collection[str]) -> None:
    """These steps must be verified again; what they know stays. Raises `OSError`."""
    record = unit.record
    done = record.load()
    opened = {name: replace(one, status=AGAIN) for name, one in done.items() if name in names}
    if ACCEPTANCE in names:
        stored.forget(unit)
    if any(done[name].status != AGAIN for name in opened):
        record.store(done | opened)


def tell_journal(unit: Unit, text: str) -> None:
    """A line of the system's journal; a computer without one has the record."""
    with suppress(OSError):
        Journal(limit_s=1.0).send(
            str(text), SYSLOG_IDENTIFIER="provision", PRIORITY=6, WHO=unit.who
        )
