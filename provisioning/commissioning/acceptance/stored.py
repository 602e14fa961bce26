"""How the last acceptance test ended, as a file: its findings and its report.

    store(unit, Stored(sha256, findings, report))
    found = load(unit)                  # None: never tested, or the file is damaged

Reads and writes: acceptance.json, durable.
Never: says of other settings that they were tested: it names those that were.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.parsing.small_file import read_kept_file, read_small_file
from appliance.parsing.toml_text import MOST_BYTES as TOML_BYTES
from appliance.parsing.toml_text import parse_toml
from appliance.store.durable_files import replace_file, sync_directory
from appliance.strict_json import InputError, parse_object
from provisioning.commissioning.findings import Finding, decode_finding, encode_finding
from provisioning.commissioning.unit import Unit

FILE, MOST_BYTES, MODE = "acceptance.json", 4_000_000, 0o640
FORMAT = 1
UNTESTED = ("clock", "simulation", "web", "kiosk")  # sections


@dataclass(frozen=True, slots=True)
class Stored:
    """`settings_sha256`: of the settings that were tested. `report`: its directory."""

    settings_sha256: str
    findings: tuple[Finding, ...]
    report: Path


def hash_settings(unit: Unit) -> str:
    """Of what the settings say now, without what no check depends on: comments, order, how the page
    is shown. Raises `InputError`, `OSError`.
    """
    tree = parse_toml(read_small_file(unit.settings_path, TOML_BYTES))[1]
    tested = {key: value for key, value in tree.items() if key not in UNTESTED}
    text = json.dumps(level(tested), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def level(value: Any) -> Any:
    """384 and 384.0 are one setting."""
    if isinstance(value, dict):
        return {key: level(one) for key, one in value.items()}
    if isinstance(value, list):
        return [level(one) for one in value]
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_whole else value


def load(unit: Unit) -> Stored | None:
    """None where there is none that can be read; it is then tested anew."""
    try:
        data = read_kept_file(unit.directory / FILE, MOST_BYTES)
        tree = parse_object(data, most_bytes=MOST_BYTES)
        findings = tuple(decode_finding(one) for one in tree["checks"])
        return Stored(str(tree["settings_sha256"]), findings, Path(str(tree["report"])))
    except (FileNotFoundError, InputError, KeyError, TypeError):
        return None


def store(unit: Unit, done: Stored) -> None:
    """On the disk when it returns. Raises `OSError`."""
    tree = {
        "format": FORMAT,
        "settings_sha256": done.settings_sha256,
        "report": str(done.report),
        "checks": [encode_finding(one) for one in done.findings],
    }
    unit.directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tree, ensure_ascii=False)
    replace_file(unit.directory / FILE, text.encode(errors="replace"), mode=MODE)


def forget(unit: Unit) -> None:
    """The unit is another one than was tested: it is to be tested again. The reports stay. Raises
    `OSError`.
    """
    path = unit.directory / FILE
    path.unlink(missing_ok=True)
    if unit.directory.exists():
        sync_directory(unit.directory)
