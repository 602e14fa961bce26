"""Sentences in another language: alone, or all of a document.

    translate(say("the battery has {celsius:.1f} C", celsius=51.2), "ro")
    translate({"reason": why, "level": "ECO"}, "ro")    # other texts stay as they are

Reads: the catalogues beside this file (`make catalogues`), once for each language. Writes: nothing.
Never: loads a catalogue, or Babel, for English; and never fails for what a sentence holds: a text
that the catalogue lacks is shown in English, its figures as the language writes them.
"""

import gettext
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from appliance.wording.sentence import COUNT, Sentence, fill, list_names

CATALOGUES = Path(__file__).parent / "catalogues"
DOMAIN = "messages"
ENGLISH = "en"
LANGUAGES = (ENGLISH, "ro")
FIGURE = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")
FEW = 2  # of what a figure like 0.5 takes the plural in the languages that we have
# What `strftime` writes in English, as Babel names it; the rest is the same everywhere.
DATE_WORDS = {"%a": "EEE", "%A": "EEEE", "%b": "MMM", "%B": "MMMM"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Language:
    """One language that is not English."""

    name: str
    catalogue: gettext.NullTranslations
    decimal_mark: str
    group_mark: str
    percent: str

    def choose(self, sentence: Sentence) -> str:
        """The template in this language; the English one where there is none, or it needs values
        that are not given.
        """
        if sentence.many is None:
            found = self.catalogue.gettext(sentence.template) if sentence.template else ""
        else:
            number = count_for_plural(sentence.values[COUNT])
            found = self.catalogue.ngettext(sentence.template, sentence.many, number)
        try:
            is_whole = list_names(found) <= set(sentence.values)
        except ValueError:
            is_whole = False
        return found if is_whole else sentence.template

    def write(self, value: Any, form: str) -> str:
        """One value."""
        if isinstance(value, Sentence):
            return self.render(value)
        if isinstance(value, datetime):
            return self.write_time(value, form)
        text = format(value, form)
        return text if isinstance(value, (str, bool)) or value is None else self.write_number(text)

    def write_number(self, text: str) -> str:
        """A number that was written in English."""
        marks = {".": self.decimal_mark, ",": self.group_mark}
        found = FIGURE.sub(lambda one: "".join(marks.get(c, c) for c in one[0]), text)
        return self.percent.replace("#", found[:-1]) if found.endswith("%") else found

    def write_time(self, value: datetime, form: str) -> str:
        """A time with its words in this language."""
        from babel.dates import format_datetime  # noqa: PLC0415  (not for English)

        def write_word(one: re.Match[str]) -> str:
            return str(format_datetime(value, DATE_WORDS[one[0]], locale=self.name))

        own = re.sub("|".join(DATE_WORDS), write_word, form)
        return value.strftime(own) if form else str(value)

    def render(self, sentence: Sentence) -> str:
        """The whole sentence."""
        return fill(self.choose(sentence), sentence.values, self.write)


def translate(thing: T, language: str) -> T:
    """A sentence, or a document with the sentences in it, in that language; English stays."""
    if language == ENGLISH or language not in LANGUAGES:
        return thing
    return cast("T", translate_part(thing, load_language(language)))


def translate_part(thing: Any, language: Language) -> Any:
    """Any part of a document."""
    if isinstance(thing, Sentence):
        return language.render(thing)
    if isinstance(thing, dict):
        return {key: translate_part(item, language) for key, item in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [translate_part(item, language) for item in thing]
    return thing


@cache
def load_language(name: str) -> Language:
    """The catalogue of a language and how it writes numbers."""
    from babel import Locale, numbers  # noqa: PLC0415  (not for English)

    locale = Locale.parse(name)
    return Language(
        name,
        gettext.translation(DOMAIN, CATALOGUES, [name], fallback=True),
        numbers.get_decimal_symbol(locale),
        numbers.get_group_symbol(locale),
        locale.percent_formats[None].pattern.replace("#,##0", "#"),
    )


def count_for_plural(count: float) -> int:
    """The whole number whose plural a figure takes."""
    return int(abs(count)) if float(count).is_integer() else FEW
