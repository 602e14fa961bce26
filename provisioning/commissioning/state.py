"""Where each step stands, as a document for the page: commissioning/state.json.

    state = State(unit, steps)
    state.begin(step)               # it is being applied
    state.set(step, outcome)

Writes: state.json, whole or not at all. Texts are sentences as data, to be translated.
Never: holds an answer that is a secret: questions have none, and facts are evidence.
"""

import json
from collections.abc import Sequence
from typing import Any

from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_time
from appliance.wording.sentence_data import encode_sentence
from provisioning.commissioning.step import Outcome, Question, Step
from provisioning.commissioning.unit import Unit

FILE = "state.json"
FILE_KEY = "_file"  # ends a key that names a file: the page is not asked for it
MODE = 0o640


class State:
    """The document, and its file."""

    def __init__(self, unit: Unit, steps: Sequence[Step]) -> None:
        self._unit, self._steps = unit, steps
        self._outcomes: dict[str, Outcome] = {}
        self._running: str | None = None
        self.trouble = ""

    def begin(self, step: Step) -> None:
        """It is being applied: after a power cut this is what the page shows."""
        self._running = step.name
        self.write()

    def set(self, step: Step, outcome: Outcome, *, write: bool = True) -> None:
        """It stands so now."""
        self._running = None
        self._outcomes[step.name] = outcome
        if write:
            self.write()

    def write(self) -> None:
        """Raises `OSError`."""
        text = json.dumps(self.describe(), indent=1, ensure_ascii=False)
        replace_file(self._unit.directory / FILE, text.encode(), mode=MODE)

    def describe(self) -> dict[str, Any]:
        """The document."""
        stamp = self._unit.clock.stamp()
        return {
            "version": 1,
            "at": encode_time(stamp.utc),
            "boot_id": stamp.boot_id,
            "who": self._unit.who,
            "running": self._running,
            "trouble": encode_sentence(self.trouble),
            "steps": [self._describe_step(step) for step in self._steps],
        }

    def _describe_step(self, step: Step) -> dict[str, Any]:
        known: dict[str, Any] = {"name": step.name, "title": encode_sentence(step.title)}
        outcome = self._outcomes.get(step.name)
        if outcome is None:
            return known | {"status": None}
        return known | {
            "status": outcome.status.value,
            "reason": encode_sentence(outcome.reason),
            "questions": [
                describe_question(one)
                for one in outcome.questions
                if not one.key.endswith(FILE_KEY)
            ],
            "facts": dict(outcome.facts),
            "warnings": [encode_sentence(text) for text in outcome.warnings],
        }


def describe_question(question: Question) -> dict[str, Any]:
    """One question; its limits as numbers, its texts as data."""
    return {
        "key": question.key,
        "kind": question.kind.value,
        "text": encode_sentence(question.text),
        "help": None if question.help is None else encode_sentence(question.help),
        "proposal": question.proposal,
        "proposed_by": (
            None if question.proposed_by is None else encode_sentence(question.proposed_by)
        ),
        "unit": question.unit,
        "at_least": question.at_least,
        "at_most": question.at_most,
        "choices": list(question.choices),
        "may_be_left_out": question.may_be_left_out,
    }
