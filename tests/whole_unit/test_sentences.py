"""What the page may show of the unit is made by `say`, so that it has a translation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("appliance/access/database.py", "appliance/actuators/switch.py", "appliance/parsing"),
    *("appliance/settings_change", "appliance/settings_file.py", "appliance/settings_rules"),
    *("appliance/store", "appliance/strict_json.py", "appliance/web"),
    *("inference/model_store", "power/audit", "power/protocol", "power/reading"),
    *("ota/health", "ota/layers", "ota/mirrors", "ota/payload", "ota/slots", "ota/trust"),
    *("ota/manifest.py", "ota/ddi"),
)
# What a command alone says, what ends a process before it is heard, and what only programs read.
LEFT_OUT = (
    *("appliance/store/decoding.py", "appliance/store/restore.py", "appliance/store/store.py"),
    *(
        "appliance/web/openapi",
        "appliance/web/request_head.py",
        "appliance/web/server.py",
        "inference/model_store/card_making",
        "ota/slots/backend.py",
    ),
    *(
        "ota/payload/packing.py",
        "ota/trust/conformance.py",
        "ota/trust/pages.py",
        "ota/trust/ratchet.py",
    ),
)
RAISED = re.compile(
    r"\w+(Error|Refused|Fault)$|NoAnswer|WrongFrame|ExceptionAnswer|DamagedReply|NotFound|"
    r"BadRequest|Conflict|ServiceUnavailable|NotAllowed|NotLoggedIn|SettingsFinding|BadLine"
)
BUILTIN = ("TypeError", "ValueError", "KeyError", "OSError", "EOFError", "RuntimeError")
BUILTIN_ALIKE = (*BUILTIN, "FileNotFoundError", "PermissionError", "TimeoutError")


def list_files() -> Iterator[Path]:
    for room in ROOMS:
        place = ROOT / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if not str(path.relative_to(ROOT)).startswith(LEFT_OUT):
                yield path


def find_plain(tree: ast.AST) -> Iterator[ast.expr]:
    """Texts with a space that are given to what is raised, as they are."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id
        if RAISED.fullmatch(name) and name not in BUILTIN_ALIKE:
            yield from filter(is_plain, [*node.args, *(one.value for one in node.keywords)])


def is_plain(node: ast.expr) -> bool:
    """Whether it is a text, or an f-string, of more than one word."""
    if isinstance(node, ast.BinOp):
        return is_plain(node.left) or is_plain(node.right)
    if isinstance(node, ast.IfExp):
        return is_plain(node.body) or is_plain(node.orelse)
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value.strip()
        for one in parts
    )


def test_what_goes_wrong_is_said_as_a_sentence() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in list_files()
        for node in find_plain(ast.parse(path.read_text()))
    ]
    assert found == [], "make it with `say`, and give it its Romanian (docs/languages.md)"


def test_a_plain_text_is_found() -> None:
    tree = ast.parse('raise StoreError(f"the file {path} is gone")\nraise StoreError(say("a b"))')
    assert len(list(find_plain(tree))) == 1
