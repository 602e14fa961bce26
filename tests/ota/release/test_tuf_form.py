"""The metadata held against the text of the TUF specification (1.0.31, section 4), as plain JSON.

Nothing of python-tuf or of this program reads here, but for the canonical form of a key.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from securesystemslib.formats import encode_canonical

from tests.ota.release.conftest import Desk

HEX64 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
FILE = {
    "type": "object",
    "required": ["version"],
    "properties": {"version": {"type": "integer", "minimum": 1}},
}
TARGET = {
    "type": "object",
    "required": ["length", "hashes"],
    "properties": {
        "length": {"type": "integer"},
        "hashes": {"type": "object", "required": ["sha256"], "additionalProperties": HEX64},
        "custom": {"type": "object"},
    },
    "additionalProperties": False,
}
ROLE = {
    "type": "object",
    "required": ["keyids", "threshold"],
    "properties": {
        "keyids": {"type": "array", "items": HEX64, "uniqueItems": True, "minItems": 1},
        "threshold": {"type": "integer", "minimum": 1},
    },
}
OF_TYPE: dict[str, Any] = {
    "root": {
        "required": ["keys", "roles", "consistent_snapshot"],
        "properties": {
            "roles": {
                "required": ["root", "targets", "snapshot", "timestamp"],
                "additionalProperties": ROLE,
            },
            "keys": {"type": "object", "propertyNames": HEX64},
        },
    },
    "timestamp": {
        "required": ["meta"],
        "properties": {"meta": {"required": ["snapshot.json"], "maxProperties": 1}},
    },
    "snapshot": {
        "required": ["meta"],
        "properties": {"meta": {"required": ["targets.json"], "additionalProperties": FILE}},
    },
    "targets": {
        "required": ["targets"],
        "properties": {"targets": {"additionalProperties": TARGET}},
    },
}
COMMON = {
    "type": "object",
    "required": ["signed", "signatures"],
    "properties": {
        "signatures": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["keyid", "sig"],
                "properties": {"keyid": HEX64, "sig": {"pattern": "^[0-9a-f]+$"}},
                "additionalProperties": False,
            },
        },
        "signed": {
            "required": ["_type", "spec_version", "version", "expires"],
            "properties": {
                "_type": {"enum": sorted(OF_TYPE)},
                "spec_version": {"pattern": r"^1\.\d+\.\d+$"},
                "version": {"type": "integer", "minimum": 1},
                "expires": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
            },
        },
    },
    "additionalProperties": False,
}


@pytest.fixture
def files(desk: Desk) -> list[Path]:
    desk.issue("r1", 1)
    desk.do("assign", "u1", "r1")
    desk.do("keys", "rotate", "director-online-1")
    found = sorted(desk.tree.rglob("metadata/*.json"))
    assert len(found) > 20
    return found


def test_each_file_has_the_form_of_the_specification(files: list[Path]) -> None:
    for path in files:
        one = json.loads(path.read_bytes())
        jsonschema.validate(one, COMMON)
        jsonschema.validate(one["signed"], OF_TYPE[one["signed"]["_type"]])


def test_each_file_is_called_as_its_version_says(files: list[Path]) -> None:
    for path in files:
        signed = json.loads(path.read_bytes())["signed"]
        if signed["_type"] == "timestamp":
            assert path.name == "timestamp.json"
        else:
            assert re.fullmatch(rf"{signed['version']}\.[a-z0-9-]+\.json", path.name)


def test_a_key_is_called_by_the_hash_of_its_canonical_form(files: list[Path]) -> None:
    roots = [path for path in files if path.name.endswith(".root.json")]
    for path in roots:
        for keyid, key in json.loads(path.read_bytes())["signed"]["keys"].items():
            canonical = encode_canonical(key)
            assert isinstance(canonical, str)
            assert hashlib.sha256(canonical.encode()).hexdigest() == keyid


def test_no_root_of_one_repository_follows_on_one_of_the_other(files: list[Path]) -> None:
    versions = {
        name: [
            int(path.name.split(".")[0])
            for path in files
            if path.name.endswith(".root.json") and path.parts[-3] == name
        ]
        for name in ("image", "director")
    }
    assert versions == {"image": [1], "director": [1_000_001, 1_000_002]}


def test_a_bin_of_a_large_fleet_is_small(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("renew", "--bins", 256)
    desk.do("assign", *(f"unit-{number:04d}" for number in range(2500)), "r1")
    newest = sorted((desk.tree / "director/metadata").glob("*.bins-0?.json"))
    assert max(path.stat().st_size for path in newest) < 8_000
