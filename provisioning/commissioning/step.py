"""What a step of commissioning is: what it asks, what it finds, what it makes so.

    outcome = step.check(unit, answers)             # reads only
    if outcome.status is Status.TO_DO:
        step.apply(unit, answers)                   # makes it so; safe to run again
        outcome = step.verify(unit, answers)        # looks at the effect

Reads and writes: nothing; the steps do.
Never: a step that imports another step. What only one step touches of the outer world is a field
of its own class, with the real one as its default, so that a test hands in a simulated one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from appliance.wording.sentence import Sentence
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.unit import Unit

HAS_CHANGED = "has_changed"  # a fact of `apply`; without it the unit was changed


class Status(Enum):
    """Where a step stands."""

    DONE = "done"
    TO_DO = "to_do"  # all is known: it can be applied
    NEEDS_ANSWER = "needs_answer"  # `questions` say what
    BLOCKED = "blocked"  # something in the world is wrong; `reason` says what to do
    SKIPPED = "skipped"  # not on this unit, or not wanted; `reason` says why

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self in (Status.DONE, Status.SKIPPED)


class Kind(Enum):
    """What an answer looks like."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105  (a kind of question)
    CONFIRM = "confirm"
    PLACE = "place"  # latitude and longitude in degrees


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a step must know. `key`: its place in site.toml, "site.latitude_deg"."""

    key: str
    kind: Kind
    text: Sentence
    help: Sentence | None = None
    proposal: Any = None  # what the unit found; None: it must be given
    proposed_by: Sentence | None = None  # "the charger's rated voltage"
    unit: str = ""  # "Wh", "deg"
    at_least: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    may_be_left_out: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a step stands, why, and what proves it.

    `facts`: evidence as JSON: readings, versions, names of files; each key with its unit.
    `warnings`: what is possible but unlikely; the answers' `confirmed = ["KEY"]` accepts it.
    `is_final`: no other step helps, and another try may harm (a camera locks out who tries often).
    """

    status: Status
    reason: str  # a `Sentence`, or an error's text
    questions: tuple[Question, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    is_final: bool = False


class Step(Protocol):
    """One step. Its functions raise `AnswerError` for an answer that cannot be used, and any
    `ApplianceError` for what is wrong in the world: the step is blocked, with that sentence.
    """

    @property
    def name(self) -> str:
        """Its name on the command line and in the record: "site"."""

    @property
    def title(self) -> Sentence:
        """What it is about, for a heading."""

    @property
    def table(self) -> str:
        """The table of site.toml with its answers: "site"; [[camera]] is "camera"."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the table may have, but for `confirmed`."""

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        """Read only, and cheap enough to run for all steps. Every answer is looked at here: what
        is wrong in one is found before any step is applied.
        """

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        """Make it so; safe to run again after a power cut at any point. Only called after `check`
        said TO_DO. Its DONE says that it can be verified now; one that found nothing to change has
        the fact `HAS_CHANGED` false.
        """

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        """Look at the effect, not at what `apply` said. Its facts are kept as evidence."""
