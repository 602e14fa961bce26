"""Asks a technician at a terminal what a step must know, and takes the step.

    take_asking(engine, step, ask, tell)

Reads: what is typed. Writes: questions, and what became of the step.
Never: shows a secret while it is typed, or asks without end for what is refused again and again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from appliance.commands.typed import read_new_secret
from appliance.errors import SettingsError
from appliance.strict_json import InputError
from provisioning.commissioning.answers import CONFIRMED, AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Kind, Outcome, Question, Status, Step

MOST_ROUNDS = 20
YES = ("y", "yes", "d", "da")


@dataclass(frozen=True, slots=True)
class Terminal:
    """The two ways to a person. `read`: a line; `tell`: says one."""

    read: Callable[[str], str]
    tell: Callable[[str], None]
    read_secret: Callable[[str], str] = read_new_secret


def take_asking(engine: Engine, step: Step, terminal: Terminal) -> Result:
    """Ask until nothing is open, then take the step. Raises `AnswerError` where it gives up."""
    for _ in range(MOST_ROUNDS):
        try:
            outcome = engine.check(step)
        except AnswerError as error:
            forget(engine, step, error.key)
            terminal.tell(str(error))
            continue
        if outcome.status is not Status.NEEDS_ANSWER or not outcome.questions:
            result = engine.take(step)
            outcome = result.outcome  # what it found may raise a question
            if outcome.status is not Status.NEEDS_ANSWER or not outcome.questions:
                return result
        ask_all(engine, step, outcome, terminal)
    raise SettingsError(f"{step.name}: asked {MOST_ROUNDS} times; nothing was changed")


def ask_all(engine: Engine, step: Step, outcome: Outcome, terminal: Terminal) -> None:
    """One round of questions."""
    terminal.tell(str(outcome.reason))
    for question in outcome.questions:
        answers = engine.answers.get(step.table, Answers(step.table))
        key = question.key.rpartition(".")[2]
        value = ask(question, terminal)
        if question.kind is Kind.CONFIRM:
            if not value:
                raise SettingsError(
                    f"{question.key} is not confirmed; nothing was changed: answer anew with "
                    f"`unitctl provision {step.name}`"
                )
            engine.answers[step.table] = answers.add(CONFIRMED, key)
        elif value is not None:
            engine.answers[step.table] = answers.add(key, value)


def ask(question: Question, terminal: Terminal) -> Any:
    """The answer to one question; None where it is left out."""
    if question.help is not None:
        terminal.tell(str(question.help))
    if question.kind is Kind.SECRET:
        return ask_secret(question, terminal)
    while True:
        typed = terminal.read(format_prompt(question)).strip()
        if question.kind is Kind.CONFIRM:
            return typed.lower() in YES
        if not typed and (question.proposal is not None or question.may_be_left_out):
            return question.proposal
        try:
            return convert(question, typed)
        except ValueError as error:
            terminal.tell(str(error))


def ask_secret(question: Question, terminal: Terminal) -> str | None:
    """Typed twice, and not shown."""
    while True:
        try:
            typed = terminal.read_secret(str(question.text))
        except InputError as error:
            terminal.tell(str(error))
            continue
        return typed or None


def format_prompt(question: Question) -> str:
    """One line, with what is proposed and by what."""
    unit = f" ({question.unit})" if question.unit else ""
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    if question.kind is Kind.CONFIRM:
        return f"{question.text} Is that so? (yes, no) "
    by = f", {question.proposed_by}" if question.proposed_by is not None else ""
    found = "" if question.proposal is None else f" [{question.proposal}{by}]"
    return f"{question.text}{unit}{choices}{found}: "


def convert(question: Question, typed: str) -> Any:
    """What was typed as a value; raises `ValueError` in words."""
    if question.kind is Kind.NUMBER:
        try:
            number = float(typed.replace(",", "."))
        except ValueError:
            raise ValueError(f"{typed!r} is no number") from None
        low, high = question.at_least, question.at_most
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"a number from {low:g} to {high:g} is asked for")
        return number
    if question.kind is Kind.CHOICE and typed not in question.choices:
        raise ValueError(f"one of {', '.join(question.choices)} is asked for")
    if not typed:
        raise ValueError("an answer is asked for")
    return typed


def forget(engine: Engine, step: Step, key: str) -> None:
    """An answer that was refused is asked for again."""
    answers = engine.answers.get(step.table, Answers(step.table))
    name = key.rpartition(".")[2]
    left = {one: value for one, value in answers.values.items() if one != name}
    engine.answers[step.table] = Answers(answers.table, left, answers.rows, answers.directory)
