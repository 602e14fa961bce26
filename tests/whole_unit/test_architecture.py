"""The structure as it is drawn and as it is built: the picture is current, files keep small."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.whole_unit import architecture_picture

ROOT = Path(__file__).parents[2]
PACKAGES = ("appliance", "power", "sensors", "inference", "ota", "provisioning")
LOOSE_FILES = {"power": 6, "inference": 6, "appliance": 14, "tests": 15}
MOST_LINES = 400


def product_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def function_lengths() -> list[int]:
    """Lines of every function of the product, shortest first."""
    nodes = (node for path in product_files() for node in ast.walk(ast.parse(path.read_text())))
    return sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_the_picture_of_the_packages_is_the_one_that_the_contracts_give() -> None:
    stored = (ROOT / "docs/architecture.svg").read_text()
    assert stored == architecture_picture.draw(), "run `make docs`"


def test_no_package_keeps_more_loose_files_than_a_newcomer_can_take_in() -> None:
    for package, most in LOOSE_FILES.items():
        loose = sorted(path.name for path in (ROOT / package).glob("*.py"))
        assert len(loose) <= most, (package, loose)


def test_no_file_is_longer_than_400_lines() -> None:
    paths = [*product_files(), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_are_short() -> None:
    lengths = function_lengths()
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 20


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [path for path in product_files() if path.stem in empty_words] == []


def test_each_quantity_of_the_glossary_stands_where_the_glossary_says() -> None:
    lines = (ROOT / "docs/glossary.md").read_text().splitlines()
    rows = [line.split("|") for line in lines if line.count("|") == 6 and "`" in line]
    assert len(rows) > 20
    for row in rows:
        source = (ROOT / row[5].strip()).read_text()
        for name in row[4].replace("`", "").split(","):
            assert f"{name.strip()}:" in source, (name, row[5])
