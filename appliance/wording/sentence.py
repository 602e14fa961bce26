"""A sentence that is text and data at once: the English text, with its template and its values.

    why = say("the battery has {celsius:.0f} C, which is too hot", celsius=51.2)
    why == "the battery has 51 C, which is too hot"     # a str like any other
    why.template, why.values                            # what a translation is made from
    say_count("{count} camera", "{count} cameras", 2)   # with a plural
    join_sentences("; ", [why, "a plain text"])         # still data

Reads and writes: nothing; pure.
Never: evaluates a template: a placeholder is a name with a format for a number or a time, so that
a template from a damaged row reaches nothing. What is made from a sentence with `+`, a slice or an
f-string is plain text.
"""

import re
import string
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import Enum, IntEnum
from functools import lru_cache
from numbers import Integral, Real
from typing import Annotated, Any, Self

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
NUMBER_FORM = re.compile(r"[+]?0?\d{0,2},?(?:\.\d{1,2})?[dfg%]?")
TIME_FORM = re.compile(r"[%A-Za-z0-9 .,:/-]{2,40}")
COUNT = "count"  # the value that chooses the plural
SENTENCE = "a sentence"
Said = Annotated[str, SENTENCE]  # the type of a row's field that holds one
Part = tuple[str, str | None, str]  # literal text, then a value's name (None: none) and its form
Write = Callable[[Any, str], str]


class Sentence(str):
    """English text that knows what it was made from. `many`: its template in the plural, where one
    of its values, `count`, chooses between both.
    """

    __slots__ = ("many", "template", "values")
    template: str
    values: Mapping[str, Any]
    many: str | None

    def __new__(cls, template: str, values: Mapping[str, Any], many: str | None = None) -> Self:
        chosen = choose_english(template, many, values)
        parse_template(chosen)  # it asks for no more than values
        made = super().__new__(cls, chosen.format_map(values))
        made.template, made.values, made.many = template, values, many
        return made

    def __str__(self) -> str:
        """Itself: `str(error)` of an error that was raised with a sentence is that sentence."""
        return self

    def __format__(self, form: str) -> str:
        return format(as_plain(self), form)

    def __reduce__(self) -> tuple[Any, ...]:
        return Sentence, (self.template, dict(self.values), self.many)


def say(template: str, /, **values: Any) -> Sentence:
    """The sentence of that template; raises `ValueError` or `KeyError` where it is no template.

    Values are numbers, times, texts, sentences and members of enumerations, which go by their word.
    """
    return Sentence(template, {name: as_value(value) for name, value in values.items()})


def say_count(one: str, many: str, /, count: float, **values: Any) -> Sentence:
    """As `say`, with `one` where the figure of `count` is 1, else with `many`."""
    return Sentence(
        one, {name: as_value(value) for name, value in values.items()} | {COUNT: count}, many
    )


def join_sentences(separator: str, parts: Iterable[str]) -> str:
    """The parts with `separator` between them; each stays data. One part is that part."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    if not any(isinstance(one, Sentence) for one in found):
        return separator.join(found)
    names = [f"part{number}" for number in range(1, len(found) + 1)]
    template = escape(separator).join(f"{{{name}}}" for name in names)
    return Sentence(template, dict(zip(names, found, strict=True)))


def as_plain(text: str) -> str:
    """The text alone."""
    return str.__str__(text)


def as_sentence(text: str) -> Sentence:
    """A text of ours that was kept as plain text, or a word, as one that can be translated."""
    return text if isinstance(text, Sentence) else Sentence(escape(text), {})


def as_value(value: Any) -> Any:
    """A value as sentences keep it: a member of an enumeration by its word, another object (a path,
    an error) by its text, a number of a library as one of Python.
    """
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, Enum):
        return as_sentence(str(value.value))
    if value is None or isinstance(value, (str, int, float, datetime)):
        return value
    if isinstance(value, Real):
        return int(value) if isinstance(value, Integral) else float(value)
    return str(value)


def escape(text: str) -> str:
    """A text as a template that says just this."""
    return text.replace("{", "{{").replace("}", "}}")


def choose_english(template: str, many: str | None, values: Mapping[str, Any]) -> str:
    """The template in the singular or in the plural: in the plural unless the figure is 1."""
    if many is None:
        return template
    form = next((form for _, name, form in parse_template(template) if name == COUNT), "")
    return template if format(values[COUNT], form) == "1" else many


def fill(template: str, values: Mapping[str, Any], write: Write) -> str:
    """A template with each value as `write` writes it in its form."""
    return "".join(
        literal if name is None else literal + write(values[name], form)
        for literal, name, form in parse_template(template)
    )


@lru_cache(maxsize=1024)
def parse_template(template: str) -> tuple[Part, ...]:
    """The parts of a template; raises `ValueError` where it asks for more than values."""
    return tuple(check_part(part) for part in string.Formatter().parse(template))


def check_part(part: tuple[str, str | None, str | None, str | None]) -> Part:
    """One part as `string.Formatter` gives it."""
    literal, name, form, turned = part
    if name is None:
        return literal, None, ""
    form = form or ""
    is_form = NUMBER_FORM.fullmatch(form) or ("%" in form and TIME_FORM.fullmatch(form))
    if not NAME.fullmatch(name) or turned is not None or not is_form:
        raise ValueError(f"{{{name}}} with the form {form!r} is no placeholder of a sentence")
    return literal, name, form


def list_names(template: str) -> set[str]:
    """The names of the values that a template needs."""
    return {name for _, name, _ in parse_template(template) if name is not None}
