"""The structure as it is drawn and as it is built: the picture is current, files keep small."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.whole_unit import architecture_picture

ROOT = Path(__file__).parents[2]
PACKAGES = ("appliance", "power", "sensors", "inference", "ota", "provisioning")
LOOSE_FILES = {"power": 6, "inference": 6, "appliance": 16, "tests": 3}
MOST_LINES = 400
MOST_LONG_FILES, LONG_FILE_LINES = 0.08, 250  # of the product's files so many may be longer
MOST_BODY_LINES = 25  # of a function, without its docstring
# A list of fields, columns, registers or cases, one below the other: longer, and read in one go.
TABLES = {
    "appliance/status/camera_moment.py find_moment",
    "appliance/status/events.py describe_event",
    "appliance/web/event_data.py add_events",
    "appliance/store/migrations.py m0005_cameras",
    "ota/fleet/database/migrations/versions/m0001_fleet.py upgrade",
    "inference/commands/models.py add_arguments",
    "inference/events/draft.py begin_draft",
    "inference/events/draft.py make_event",
    "power/commands/energy.py add_arguments",
    "power/devices/jbd.py make_reading",
    "power/devices/jk.py make_reading",
    "power/devices/victron_gx.py make_reading",
    "power/reading/named_devices.py find_collision",
    "provisioning/simulated/devices/epever.py build_settings",
    "provisioning/simulated/devices/sunspec.py battery",
}

# Three or more positional parameters of one type, in an order that everybody knows: Modbus's own,
# width before height, voltage before current, mean before deviation, background after picture.
KNOWN_ORDERS = {
    "appliance/actuators/switch.py split_command",
    "inference/detection/model_input.py put_i420",
    "inference/events/zones.py compute_turn",
    "inference/tracking/boxes.py make_box",
    "power/devices/victron_gx_values.py is_power_consistent",
    "power/plan/weather_model.py compute_chance_below",
    "power/protocol/bus/modbus.py read",
    "power/protocol/bus/reader.py read",
    "power/protocol/conversions.py check_power_w",
    "power/protocol/register.py decode_block",
    "power/protocol/register.py select_registers",
    "provisioning/simulated/lines/loopback.py read",
    "provisioning/simulated/lines/pdu.py build_read",
    "sensors/camera/gates/picture_gate.py _find_largest",
    "sensors/camera/pictures/privacy_mask.py find_spans",
}


def product_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def product_functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the product, with its file and name."""
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT)} {node.name}", node


def count_lines(node: ast.FunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def count_body_lines(node: ast.FunctionDef) -> int:
    """Lines from the first statement on; a docstring does not count, and may be all of it. A
    sentence with its values is one step, however long it is.
    """
    body = node.body[1:] if ast.get_docstring(node) else node.body
    sentences = sum((one.end_lineno or 0) - one.lineno for one in find_sentences(node))
    return (node.end_lineno or 0) - body[0].lineno + 1 - sentences if body else 0


def find_sentences(node: ast.AST) -> Iterator[ast.Call]:
    """The outermost calls of `say` and `say_count`."""
    for one in ast.iter_child_nodes(node):
        called = one.func if isinstance(one, ast.Call) else None
        if isinstance(one, ast.Call) and getattr(called, "id", "") in ("say", "say_count"):
            yield one
        else:
            yield from find_sentences(one)


def test_the_picture_of_the_packages_is_the_one_that_the_contracts_give() -> None:
    stored = (ROOT / "docs/architecture.svg").read_text()
    assert stored == architecture_picture.draw(), "run `make docs`"


def test_every_package_has_a_contract_that_names_all_its_parts() -> None:
    contracts = architecture_picture.read_contracts()
    whole = [one.get("containers") for one in contracts if one.get("exhaustive") is True]
    directories = {path.parent for path in product_files()}
    for directory in directories:
        parts = {p for p in directory.iterdir() if p.suffix == ".py" or p in directories}
        name = ".".join(directory.relative_to(ROOT).parts)
        assert len(parts) <= 2 or [name] in whole, f"{name}: give it a contract in pyproject.toml"


def test_no_package_keeps_more_loose_files_than_a_newcomer_can_take_in() -> None:
    for package, most in LOOSE_FILES.items():
        loose = sorted(path.name for path in (ROOT / package).glob("*.py"))
        assert len(loose) <= most, (package, loose)


def test_no_file_is_longer_than_400_lines_and_few_are_long() -> None:
    paths = [*product_files(), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
    product = [len(path.read_text().splitlines()) for path in product_files()]
    assert sum(lines > LONG_FILE_LINES for lines in product) <= MOST_LONG_FILES * len(product)


def test_functions_are_short() -> None:
    lengths = sorted(count_lines(node) for _, node in product_functions())
    assert statistics.median(lengths) <= 7
    assert lengths[int(len(lengths) * 0.9)] <= 17


def test_only_tables_are_longer_than_25_lines() -> None:
    bodies = {name: count_body_lines(node) for name, node in product_functions()}
    assert {name for name, lines in bodies.items() if lines > MOST_BODY_LINES} == TABLES


def count_alike(node: ast.FunctionDef) -> int:
    """The most positional parameters that have one type."""
    types = [
        ast.unparse(one.annotation).removesuffix(" | None")
        for one in node.args.args
        if one.annotation is not None
    ]
    return max((types.count(one) for one in types), default=0)


def test_a_call_names_what_nobody_can_tell_apart() -> None:
    alike = {name for name, node in product_functions() if count_alike(node) >= 3}
    assert alike == KNOWN_ORDERS


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
