"""Goes on with rollouts by what units have reported, and keeps what is shown of them.

    lines = go_on(fleet, engine, place)      # publishes to `place` where something changed

Reads: the rows of units, the director's entries. Writes: through ota/release/rollouts/; the table
`rollout`.
Never: holds a rule of its own, or takes a unit that was revoked or is doubted for a success.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select

from ota.fleet.database.tables import rollout as rollout_table
from ota.fleet.database.tables import unit
from ota.fleet.registry.questions import reading
from ota.release.fleet import Fleet
from ota.release.metadata.bins import read_entries
from ota.release.metadata.reading import DIRECTOR
from ota.release.publishing import publish
from ota.release.rollouts.definition import format_definition
from ota.release.rollouts.describing import RolloutReport, report
from ota.release.rollouts.entries import list_definitions
from ota.release.rollouts.rollouts import advance_all
from ota.release.rollouts.status import Condition, UnitStatus


def read_statuses(engine: Engine) -> dict[str, UnitStatus]:
    """What the units of the fleet have reported, by their names."""
    columns = (
        *(unit.c.name, unit.c.fleet_group, unit.c.running_release, unit.c.failed_releases),
        *(unit.c.step, unit.c.waits_for, unit.c.reported_at, unit.c.received_at),
        *(unit.c.expected_at, unit.c.doubt),
    )
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(unit.c.revoked_at.is_(None))).all()
    return {
        row.name: UnitStatus(
            name=row.name,
            group=row.fleet_group,
            running_release="" if row.doubt else row.running_release,
            failed_releases=tuple(json.loads(row.failed_releases)),
            step=row.step,
            waits_for=row.waits_for,
            reported_at=row.received_at,  # by our clock: a unit's own may be wrong
            expected_at=row.expected_at,
        )
        for row in rows
    }


def go_on(fleet: Fleet, engine: Engine, place: Path) -> list[str]:
    """What was done, a line each; none where nothing changed. Raises `ReleaseError`, `OSError`."""
    statuses = read_statuses(engine)
    changed = [one.text for one in advance_all(fleet, statuses) if one.is_changed]
    if changed:
        publish(fleet, place)
    note_rollouts(fleet, engine, statuses)
    return changed


def note_rollouts(fleet: Fleet, engine: Engine, statuses: Mapping[str, UnitStatus]) -> None:
    """For the page: a copy of what is signed, and how many units are how far."""
    entries = read_entries(fleet.read_state(DIRECTOR))
    reports = [report(entries, one, statuses, fleet.now) for one in list_definitions(entries)]
    rows = [
        {
            "name": one.definition.name,
            "definition": json.dumps(format_definition(one.definition)),
            "counts": json.dumps(count(one)),
            "at": fleet.now,
        }
        for one in reports
    ]
    with engine.begin() as connection:
        connection.execute(delete(rollout_table))
        if rows:
            connection.execute(insert(rollout_table), rows)


def count(one: RolloutReport) -> dict[str, object]:
    """`waves`: by wave and condition; `outlook`: what the rules say now."""
    waves = {
        wave: {condition.value: found.count(condition) for condition in Condition}
        for wave, found in (one.counts or {}).items()
    }
    return {"waves": waves, "paused": one.paused, "outlook": one.outlook}
