"""What is known of one unit, and what that means for a release that it is to have. Pure.

    statuses = parse_statuses(data)                      # a JSON list, one object for each unit
    find_condition(statuses.get("field-7"), "2026.12", now)

Reads and writes: nothing.
Never: takes a unit that sleeps, or of which nothing is heard, for one that failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from appliance import strict_json
from ota.release.errors import ReleaseError

MOST_BYTES = 64 * 1024**2
MOST_UNITS = 100_000
MOST_FAILED = 100  # releases of one unit
LONGEST_NAME = 200
GRACE = timedelta(hours=2)  # after the time at which a sleeper was expected
SILENCE = timedelta(hours=36)  # a unit reports once a day at least, also when it hibernates
T = TypeVar("T")
REQUIRED = ("name", "group", "running_release", "reported_at")


class Condition(Enum):
    """How far a unit is with the release of its rollout. The first that fits holds."""

    COMMITTED = "committed"
    FAILED = "failed"
    ASLEEP = "asleep"
    SILENT = "silent"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """By the unit's last report. `running_release`: the committed one, "" where none is known.

    `step` and `waits_for`: of the update under way. `reported_at`: None where it never reported.
    `expected_at`: when it will be back, None while it is awake. Times are UTC.
    """

    name: str
    group: str
    running_release: str = ""
    failed_releases: tuple[str, ...] = ()
    step: str = ""
    waits_for: str = ""
    reported_at: datetime | None = None
    expected_at: datetime | None = None


def find_condition(status: UnitStatus | None, release: str, now: datetime) -> Condition:
    """`status` None: nothing is known of the unit."""
    if status is None:
        return Condition.SILENT
    if status.running_release == release:
        return Condition.COMMITTED
    if release in status.failed_releases:
        return Condition.FAILED
    if status.expected_at is not None and now < status.expected_at + GRACE:
        return Condition.ASLEEP
    if status.reported_at is None or now - status.reported_at >= SILENCE:
        return Condition.SILENT
    return Condition.WAITING


# --- as a file -----------------------------------------------------------------------------------


def parse_statuses(data: bytes) -> dict[str, UnitStatus]:
    """By the name of the unit. Raises `ReleaseError`."""
    try:
        tree = strict_json.parse_json(data, most_bytes=MOST_BYTES)
        found = [parse_status(one) for one in strict_json.require_list(tree, "it", MOST_UNITS)]
    except ValueError as error:
        raise ReleaseError(
            f"the list of units cannot be used: {error}; it is a JSON list of objects with "
            f"{', '.join(REQUIRED)}, and may have failed_releases, step, waits_for, expected_at"
        ) from None
    statuses = {one.name: one for one in found}
    if len(statuses) < len(found):
        twice = next(one.name for one in found if statuses[one.name] is not one)
        raise ReleaseError(f"the list of units names {twice} twice; leave the older report out")
    return statuses


def parse_status(tree: Any) -> UnitStatus:
    if not isinstance(tree, dict):
        raise strict_json.InputError(f"{strict_json.show(tree)} is no object")
    strict_json.refuse_unknown(tree, UnitStatus.__slots__)
    for name in REQUIRED:
        if name not in tree:
            raise strict_json.InputError(f"{strict_json.show(tree)} has no {name}")
    failed = strict_json.require_list(tree.get("failed_releases") or [], "failed", MOST_FAILED)
    return UnitStatus(
        name=require_name(tree["name"], "name"),
        group=require_name(tree["group"], "group"),
        running_release=find_text(tree, "running_release"),
        failed_releases=tuple(require_name(one, "failed_releases") for one in failed),
        step=find_text(tree, "step"),
        waits_for=find_text(tree, "waits_for"),
        reported_at=find(tree, "reported_at", strict_json.require_time),
        expected_at=find(tree, "expected_at", strict_json.require_time),
    )


def require_name(value: Any, what: str) -> str:
    if not strict_json.require_text(value, what, LONGEST_NAME):
        raise strict_json.InputError(f"{what} is empty")
    return str(value)


def find_text(tree: dict[str, Any], name: str) -> str:
    return find(tree, name, lambda value, what: strict_json.require_text(value, what, 200)) or ""


def find(tree: dict[str, Any], name: str, require: Callable[[Any, str], T]) -> T | None:
    """None where the key is missing or null."""
    value = tree.get(name)
    return None if value is None else require(value, name)
