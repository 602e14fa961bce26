"""The answers to the questions of one step: its own table of site.toml, or what a person typed.

    answers = read_site(path, steps)["site"]        # AnswerError: nothing may be applied
    answers.require_number("latitude_deg", -90, 90)
    answers.find("name")                            # None where it is not given
    answers.rows                                    # of [[camera]]: one `Answers` each

Reads: site.toml and the files that its `*_file` keys name. Writes: nothing.
Never: repeats a secret in an error, or takes a value of another kind for the one that is meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.errors import SettingsError
from appliance.strict_json import InputError, require_number, show

CONFIRMED = "confirmed"


class AnswerError(SettingsError):
    """An answer is missing or cannot be used, and nothing was applied. `key`: its dotted name."""

    code = "answer"

    def __init__(self, key: str, *, what: str, advice: str) -> None:
        super().__init__(f"{key} {what}; {advice}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered in one table. `rows`: its entries where it is a list of tables."""

    table: str
    values: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple["Answers", ...] = ()

    def find(self, key: str) -> Any:
        """The value; None where it is not given."""
        return self.values.get(key)

    def require(self, key: str) -> Any:
        """The value; raises `AnswerError`."""
        value = self.find(key)
        if value is None:
            raise self.refuse(
                key, what="is not given", advice=f"write it into [{self.table}] of site.toml"
            )
        return value

    def find_text(self, key: str, longest: int = 200) -> str | None:
        """Text of one line; raises `AnswerError`."""
        value = self.find(key)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            advice = f"it is text of one line, of at most {longest} letters, in quotes"
            raise self.refuse(key, what=f"cannot be {show(value)}", advice=advice)
        return value

    def find_number(self, key: str, low: float, high: float) -> float | None:
        """A number within its limits; raises `AnswerError`."""
        value = self.find(key)
        try:
            return None if value is None else require_number(value, key, low, high)
        except InputError:
            advice = f"give a number from {low:g} to {high:g}"
            raise self.refuse(key, what=f"cannot be {show(value)}", advice=advice) from None

    def require_number(self, key: str, low: float, high: float) -> float:
        """As `find_number`, and it must be there."""
        self.require(key)
        value = self.find_number(key, low, high)
        assert value is not None
        return value

    def has_confirmed(self, key: str) -> bool:
        """Whether `confirmed` names that key: a warning about it is accepted."""
        listed = self.find(CONFIRMED)
        return isinstance(listed, list) and (key in listed or f"{self.table}.{key}" in listed)

    def refuse(self, key: str, *, what: str, advice: str) -> AnswerError:
        """The error about one key: what is wrong and what to do."""
        return AnswerError(f"{self.table}.{key}", what=what, advice=advice)
