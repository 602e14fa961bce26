"""All that an acceptance report says, frozen, and the same as JSON.

Reads and writes: nothing; pure.
Never: holds a password, a PIN, a token or an address with one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from appliance.store.rows import encode_time
from appliance.wording.sentence_data import encode_sentence
from provisioning.commissioning.findings import Figure, Finding, encode_finding

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Photograph:
    """What a camera sees. `data`: JPEG, None where there is none, and `note` says why."""

    camera: str
    data: bytes | None
    note: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class StepEntry:
    """How a step of commissioning ended. `facts`: its evidence, flat, values as text."""

    name: str
    status: str
    reason: str
    at: str
    who: str
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """`clock_confirmed`: whether a time server has confirmed `made_at`. `site`, `devices`,
    `versions`: what they name with its value. `settings_sha256`: of the settings file. `licences`:
    all packages with their licences, a line each. `left_open`: what is still to do.
    """

    unit: str
    identity: str
    key_sha256: str
    made_at: datetime
    clock_confirmed: bool
    who: str
    settings_sha256: str
    licences: str
    site: tuple[Figure, ...] = ()
    devices: tuple[Figure, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[StepEntry, ...] = ()
    checks: tuple[Finding, ...] = ()
    photographs: tuple[Photograph, ...] = ()
    left_open: tuple[str, ...] = ()

    @property
    def licences_sha256(self) -> str:
        """Of the list of packages."""
        return hashlib.sha256(self.licences.encode()).hexdigest()


def encode_report(report: Report, pictures: Mapping[str, str]) -> bytes:
    """As JSON. `pictures`: the file of each camera's photograph."""
    tree = {
        "format": FORMAT,
        "unit": report.unit,
        "identity": report.identity,
        "key_sha256": report.key_sha256,
        "made_at": encode_time(report.made_at),
        "clock_confirmed": report.clock_confirmed,
        "who": report.who,
        "settings_sha256": report.settings_sha256,
        "licences_sha256": report.licences_sha256,
        "site": [encode_value(one) for one in report.site],
        "devices": [encode_value(one) for one in report.devices],
        "versions": dict(report.versions),
        "steps": [encode_step(one) for one in report.steps],
        "checks": [encode_finding(one) for one in report.checks],
        "photographs": [encode_photograph(one, pictures) for one in report.photographs],
        "left_open": [encode_sentence(one) for one in report.left_open],
    }
    return (json.dumps(tree, indent=1, ensure_ascii=False) + "\n").encode(errors="replace")


def encode_value(one: Figure) -> dict[str, Any]:
    return {"title": encode_sentence(one.title), "value": one.value, "unit": one.unit}


def encode_step(one: StepEntry) -> dict[str, Any]:
    return {
        "name": one.name,
        "status": one.status,
        "reason": encode_sentence(one.reason),
        "at": one.at,
        "who": one.who,
        "warnings": [encode_sentence(text) for text in one.warnings],
        "facts": dict(one.facts),
    }


def encode_photograph(one: Photograph, pictures: Mapping[str, str]) -> dict[str, Any]:
    return {
        "camera": one.camera,
        "file": pictures.get(one.camera),
        "note": encode_sentence(one.note),
        "width": one.width,
        "height": one.height,
    }
