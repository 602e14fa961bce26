"""Sentences in Romanian: figures and times as the language writes them, English for what lacks."""

import gettext
import subprocess
import sys
from datetime import UTC, datetime

from appliance.wording.sentence import say, say_count
from appliance.wording.translating import FEW, Language, count_for_plural, load_language, translate

AT = datetime(2026, 4, 15, 5, 4, tzinfo=UTC)


class Catalogue(gettext.NullTranslations):
    """A catalogue of three entries."""

    texts = {
        "it has {celsius:.1f} C": "are {celsius:.1f} °C",
        "{name} waits": "{other} așteaptă",
    }

    def gettext(self, message: str) -> str:
        return self.texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        forms = ("{count} cameră", "{count} camere", "{count} de camere")
        return forms[0 if n == 1 else 1 if n == 0 or 0 < n % 100 < 20 else 2]


def make_language() -> Language:
    known = load_language("ro")
    return Language("ro", Catalogue(), known.decimal_mark, known.group_mark, known.percent)


def test_a_sentence_is_told_with_the_figures_of_the_language() -> None:
    language = make_language()
    assert language.render(say("it has {celsius:.1f} C", celsius=51.25)) == "are 51,2 °C"


def test_what_the_catalogue_lacks_is_told_in_english_with_the_figures_of_the_language() -> None:
    told = translate(say("zz {wh:,.1f} Wh, {share:.0%}", wh=12345.6, share=0.4), "ro")
    assert told == "zz 12.345,6 Wh, 40\xa0%"


def test_an_entry_that_needs_another_value_is_passed_over() -> None:
    assert make_language().render(say("{name} waits", name="gate")) == "gate waits"


def test_the_plural_has_three_forms() -> None:
    def count(number: float) -> str:
        return make_language().render(say_count("{count} camera", "{count} cameras", number))

    assert [count(n) for n in (1, 2, 20, 0.5)] == [
        "1 cameră",
        "2 camere",
        "20 de camere",
        "0,5 camere",
    ]
    assert count_for_plural(0.5) == FEW


def test_days_and_months_have_their_words() -> None:
    assert translate(say("zz {at:%A %d %B %H:%M}", at=AT), "ro") == "zz miercuri 15 aprilie 05:04"
    assert translate(say("zz {at:%H:%M}", at=AT), "ro") == "zz 05:04"


def test_names_and_other_texts_stay_as_they_are() -> None:
    inner = say("zz of {name}, {on}", name="gate 1.5", on=True)
    document = {"a": [inner, "1.5"], "b": {"c": None, "d": 1.5}}
    assert translate(document, "ro") == {
        "a": ["zz of gate 1.5, True", "1.5"],
        "b": {"c": None, "d": 1.5},
    }


def test_english_and_languages_that_we_lack_stay_english() -> None:
    why = say("zz {celsius:.1f} C", celsius=51.2)
    assert translate(why, "en") is why
    assert translate(why, "tlh") is why


def test_english_loads_neither_babel_nor_a_catalogue() -> None:
    code = (
        "import sys; from appliance.wording.translating import translate; "
        "from appliance.wording.sentence import say; translate(say('x'), 'en'); "
        "assert 'babel' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
