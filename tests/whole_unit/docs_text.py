"""What the documents say that can be checked: commands, paths, units, links.

Reads: README.md, CONTRIBUTING.md and docs/**/*.md. Writes: nothing.
Never: judges; the tests do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
OURS = (".venv/bin/", "unitctl ", "fleet ", "make ", "python -m ")
SHELL = "sh"
FENCE = re.compile(r"^ *```(\w*)$")
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
URL = re.compile(r"\w+://\S+")
# The sources below a power device: captures and files of other people's repositories
SOURCES = re.compile(r"^  \* .*(?:\n    .*)*", re.MULTILINE)
# a/b.py, systemd/*.service, faults.py: what looks like a file of ours
PATH = re.compile(r"(?<![\w/.~%<-])(?:[\w.*@-]+/)*[\w.*@-]+\.\w+|(?<![\w/.~%<-])(?:[\w.*@-]+/)+")
UNIT = re.compile(r"\bappliance-[a-z][a-z-]*(?:@[\w*]*)?(?:\.(?:service|timer|socket|target)\b)?")


@dataclass(frozen=True)
class Command:
    """One command line as a document shows it.

    `directory`: where an earlier `cd` led. `is_inline`: a sentence names it.
    """

    document: Path
    line: str
    directory: Path = ROOT
    is_inline: bool = False

    def __str__(self) -> str:
        return f"{self.document.name}: {self.line}"


def read_commands() -> list[Command]:
    """Every command of every document, each once, in the order of the documents."""
    found: dict[tuple[str, bool], Command] = {}
    for path in DOCUMENTS:
        for command in commands_of(path):
            found.setdefault((command.line, command.is_inline), command)
    return list(found.values())


def commands_of(path: Path) -> Iterator[Command]:
    directory, language = ROOT, ""
    for raw in path.read_text().splitlines():
        if fence := FENCE.match(raw):
            language = "" if language else fence[1] or "text"
            continue
        line = clean(raw)
        if language == SHELL or ((language or raw.startswith("    ")) and line.startswith(OURS)):
            directory = directory / line[3:] if line.startswith("cd ") else directory
            yield from (Command(path, part, directory) for part in line.split(" && ") if part)
        elif not language:
            inline = (clean(text) for text in INLINE.findall(raw))
            yield from (
                Command(path, text, is_inline=True) for text in inline if text.startswith(OURS)
            )


def is_ours(line: str) -> bool:
    return line.startswith(OURS)


def clean(line: str) -> str:
    """A command without prompt, comment and the brackets of what may be left out."""
    line = re.sub(r"(^|\s+)#.*", "", line.strip().removeprefix("$ "))
    return re.sub(r"\[(--[^\]]*)\]", r"\1", line)


@cache
def read_tree() -> frozenset[str]:
    """Every file and folder of the repository, relative to its root; no build output."""
    skipped = {".git", ".venv", "build", "__pycache__", ".mypy_cache", ".ruff_cache"}
    paths = (path for top in ROOT.iterdir() if top.name not in skipped for path in walk(top))
    return frozenset(path.relative_to(ROOT).as_posix() for path in paths)


def walk(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir() and path.name != "__pycache__":
        for below in path.iterdir():
            yield from walk(below)


def read_prose(path: Path) -> str:
    """The document's text without escapes, addresses and what is in other repositories."""
    return SOURCES.sub("", URL.sub("", path.read_text())).replace("\\_", "_")
