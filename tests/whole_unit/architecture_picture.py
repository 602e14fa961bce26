"""Draws docs/architecture.svg: the packages and their rooms, from the bottom floor up.

Reads: the import contracts in pyproject.toml (which import-linter checks against the code) and the
first sentence of each package. Writes: standard output; `make docs` stores it.
Never: draws what the contracts do not say: a room may import those below it in its own panel, and
the floors below.
"""

import ast
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = (("provisioning",), ("inference",), ("power", "sensors", "ota"), ("appliance",))
WIDTH, GAP, PAD = 1000, 14, 12
ROW, HEAD = 26, 44
CHARACTER, BOLD = 5.9, 7.2  # mean width of one character, px
NAMES = 110  # where the text beside a name begins
STYLE = """text { font: 12px system-ui, sans-serif; fill: #1c2733 }
.panel { fill: #f4f6f8; stroke: #c3ccd5 } .room { fill: #ffffff; stroke: #8fa1b3 }
.name { font-weight: 600 } .floor { font-size: 15px; font-weight: 700 } .says { fill: #55636f }"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One package: its caption and its rows of rooms, the highest row first."""

    package: str
    says: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def height(self) -> int:
        return HEAD + len(self.rows) * ROW + (PAD if self.rows else 0)


def caption(path: Path) -> str:
    """The first sentence of a package's or module's docstring, without its full stop."""
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text())) or ""
    sentence = " ".join(text.split("\n\n", 1)[0].split()).split(". ", 1)[0]
    return sentence.rstrip(".")


def layers(package: str, contracts: Sequence[dict[str, object]]) -> tuple[tuple[str, ...], ...]:
    """The rows of rooms of one package, as its own contract lists them."""
    for contract in contracts:
        found = contract.get("layers")
        if contract.get("containers") == [package] and isinstance(found, list):
            return tuple(tuple(room.strip() for room in row.split("|")) for row in found)
    return ()


def read_contracts() -> list[dict[str, object]]:
    """The import contracts, in the order of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts: list[dict[str, object]] = project["tool"]["importlinter"]["contracts"]
    return contracts


def panels() -> list[list[Panel]]:
    """All packages by floor, the highest first; what is inside a room is not drawn."""
    contracts = read_contracts()
    return [
        [Panel(name, caption(ROOT / name), layers(name, contracts)) for name in floor]
        for floor in FLOORS
    ]


def short(text: str, width: float) -> str:
    """As many whole words as fit into `width` px."""
    room = int(width / CHARACTER)
    if len(text) <= room:
        return text
    return text[: room - 1].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" rx="4"/>'
    )


def words(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'


def draw_row(package: str, row: Sequence[str], x: float, y: float, width: float) -> list[str]:
    """One row: its rooms side by side; a room that has the row for itself says what it is."""
    each = (width - 2 * PAD - (len(row) - 1) * 6) / len(row)
    drawn = []
    for place, room in enumerate(row):
        left = x + PAD + place * (each + 6)
        drawn += [box(left, y, each, ROW - 5, "room"), words(left + 8, y + 15, room, "name")]
        if len(row) == 1:
            start = max(NAMES, len(room) * BOLD + 20)
            says = short(caption(ROOT / package / room.replace(".", "/")), each - start - 10)
            drawn.append(words(left + start, y + 15, says, "says"))
    return drawn


def draw_panel(panel: Panel, x: float, y: float, width: float, height: float) -> list[str]:
    drawn = [box(x, y, width, height, "panel"), words(x + PAD, y + 19, panel.package, "floor")]
    drawn.append(words(x + PAD, y + 36, short(panel.says, width - 2 * PAD), "says"))
    for place, row in enumerate(panel.rows):
        drawn += draw_row(panel.package, row, x, y + HEAD + place * ROW, width)
    return drawn


def widths(floor: Sequence[Panel]) -> list[float]:
    """A floor's width, shared: a package without rooms takes little of it."""
    shares = [3.2 if len(panel.rows) > 6 else 1.8 if panel.rows else 0.8 for panel in floor]
    free = WIDTH - GAP * (len(floor) - 1)
    return [free * share / sum(shares) for share in shares]


def draw() -> str:
    """The whole picture as SVG."""
    drawn: list[str] = []
    y = 0.0
    for floor in panels():
        x, height = 0.0, max(panel.height for panel in floor)
        for panel, width in zip(floor, widths(floor), strict=True):
            drawn += draw_panel(panel, x + 1, y + 1, width - 2, height)
            x += width + GAP
        y += height + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" role="img">'
    title = "<title>Packages and rooms: each may import what is drawn below it</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *drawn, "</svg>", ""])


if __name__ == "__main__":
    sys.stdout.write(draw())
