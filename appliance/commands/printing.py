"""How commands print: coloured panels on a terminal, plain aligned text into a pipe.

Reads: nothing. Writes: standard output.
Never: imports `rich` where nobody would see it, or lets a text from outside (a unit's report, a
device's name) move the cursor or begin a line.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.log import redact
from appliance.wording.sentence_data import AS_DATA, SENTENCES, encode_document
from appliance.wording.shorten import make_printable

BAD, DIM, GOOD, PLAIN = "bold red", "dim", "green", ""


@dataclass(frozen=True, slots=True)
class Line:
    """A name and its text; `style` matters on a terminal only."""

    name: str
    text: str
    style: str = PLAIN


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: Sequence[Line]
    style: str = PLAIN


def show(sections: Sequence[Section]) -> None:
    """Print sections; those without lines are left out."""
    filled = [
        Section(section.title, [clean(line) for line in section.lines], section.style)
        for section in sections
        if section.lines
    ]
    if sys.stdout.isatty():
        show_panels(filled)
    else:
        show_text(filled)


def clean(line: Line) -> Line:
    """Each in one line, without passwords."""
    return Line(make_printable(line.name), make_printable(redact(line.text)), line.style)


def show_text(sections: Sequence[Section]) -> None:
    """Plain text, the names in one column through all sections."""
    width = max((len(line.name) for section in sections for line in section.lines), default=0)
    for number, section in enumerate(sections):
        print(f"{'' if number == 0 else chr(10)}{make_printable(section.title)}")
        for line in section.lines:
            print(f"  {line.name:<{width}}  {line.text}".rstrip())


def show_panels(sections: Sequence[Section]) -> None:
    """The same with frames and colours."""
    from rich.console import Console  # noqa: PLC0415  (only for a terminal)
    from rich.panel import Panel  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    width = max((len(line.name) for section in sections for line in section.lines), default=0)
    console = Console()
    for section in sections:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=width, no_wrap=True)
        grid.add_column(overflow="fold")
        for line in section.lines:
            grid.add_row(Text(line.name, DIM), Text(line.text, line.style))
        style = section.style or "cyan"
        console.print(
            Panel(
                grid,
                title=Text(make_printable(section.title)),
                title_align="left",
                border_style=style,
            )
        )


def show_json(document: Any) -> None:
    """Print a document as JSON, secrets removed; for the page with its sentences as data."""
    if os.environ.get(SENTENCES) == AS_DATA:
        document = encode_document(document)
    print(redact(json.dumps(document, indent=2, ensure_ascii=False)))
