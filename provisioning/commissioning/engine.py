"""Takes the steps: check, apply, verify of one, or of all in their order.

    with Engine(unit, STEPS, answers) as engine:    # HeldError: somebody else commissions this unit
        engine.refuse_bad_answers()                 # AnswerError: nothing was applied
        results = engine.walk()

Reads: what the steps read. Writes: what they make so, the record, the state that the page shows.
Never: takes what a step said for its effect: each is verified; or keeps in memory what a power cut
must not lose. Whoever begins again goes on: what stands is found by `check`, what was never
verified is verified.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from appliance.errors import ApplianceError
from appliance.wording.sentence import say
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.holding import hold
from provisioning.commissioning.state import State
from provisioning.commissioning.step import HAS_CHANGED, Outcome, Status, Step
from provisioning.commissioning.unit import Unit

DONE_WORD = Status.DONE.value
NOTHING: Mapping[str, Outcome] = MappingProxyType({})
LAST = ("acceptance",)  # taken when the others got as far as they can


@dataclass(frozen=True, slots=True)
class Result:
    """Where a step stands now. `has_changed`: whether it was applied in this run."""

    step: Step
    outcome: Outcome
    has_changed: bool = False


class Engine:
    """The steps of one unit, for as long as nobody else takes them. `answers`: by table."""

    def __init__(
        self,
        unit: Unit,
        steps: Sequence[Step],
        answers: Mapping[str, Answers] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._unit, self.steps = unit, steps
        self.answers = dict(answers or {})
        self._tell = tell
        self._state = State(unit, steps)
        self._held = ExitStack()
        self._is_held = False

    def __enter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(hold(self._unit))
            trouble = self._unit.record.mend()
            self._held = held.pop_all()  # before that an error gives the unit back
        self._is_held = True
        if trouble:
            self._tell(trouble)
            self._state.trouble = trouble
        return self

    def __exit__(self, *_: object) -> None:
        self._is_held = False
        self._held.close()

    # --- one step -----------------------------------------------------------------------------

    def check(self, step: Step) -> Outcome:
        """Where it stands; what is wrong in the world blocks it. Raises `AnswerError`."""
        return attempt(lambda: step.check(self._unit, self._find_answers(step)))

    def take(self, step: Step) -> Result:
        """As far as it goes. Raises `AnswerError`, and nothing was changed."""
        outcome = self.check(step)
        if outcome.status is Status.TO_DO:
            return self._apply(step)
        if outcome.status is Status.DONE and not self._is_verified(step):
            outcome = self._verify(step, has_changed=False)
        elif outcome.status is Status.SKIPPED:
            self._keep(step, outcome, has_changed=False)
        self._state.set(step, outcome)
        return Result(step, outcome)

    def _apply(self, step: Step) -> Result:
        """What was verified before is not any more, until it is again."""
        self._state.begin(step)
        done = self._unit.record.load()
        if done.pop(step.name, None) is not None:
            self._unit.record.store(done)
        outcome = attempt(lambda: step.apply(self._unit, self._find_answers(step)))
        has_changed = outcome.facts.get(HAS_CHANGED) is not False
        if outcome.status is Status.DONE:
            outcome = self._verify(step, has_changed=has_changed)
        self._state.set(step, outcome)
        return Result(step, outcome, has_changed)

    def _verify(self, step: Step, *, has_changed: bool) -> Outcome:
        outcome = attempt(lambda: step.verify(self._unit, self._find_answers(step)))
        if outcome.status is Status.DONE:
            self._keep(step, outcome, has_changed=has_changed)
        return outcome

    def _is_verified(self, step: Step) -> bool:
        found = self._unit.record.find(step.name)
        return found is not None and found.status == DONE_WORD

    def _keep(self, step: Step, outcome: Outcome, *, has_changed: bool) -> None:
        """In the record; one that says the same already is not written again."""
        record = self._unit.record
        done = record.load()
        old = done.get(step.name)
        status, reason = outcome.status.value, outcome.reason
        if old is not None and (old.status, old.reason) == (status, reason):
            return
        entry = record.make(
            status=status,
            reason=reason,
            who=self._unit.who,
            facts=dict(outcome.facts),
            warnings=outcome.warnings,
            has_changed=has_changed,
        )
        record.store(done | {step.name: entry})

    def _find_answers(self, step: Step) -> Answers:
        return self.answers.get(step.table, Answers(step.table))

    # --- all of them --------------------------------------------------------------------------

    def look(self, asked: Mapping[str, Outcome] = NOTHING) -> list[Result]:
        """Where each stands; nothing is applied, and without the lock nothing is written. A wrong
        answer blocks its step. `asked`: what a step that was just taken wants to know.
        """
        results = [Result(step, asked.get(step.name) or self._look_at(step)) for step in self.steps]
        for one in results:
            self._state.set(one.step, one.outcome, write=False)
        if self._is_held:
            self._state.write()
        return results

    def _look_at(self, step: Step) -> Outcome:
        try:
            return self.check(step)
        except AnswerError as error:
            return Outcome(Status.BLOCKED, str(error))

    def refuse_bad_answers(self) -> None:
        """Look at each answer before anything is applied; raises `AnswerError`."""
        for step in self.steps:
            self.check(step)

    def walk(self) -> list[Result]:
        """All in their order. What is blocked is tried again while others get on: a clock that is
        wrong may be set by a later step.
        """
        early = [step for step in self.steps if step.name not in LAST]
        found = self._take_while_it_helps(early)
        for step in self.steps:
            if step.name in LAST:
                found[step.name] = self._take(step, found)
        return [self._look_again(found[step.name]) for step in self.steps]

    def _take_while_it_helps(self, steps: Collection[Step]) -> dict[str, Result]:
        found: dict[str, Result] = {}
        left = list(steps)
        for _ in steps:
            for step in left:
                found[step.name] = self._take(step, found)
            still = [step for step in left if not found[step.name].outcome.status.is_settled]
            if len(still) == len(left):
                break
            left = [step for step in still if not found[step.name].outcome.is_final]
        return found

    def _take(self, step: Step, found: Mapping[str, Result]) -> Result:
        """One step of a walk; a wrong answer blocks it, and what it changed before still counts."""
        self._tell(say("{step}: {title}", step=step.name, title=step.title))
        try:
            result = self.take(step)
        except AnswerError as error:
            result = Result(step, Outcome(Status.BLOCKED, str(error)))
            self._state.set(step, result.outcome)
        before = found.get(step.name)
        has_changed = result.has_changed or (before is not None and before.has_changed)
        self._tell(f"    {result.outcome.status.value}: {result.outcome.reason}")
        return Result(step, result.outcome, has_changed)

    def _look_again(self, result: Result) -> Result:
        """What a later step has found may speak against an earlier one."""
        if not result.outcome.status.is_settled:
            return result
        outcome = self._look_at(result.step)
        if outcome.status.is_settled:
            return result
        self._state.set(result.step, outcome)
        return Result(result.step, outcome, result.has_changed)


def attempt(act: Callable[[], Outcome]) -> Outcome:
    """What a part of a step says; what is wrong in the world blocks the step, in words."""
    try:
        return act()
    except AnswerError:
        raise
    except ApplianceError as error:
        return Outcome(Status.BLOCKED, first_text(error))
    except OSError as error:
        place = f"{error.filename} cannot be used" if error.filename else "the system refused it"
        return Outcome(
            Status.BLOCKED,
            say(
                "{place}: {what}; on a unit, give the command as root, and look at the free space",
                place=place,
                what=error.strerror or str(error),
            ),
        )


def first_text(error: Exception) -> str:
    """The error's sentence, which stays data where it is."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
