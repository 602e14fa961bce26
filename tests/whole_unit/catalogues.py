"""The catalogues of the page's languages, made from the texts of the code: `make catalogues`.

    appliance/wording/catalogues/messages.pot                  all texts, in English
    appliance/wording/catalogues/LANGUAGE/LC_MESSAGES/messages.po    a translator's file
    ... messages.mo, appliance/web/static/catalogues/LANGUAGE.json   made from it

Reads: Python (`say`, `say_count`, titles of views), templates (`_`, `_n`), scripts (`t`, `tn`).
Writes: these files. What a translator has written stays, a text that is gone goes.
Never: guesses a translation from a similar text.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from appliance.sections.values import is_named
from appliance.settings import Settings
from appliance.settings_change.keys import list_fields
from appliance.settings_change.schema import describe_section

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "appliance/wording/catalogues"
TEMPLATE = PLACE / "messages.pot"
SCRIPTS = ROOT / "appliance/web/static/catalogues"
LANGUAGES = ("ro",)
MADE = datetime(2026, 1, 1, tzinfo=UTC)  # always: a file changes only with its texts
Keywords = Mapping[str, Any]
SOURCES: tuple[tuple[str, str, Keywords], ...] = (
    ("**/*.py", "python", {"say": None, "say_count": (1, 2), "View": (2,)}),
    ("web/templates/**/*.html", "jinja2.ext:babel_extract", {"_": None, "_n": (1, 2)}),
    ("web/static/**/*.js", "javascript", {"t": None, "tn": (1, 2)}),
)
OPTIONS = {"parse_template_string": True}  # of scripts: `${t("...")}`
NOUNS: Keywords = {"format_count": (2,)}
PACKAGES = ("appliance", "power", "sensors", "inference", "ota", "provisioning/commissioning")
LEFT_OUT = ("vendor", "release", "fleet", "models")  # other people's files; the release engineer's


def find_texts() -> Catalog:
    """All texts of the code, each with the files that have it."""
    catalog, no_line = make_catalog(), 0
    for package in PACKAGES:
        for pattern, method, keywords in SOURCES:
            for path in sorted((ROOT / package).glob(pattern)):
                if set(path.relative_to(ROOT).parts) & set(LEFT_OUT):
                    continue
                for text in extract_texts(path, method, keywords):
                    catalog.add(text, locations=[(str(path.relative_to(ROOT)), no_line)])
    for text in sorted(list_help_texts()):
        catalog.add(text, locations=[("appliance/sections", no_line)])
    for message in catalog:
        message.flags -= {"python-format", "python-brace-format"}
    return catalog


def list_help_texts() -> set[str]:
    """What the settings view says of each section and key."""
    found = [
        describe_section(
            name, get_args(hint)[1] if is_named(hint) else hint, (name,), is_family=False
        )
        for name, (_, hint) in list_fields(Settings).items()
    ]
    texts = set()
    while found:
        section = found.pop()
        texts |= {section["help"], *(key["help"] for key in section["keys"])}
        found += section["families"]
    return {one.template for one in texts if one}


def make_catalog(language: str | None = None) -> Catalog:
    """An empty one."""
    return Catalog(
        locale=language,
        project="The unit's page",
        version="1",
        header_comment="# Texts of the unit's page; docs/languages.md says how to translate them.",
        copyright_holder="",
        msgid_bugs_address="",
        last_translator="",
        language_team="",
        creation_date=MADE,
        revision_date=MADE,
        charset="utf-8",
        fuzzy=False,
    )


def extract_texts(path: Path, method: str, keywords: Keywords) -> Iterator[Any]:
    """The texts of one file; a pair where there is a plural, also for the noun of a count."""
    for _, text, _, _ in extract_from_file(method, path, keywords, options=OPTIONS):
        yield text
    if method == "python":
        for _, noun, _, _ in extract_from_file(method, path, NOUNS):
            yield f"{{figure}} {noun}", f"{{figure}} {noun}s"


def read_catalogue(language: str) -> Catalog:
    """A translator's file; an empty one where there is none yet."""
    path = find_po(language)
    if not path.exists():
        return make_catalog(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def find_po(language: str) -> Path:
    """Where that file is."""
    return PLACE / language / "LC_MESSAGES/messages.po"


def is_told(message: Message) -> bool:
    """Whether a text has its translation: all forms of it, where it has a plural."""
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return bool(message.id) and all(forms)


def format_po(catalog: Catalog) -> bytes:
    """As the file has it."""
    out = BytesIO()
    write_po(out, catalog, width=100, ignore_obsolete=True, include_lineno=False)
    return out.getvalue()


def format_mo(catalog: Catalog) -> bytes:
    """As programs read it."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def format_scripts(catalog: Catalog) -> str:
    """What the page's scripts say: `{"text": "...", "one": ["...", "...", "..."]}`."""
    texts = {
        message.id[0] if isinstance(message.id, tuple) else message.id: message.string
        for message in catalog
        if is_told(message) and any(file.endswith(".js") for file, _ in message.locations)
    }
    return json.dumps(texts, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def main() -> None:
    """Write all of them."""
    texts = find_texts()
    PLACE.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_bytes(format_po(texts))
    for language in LANGUAGES:
        catalog = read_catalogue(language)
        catalog.update(texts, no_fuzzy_matching=True)
        catalog.creation_date = catalog.revision_date = MADE
        find_po(language).parent.mkdir(parents=True, exist_ok=True)
        find_po(language).write_bytes(format_po(catalog))
        find_po(language).with_suffix(".mo").write_bytes(format_mo(catalog))
        SCRIPTS.mkdir(exist_ok=True)
        (SCRIPTS / f"{language}.json").write_text(format_scripts(catalog))
        missing = sum(not is_told(message) for message in catalog if message.id)
        print(f"{language}: {len(catalog)} texts, {missing} without translation")


if __name__ == "__main__":
    main()
