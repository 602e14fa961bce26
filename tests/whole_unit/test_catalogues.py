"""The catalogues hold what the code says, and each translation needs what its text needs."""

import json
from collections.abc import Iterator
from io import BytesIO
from string import Formatter

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from appliance.wording.sentence import list_names
from appliance.wording.translating import CATALOGUES, LANGUAGES, load_language
from tests.whole_unit import catalogues
from tests.whole_unit.catalogues import SCRIPTS, TEMPLATE, find_po, format_mo, format_scripts

OTHERS = [name for name in LANGUAGES if name != "en"]
DIACRITICS_OF_TURKISH = "şţŞŢ"  # with a cedilla; Romanian has a comma below: ș, ț


def list_messages(language: str) -> Iterator[Message]:
    """The translated texts of a language."""
    for message in catalogues.read_catalogue(language):
        if message.id and any(list_forms(message.string)):
            yield message


def list_forms(text: object) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (str(text),)


def test_every_text_of_the_code_is_in_the_template() -> None:
    with TEMPLATE.open("rb") as file:
        known = {message.id for message in read_po(file)}
    now = {message.id for message in catalogues.find_texts()}
    assert now - known == set(), "not in the template; run: make catalogues"
    assert known - now == set(), "of no use any more; run: make catalogues"


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_the_texts_of_the_template(language: str) -> None:
    with TEMPLATE.open("rb") as file:
        known = {message.id for message in read_po(file)}
    assert {message.id for message in catalogues.read_catalogue(language)} == known


@pytest.mark.parametrize("language", OTHERS)
def test_what_programs_read_is_made_from_the_translators_file(language: str) -> None:
    catalog = catalogues.read_catalogue(language)
    made = find_po(language).with_suffix(".mo").read_bytes()
    assert made == format_mo(catalog), "run: make catalogues"
    assert (SCRIPTS / f"{language}.json").read_text() == format_scripts(catalog)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_of_its_text(language: str) -> None:
    wrong = [
        (one, form)
        for message in list_messages(language)
        for one in list_forms(message.id)[:1]
        for form in list_forms(message.string)
        if list_values(form) - {"count"} != list_values(one) - {"count"}
    ]
    assert wrong == []


def list_values(text: str) -> set[str]:
    """The names in a text, where it has such; a brace of a script may be none."""
    try:
        return list_names(text)
    except ValueError:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_a_plural_has_all_its_forms(language: str) -> None:
    catalog = catalogues.read_catalogue(language)
    wrong = [
        message.id
        for message in list_messages(language)
        if isinstance(message.id, tuple)
        and not (
            len(list_forms(message.string)) == catalog.num_plurals
            and all(list_forms(message.string))
        )
    ]
    assert wrong == []


def test_romanian_has_three_plurals_and_its_own_letters() -> None:
    catalog = catalogues.read_catalogue("ro")
    assert catalog.num_plurals == 3
    text = find_po("ro").read_text()
    assert not set(text) & set(DIACRITICS_OF_TURKISH)


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_has_its_translation(language: str) -> None:
    missing = [
        message.id
        for message in catalogues.read_catalogue(language)
        if message.id and not catalogues.is_told(message)
    ]
    assert missing == []


def test_the_plural_of_the_scripts_is_that_of_the_catalogue() -> None:
    """Scripts choose by the browser's rules (one, few, other), in this order."""
    ngettext = load_language("ro").catalogue.ngettext
    assert CATALOGUES.is_dir()
    plural = catalogues.read_catalogue("ro").plural_expr
    forms = [
        0 if n == 1 else 1 if n == 0 or 0 < n % 100 < 20 else 2 for n in (0, 1, 2, 19, 20, 101)
    ]
    assert forms == [1, 0, 1, 1, 2, 1]
    assert plural.replace(" ", "") == "(n==1?0:n==0||n!=1&&n%100>=1&&n%100<=19?1:2)"
    assert ngettext("zz", "zzz", 1) == "zz"


def test_a_new_text_is_found_in_the_code(tmp_path: object) -> None:
    (method,) = {method for _, method, _ in catalogues.SOURCES if method == "python"}
    keywords = catalogues.SOURCES[0][2]
    code = b'say("it has {a:.0f} C", a=1); say_count("{count} x", "{count} xs", 2)'
    from babel.messages.extract import extract

    found = [text for _, text, _, _ in extract(method, BytesIO(code), keywords)]
    assert found == ["it has {a:.0f} C", ("{count} x", "{count} xs")]
    assert json.loads(format_scripts(catalogues.read_catalogue("ro"))) is not None
