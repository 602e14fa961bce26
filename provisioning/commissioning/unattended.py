"""All steps without a person: from site.toml to the last line, which a program reads.

    code = run(engine, print)       # 0: all is done; 1: a step is blocked or lacks an answer

Reads: the results of the engine. Writes: through `tell`, a line for each step, then JSON.
Never: asks.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Kind, Question

REPORT_STEP, REPORT_FACT = "acceptance", "report"


def run(engine: Engine, tell: Callable[[str], None], report: Path | None = None) -> int:
    """Walk; the exit code. Raises `AnswerError` before anything is applied."""
    engine.refuse_bad_answers()
    results = engine.walk()
    tell_open(results, tell)
    tell(summarise(results, report or find_report(results)))
    return find_code(results)


def find_report(results: Iterable[Result]) -> Path | None:
    """The acceptance report, where one was written."""
    found = (one.outcome.facts.get(REPORT_FACT) for one in results if one.step.name == REPORT_STEP)
    return next((Path(str(one)) for one in found if one), None)


def find_code(results: Iterable[Result]) -> int:
    """0 where nothing is left to do."""
    return 0 if all(one.outcome.status.is_settled for one in results) else 1


def tell_open(results: Iterable[Result], tell: Callable[[str], None]) -> None:
    """What is left, with the answers that are missing."""
    for one in results:
        if one.outcome.status.is_settled:
            continue
        tell(f"{one.step.name} is {one.outcome.status.value}: {one.outcome.reason}")
        for question in one.outcome.questions:
            tell(f"    {format_question(question)}")


def format_question(question: Question) -> str:
    """What to write into site.toml."""
    table, _, key = question.key.rpartition(".")
    if question.kind is Kind.CONFIRM:
        return f'{question.text} ([{table}] confirmed = ["{key}"])'
    unit = f" ({question.unit})" if question.unit else ""
    found = "" if question.proposal is None else f"; found: {question.proposal}"
    return f"{question.key}: {question.text}{unit}{found}"


def summarise(results: Sequence[Result], report: Path | None) -> str:
    """The last line."""
    changed = sum(one.has_changed for one in results)
    where = None if report is None else str(report)
    return json.dumps({"steps": len(results), "changed": changed, "report": where})
