"""A report as PDF: A4, a text layer, fonts inside, page numbers, the same bytes each time.

    data = make_pdf(make_contents(report, "en"), report.made_at)

Reads: the fonts beside this file. Writes: nothing. Its import takes some 20 MB.
Never: depends on a font, a clock or a network of the computer that it is made on.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as Grid

from provisioning.commissioning.report.contents import (
    Block,
    Contents,
    Heading,
    Picture,
    Table,
    Text,
)

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MM = 72 / 25.4
MARGIN, FOOT = 15 * MM, 9 * MM
HIGHEST_PICTURE = 110 * MM
WIDTHS = {2: (0.3, 0.7), 4: (0.17, 0.13, 0.38, 0.32)}  # shares of the line
COLOURS = {"passed": "#1b6e2c", "failed": "#b00020"}


def make_pdf(contents: Contents, made_at: datetime) -> bytes:
    """The whole file."""
    register_fonts()
    file = io.BytesIO()
    paper = SimpleDocTemplate(
        file,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=contents.title,
        author="",
        subject=contents.title,
        creator="provisioning.commissioning.report",
        lang=contents.language,
        initialFontName=REGULAR,
        invariant=1,
    )
    page = Page(contents.title, made_at)
    paper.build(list(Flow(paper.width).make(contents)), onFirstPage=page.begin, onLaterPages=page)
    return file.getvalue()


def register_fonts() -> None:
    """Both of them, as a family, for bold words."""
    for name in (REGULAR, BOLD):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, str(FONTS / f"{name}.ttf")))


class Page:
    """What stands at the foot of each page, and the time that the file names."""

    def __init__(self, title: str, made_at: datetime) -> None:
        self._title, self._at = title[:80], made_at.astimezone(UTC)

    def begin(self, canvas: Any, paper: Any) -> None:
        """The first one: the file's times are those of the report."""
        stamp = canvas._doc._timeStamp  # noqa: SLF001  (ReportLab has no setter)
        stamp.t, stamp.lt = self._at.timestamp(), self._at.timetuple()
        stamp.YMDhms = tuple(stamp.lt)[:6]
        self(canvas, paper)

    def __call__(self, canvas: Any, paper: Any) -> None:
        canvas.setFont(REGULAR, 7)
        canvas.drawString(paper.leftMargin, FOOT, f"{self._title}  {self._at:%Y-%m-%d %H:%M} UTC")
        right = paper.leftMargin + paper.width
        canvas.drawRightString(right, FOOT, str(canvas.getPageNumber()))


class Flow:
    """The blocks as ReportLab lays them out on a line of `width` points."""

    def __init__(self, width: float) -> None:

        self._width = width - 12  # the frame's padding
        base = ParagraphStyle("text", fontName=REGULAR, fontSize=9, leading=12, splitLongWords=1)
        self._text = ParagraphStyle("space", base, spaceAfter=6)
        self._cell = ParagraphStyle("cell", base, fontSize=7.5, leading=9.5)
        self._head = ParagraphStyle("head", self._cell, fontName=BOLD)
        self._title = ParagraphStyle("title", base, fontName=BOLD, fontSize=15, leading=19)
        self._heading = ParagraphStyle(
            "heading", base, fontName=BOLD, fontSize=11, leading=14, spaceBefore=12, spaceAfter=4
        )
        self._heading.keepWithNext = 1

    def make(self, contents: Contents) -> Iterator[Any]:
        """All of it."""
        yield self._write(contents.title, self._title)
        yield Spacer(1, 8)
        for block in contents.blocks:
            yield self._lay(block)

    def _lay(self, block: Block) -> Any:
        if isinstance(block, Heading):
            return self._write(block.text, self._heading)
        if isinstance(block, Text):
            return self._write(block.text, self._text)
        return self._lay_picture(block) if isinstance(block, Picture) else self._lay_table(block)

    def _write(self, text: str, style: Any) -> Any:

        return Paragraph(escape(text), style)

    def _lay_picture(self, block: Picture) -> Any:

        share = min(self._width / block.width, HIGHEST_PICTURE / block.height)
        size = max(1.0, block.width * share), max(1.0, block.height * share)
        picture = Image(io.BytesIO(block.data), *size, hAlign="LEFT")
        return KeepTogether([picture, self._write(block.caption, self._text)])

    def _lay_table(self, block: Table) -> Any:

        head = [self._write(text, self._head) for text in block.columns]
        rows = [[self._write(text, self._cell) for text in row] for row in block.rows]
        widths = [self._width * share for share in WIDTHS[len(block.columns)]]
        grid = Grid([head, *rows], widths, repeatRows=1, hAlign="LEFT")
        grid.setStyle(self._choose_style(block))
        return grid

    def _choose_style(self, block: Table) -> Any:

        lines = [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("GRID", (0, 0), (-1, -1), 0.4, HexColor("#999999")),
            ("BACKGROUND", (0, 0), (-1, 0), HexColor("#eeeeee")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        for number, mark in enumerate(block.marks, start=1):
            if mark in COLOURS:
                line = ("LINEBEFORE", (0, number), (0, number), 3, HexColor(COLOURS[mark]))
                lines.append(line)
        return TableStyle(lines)
