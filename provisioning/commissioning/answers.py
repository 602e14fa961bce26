"""The answers to the questions of one step: its own table of site.toml, or what a person typed.

    answers = read_site(path, steps)["site"]        # AnswerError: nothing may be applied
    answers.require_number("latitude_deg", -90, 90)
    answers.find("name")                            # None where it is not given
    answers.rows                                    # of [[camera]]: one `Answers` each

Reads: site.toml and the files that its `*_file` keys name. Writes: nothing.
Never: repeats a secret in an error, or takes a value of another kind for the one that is meant.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from appliance.errors import SettingsError
from appliance.parsing.small_file import read_small_file
from appliance.strict_json import InputError, require_number, show

CONFIRMED = "confirmed"
MOST_SECRET_BYTES = 4096


class AnswerError(SettingsError):
    """An answer is missing or cannot be used, and nothing was applied. `key`: its dotted name."""

    code = "answer"

    def __init__(self, key: str, *, what: str, advice: str) -> None:
        super().__init__(f"{key} {what}; {advice}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered in one table. `rows`: its entries where it is a list of tables.
    `directory`: where relative paths in it begin.
    """

    table: str
    values: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple["Answers", ...] = ()
    directory: Path = Path()

    @property
    def is_given(self) -> bool:
        """Whether anything was answered."""
        return bool(self.values or self.rows)

    def add(self, key: str, value: Any) -> "Answers":
        """These and one more; of a confirmation, the key that is confirmed."""
        if key == CONFIRMED:
            value = [*(self.find(CONFIRMED) or []), value]
        return replace(self, values={**self.values, key: value})

    def find(self, key: str) -> Any:
        """The value; None where it is not given."""
        return self.values.get(key)

    def find_whole_number(self, key: str, low: int, high: int) -> int | None:
        """A whole number within its limits, also as 4.0; raises `AnswerError`."""
        number = self.find_number(key, low, high)
        if number is not None and not number.is_integer():
            advice = f"give a whole number from {low} to {high}"
            raise self.refuse(key, what=f"cannot be {number:g}", advice=advice)
        return None if number is None else int(number)

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

    def find_choice(self, key: str, choices: Collection[str]) -> str | None:
        """One of the words; raises `AnswerError`."""
        value = self.find(key)
        if value is not None and value not in choices:
            advice = f"it is one of {', '.join(choices)}"
            raise self.refuse(key, what=f"cannot be {show(value)}", advice=advice)
        return None if value is None else str(value)

    def find_secret(self, key: str) -> str | None:
        """A secret, from the key itself or from the first line of the file that `KEY_file` names;
        raises `AnswerError`.
        """
        name = self.find_text(f"{key}_file", 4096)
        if name is None:
            return self._find_secret_text(key)
        path = self.directory / name
        try:
            text = read_small_file(path, MOST_SECRET_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is no text (UTF-8)"
            raise self.refuse(
                f"{key}_file", what=f"{path} cannot be read: {what}", advice="name a file with it"
            ) from None
        return self._refuse_unprintable(f"{key}_file", text.partition("\n")[0].rstrip("\r"))

    def _find_secret_text(self, key: str) -> str | None:
        value = self.find(key)
        if value is not None and not isinstance(value, str):
            raise self.refuse(key, what="is no text", advice="write it in quotes")
        return None if value is None else self._refuse_unprintable(key, value)

    def _refuse_unprintable(self, key: str, secret: str) -> str:
        """One line that can be written and typed again; what it is is not repeated."""
        if not secret.isprintable() or len(secret) > MOST_SECRET_BYTES:
            what = "holds what cannot be typed, or is too long"
            raise self.refuse(key, what=what, advice="it is one line of letters, digits and signs")
        return secret

    def has_confirmed(self, key: str) -> bool:
        """Whether `confirmed` names that key: a warning about it is accepted."""
        listed = self.find(CONFIRMED)
        return isinstance(listed, list) and (key in listed or f"{self.table}.{key}" in listed)

    def refuse(self, key: str, *, what: str, advice: str) -> AnswerError:
        """The error about one key: what is wrong and what to do."""
        return AnswerError(f"{self.table}.{key}", what=what, advice=advice)
