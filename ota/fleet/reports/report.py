"""A unit's report as the fleet reads it (what a unit writes: ota/checkin/report.py).

    report = parse_report(data)      # raises `RefusalError`, report-invalid

Reads and writes: nothing; pure.
Never: takes a value out of its bounds, or refuses a field that a newer unit has added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.shorten import shorten
from ota.fleet.errors import RefusalError

MOST_BYTES = 256 * 1024
MOST_FAULTS = 50
MOST_RELEASES = 50
LONGEST_NAME, LONGEST_TEXT = 80, 2000
FORMAT = 1
HASH_DIGITS = 64
MOST_DAYS, MOST_KWH = 1000, 100_000
MOST_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Fault:
    """An open fault of the unit; `since`: UTC."""

    code: str
    source: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Times are UTC by the unit's clock, which a time server has confirmed or not. None: the unit
    does not know it, or does not tell.

    `key_sha256`: of the key that signs it. `follows`: SHA-256 of the report that the fleet has
    acknowledged last, None where there was none; `number`: one more than that report's.
    `running_release`: the committed one. `expected_at`: when a unit that sleeps will be back.
    """

    unit: str
    group: str
    key_sha256: str
    number: int
    follows: str | None
    at: datetime
    clock_confirmed: bool
    running_release: str
    step: str
    release: str
    reason: str
    waits_for: str
    failed_releases: tuple[str, ...]
    expected_at: datetime | None
    level: str | None
    charge_pct: float | None
    autonomy_days: float | None
    sun_week_kwh: float | None
    latitude_deg: float | None
    longitude_deg: float | None
    faults: tuple[Fault, ...]


def parse_report(data: bytes) -> Report:
    """Raises `RefusalError` with what is wrong."""
    try:
        return build_report(strict_json.parse_object(data, most_bytes=MOST_BYTES))
    except (InputError, KeyError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RefusalError(
            f"this is no report of a unit: {what}; update the unit, or send the bytes of its "
            "report.json as they are",
            "report-invalid",
            400,
        ) from error


def build_report(tree: Mapping[str, Any]) -> Report:
    strict_json.require_whole_number(tree["format"], "format", FORMAT, FORMAT)
    return Report(
        unit=require_name(tree["unit"], "unit"),
        group=require_name(tree["group"], "group"),
        key_sha256=require_hash(tree["key"], "key"),
        number=strict_json.require_whole_number(tree["number"], "number", 1, MOST_NUMBER),
        follows=None if tree["follows"] is None else require_hash(tree["follows"], "follows"),
        at=strict_json.require_time(tree["at"], "at"),
        clock_confirmed=strict_json.require_flag(tree["clock_confirmed"], "clock_confirmed"),
        running_release=read_text(tree, "running_release"),
        step=read_text(tree, "state", 20),
        release=read_text(tree, "release"),
        reason=read_words(tree["reason"], "reason"),
        waits_for=read_text(tree, "waits_for", 40),
        failed_releases=read_releases(tree["failed_releases"]),
        expected_at=read_time(tree.get("expected_at"), "expected_at"),
        **read_energy(require_object(tree["energy"], "energy")),
        **read_place(require_object(tree.get("place") or {}, "place")),
        faults=read_faults(tree["faults"]),
    )


def read_energy(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "level": None if tree.get("level") is None else read_text(tree, "level", 20),
        "charge_pct": read_number(tree, "charge_pct", 0, 100),
        "autonomy_days": read_number(tree, "autonomy_days", 0, MOST_DAYS),
        "sun_week_kwh": read_number(tree, "sun_week_kwh", 0, MOST_KWH),
    }


def read_place(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "latitude_deg": read_number(tree, "latitude_deg", -90, 90),
        "longitude_deg": read_number(tree, "longitude_deg", -180, 180),
    }


def read_faults(value: object) -> tuple[Fault, ...]:
    return tuple(map(read_fault, strict_json.require_list(value, "faults", MOST_FAULTS)))


def read_fault(value: object) -> Fault:
    tree = require_object(value, "a fault")
    return Fault(
        code=require_name(tree["code"], "code"),
        source=require_name(tree["source"], "source"),
        text=read_words(tree["text"], "text"),
        since=strict_json.require_time(tree["since"], "since"),
    )


def read_releases(value: object) -> tuple[str, ...]:
    found = strict_json.require_list(value, "failed_releases", MOST_RELEASES)
    return tuple(require_name(one, "a failed release") for one in found)


def read_text(tree: Mapping[str, Any], name: str, longest: int = LONGEST_NAME) -> str:
    return refuse_nul(strict_json.require_text(tree[name], name, longest))


def read_words(value: object, name: str) -> str:
    """What people read: cut rather than refused, or a unit with an odd fault would fall silent."""
    text = strict_json.require_text(value, name, MOST_BYTES)
    return shorten(text.replace("\0", "?"), LONGEST_TEXT)


def read_number(tree: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    value = tree.get(name)
    return None if value is None else strict_json.require_number(value, name, low, high)


def read_time(value: object, name: str) -> datetime | None:
    return None if value is None else strict_json.require_time(value, name)


def require_object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name} must be an object, not {strict_json.show(value)}")
    return value


def require_name(value: object, name: str) -> str:
    text = refuse_nul(strict_json.require_text(value, name, LONGEST_NAME))
    if not text:
        raise InputError(f"{name} is empty")
    return text


def require_hash(value: object, name: str) -> str:
    text = strict_json.require_text(value, name, HASH_DIGITS)
    if len(text) != HASH_DIGITS or set(text) - set("0123456789abcdef"):
        raise InputError(f"{name} is no SHA-256 in 64 hex digits")
    return text


def refuse_nul(text: str) -> str:
    """PostgreSQL keeps no NUL in a text."""
    if "\0" in text:
        raise InputError("a text holds the character NUL")
    return text
