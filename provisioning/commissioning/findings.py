"""What a check of the acceptance test found, with its figures, and as JSON for the record.

    Finding("battery", TITLE, Verdict.PASSED, say("..."), (Figure(VOLTAGE, 13.1, "V", 2.0),))

Reads and writes: nothing; pure.
Never: a figure without its unit, or of which nobody knows how old it is where it was measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from appliance.strict_json import InputError
from appliance.wording.sentence_data import decode_sentence, encode_sentence

FEW = 500  # of anything in a list


class Verdict(Enum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_POSSIBLE = "not possible"  # now or on this unit; the reason says which
    NOTED = "noted"  # for whoever reads the report; nothing was tested


@dataclass(frozen=True, slots=True)
class Figure:
    """One value. `age_s`: how old it was when the check looked; None: it is no measurement."""

    title: str
    value: float | str | None
    unit: str = ""
    age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `title` and `reason` are sentences."""

    name: str
    title: str
    verdict: Verdict
    reason: str
    figures: tuple[Figure, ...] = ()


def encode_finding(one: Finding) -> dict[str, Any]:
    """As JSON; sentences stay data."""
    return {
        "name": one.name,
        "title": encode_sentence(one.title),
        "verdict": one.verdict.value,
        "reason": encode_sentence(one.reason),
        "figures": [
            {
                "title": encode_sentence(figure.title),
                "value": figure.value,
                "unit": figure.unit,
                "age_s": figure.age_s,
            }
            for figure in one.figures
        ],
    }


def decode_finding(tree: Any) -> Finding:
    """The inverse; raises `InputError`."""
    try:
        return Finding(
            str(tree["name"]),
            decode_sentence(str(tree["title"])),
            Verdict(tree["verdict"]),
            decode_sentence(str(tree["reason"])),
            tuple(decode_figure(one) for one in tree["figures"][:FEW]),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise InputError(f"it is no finding of a check: {error!r}") from error


def decode_figure(tree: Mapping[str, Any]) -> Figure:
    """One value; raises `LookupError`, `TypeError`."""
    value, age_s = tree["value"], tree["age_s"]
    if not isinstance(value, (int, float, str, type(None))):
        raise TypeError(value)
    age_s = None if age_s is None else float(age_s)
    return Figure(decode_sentence(str(tree["title"])), value, str(tree["unit"]), age_s)
