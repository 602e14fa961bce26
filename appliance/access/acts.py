"""The journal of acts: who did what, when, from where, and how it ended; refused ones too.

    act_id = begin_act(file, clock, person, "hold", "gate", {})    # before anything is done
    end_act(file, act_id, Outcome.DONE)

Reads and writes: `act`.
Never: lets something be done that could not be recorded, or forgets what was begun where the
process was killed in the middle: its outcome stays "begun".
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from appliance.access.database import AccessFile
from appliance.access.roles import Person
from appliance.clock import Clock
from appliance.store.rows import encode_time

MOST_ACTS = 10_000
MOST_REFUSED = 2000  # of them, so that who may do nothing pushes out nothing that was done
TRIM_REFUSED = (
    "DELETE FROM act WHERE outcome = ? AND id <= "
    "(SELECT id FROM act WHERE outcome = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
LONGEST_LIST = 1000
LONGEST = 200  # characters of each word
LONGEST_DETAIL = 4000
CUT = '{"cut": true}'  # in place of a longer detail


class Outcome(Enum):
    """How an act ended."""

    BEGUN = "begun"  # the process was killed before its end
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the journal."""

    act_id: int
    at: str
    name: str
    role: str
    origin: str
    source: str
    what: str
    target: str
    detail: str
    outcome: str


def begin_act(
    file: AccessFile,
    clock: Clock,
    person: Person,
    what: str,
    target: str,
    detail: Mapping[str, Any],
    outcome: Outcome = Outcome.BEGUN,
) -> int:
    """Its number. `clock`: the unit's. Raises `AccessError`."""
    now = clock.stamp()
    who = (person.name, person.role.word, person.origin.value, person.source)
    words = [one[:LONGEST] for one in (*who, what, target)]
    values = (encode_time(now.utc), now.boot_id, now.uptime_s, *words, encode(detail))
    with file.write() as db:
        sql = (
            "INSERT INTO act (at, boot_id, uptime_s, name, role, origin, source, what, target, "
            "detail, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        act_id = db.execute(sql, (*values, outcome.value)).lastrowid
        trim(db, outcome)
    return act_id or 0


def trim(db: sqlite3.Connection, outcome: Outcome) -> None:
    """The oldest go, where there are too many."""
    if outcome is Outcome.REFUSED:
        db.execute(TRIM_REFUSED, (outcome.value, outcome.value, MOST_REFUSED))
    sql = "DELETE FROM act WHERE id <= (SELECT id FROM act ORDER BY id DESC LIMIT 1 OFFSET ?)"
    db.execute(sql, (MOST_ACTS,))


def describe_act(
    file: AccessFile, act_id: int, what: str, target: str, detail: Mapping[str, Any]
) -> None:
    """Say more exactly what is done. Raises `AccessError`."""
    with file.write() as db:
        sql = "UPDATE act SET what = ?, target = ?, detail = ? WHERE id = ?"
        db.execute(sql, (what[:LONGEST], target[:LONGEST], encode(detail), act_id))


def end_act(file: AccessFile, act_id: int, outcome: Outcome) -> None:
    """Raises `AccessError`."""
    with file.write() as db:
        db.execute("UPDATE act SET outcome = ? WHERE id = ?", (outcome.value, act_id))


def list_acts(file: AccessFile, limit: int, before: int | None = None) -> list[Act]:
    """The newest first; only those before a number. Raises `AccessError`."""
    with file.read() as db:
        sql = "SELECT * FROM act WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?"
        return [decode(row) for row in db.execute(sql, (before, before, limit)).fetchall()]


def list_acts_before(
    file: AccessFile, at: str, limit: int, *, since: str = "", row: int | None = None
) -> list[Act]:
    """The newest first, by time: those before a stored time, or of that time with a lower number
    than `row`; from `since` on. Raises `AccessError`.
    """
    with file.read() as db:
        sql = (
            "SELECT * FROM act WHERE (at < ? OR (at = ? AND id < ?)) AND at >= ? "
            "ORDER BY at DESC, id DESC LIMIT ?"
        )
        values = (at, at, 0 if row is None else row, since, limit)
        return [decode(one) for one in db.execute(sql, values).fetchall()]


def describe(one: Act) -> dict[str, Any]:
    """As JSON has it."""
    return {**asdict(one), "detail": json.loads(one.detail)}


def decode(row: sqlite3.Row) -> Act:
    words = ("at", "name", "role", "origin", "source", "what", "target", "detail", "outcome")
    return Act(row["id"], *(str(row[word]) for word in words))


def encode(detail: Mapping[str, Any]) -> str:
    text = json.dumps(dict(detail), default=str, sort_keys=True)
    return text if len(text) <= LONGEST_DETAIL else CUT
