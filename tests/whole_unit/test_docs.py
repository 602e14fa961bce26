"""The documents name only files, units and pages that exist."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.whole_unit.docs_text import DOCUMENTS, LINK, PATH, UNIT, read_prose, read_tree

CODE_ENDINGS = (".py", ".md", ".svg", ".lock", ".rules", ".catalog")
TABLE_HEAD = re.compile(r"\|[ :|-]*-[ :|-]*\|$")
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

documents = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


@documents
def test_each_path_of_the_repository_exists(document: Path) -> None:
    named = {found.rstrip(".") for found in PATH.findall(read_prose(document))}
    wrong = [name for name in sorted(named) if is_ours(name) and not exists(name, document)]
    assert wrong == [], f"{document.name} names files that do not exist"


def is_ours(name: str) -> bool:
    return name.split("/", maxsplit=1)[0] in TOP - {"build"} or name.endswith(CODE_ENDINGS)


def exists(name: str, document: Path) -> bool:
    """Whether a tracked path is `name` or ends with it; `*` stands for anything but a slash."""
    if "NAME" in name or (document.parent / name).exists():
        return True
    pattern = re.escape(name.rstrip("/")).replace(r"\*", "[^/]*")
    return any(re.search(rf"(^|/){pattern}$", path) for path in read_tree())


@documents
def test_each_unit_exists(document: Path) -> None:
    image = ROOT / "provisioning/image/files/etc/systemd/system"
    folders = (ROOT / "systemd", ROOT / "systemd/kiosk", image)
    files = {path.name for folder in folders for path in folder.glob("appliance*")}
    stems = {re.sub(r"@?\.\w+$", "", name) for name in files}
    named = set(UNIT.findall(read_prose(document)))
    wrong = [name for name in sorted(named) if not unit_exists(name, files, stems)]
    assert wrong == [], f"{document.name} names units that are not in systemd/"


def unit_exists(name: str, files: set[str], stems: set[str]) -> bool:
    template = re.sub(r"@[\w*]*", "@", name)
    if "." in template:
        return template in files
    return f"{template}.service" in files if template.endswith("@") else template in stems


@documents
def test_each_relative_link_leads_somewhere(document: Path) -> None:
    targets = [link.split("#")[0] for link in LINK.findall(read_prose(document))]
    wrong = [target for target in targets if not (document.parent / target).exists()]
    assert wrong == [], f"{document.name} links to files that do not exist"


def test_the_readme_leads_to_every_document() -> None:
    named = LINK.findall(read_prose(ROOT / "README.md"))
    assert [
        path.name for path in (ROOT / "docs").glob("*.md") if f"docs/{path.name}" not in named
    ] == []


@documents
def test_each_table_is_whole(document: Path) -> None:
    """A blank line within a table ends it: its rows below would show as text with bars."""
    lines = ["", *document.read_text().splitlines(), ""]
    broken = [
        lines[at]
        for at in range(1, len(lines) - 1)
        if lines[at].startswith("|")
        and not lines[at - 1].startswith("|")
        and not TABLE_HEAD.match(lines[at + 1])
    ]
    assert broken == []


def test_no_paragraph_of_the_settings_page_shows_as_code() -> None:
    lines = (ROOT / "docs/settings.md").read_text().splitlines()
    assert [line for line in lines if line.startswith(("    ", "\t"))] == []
