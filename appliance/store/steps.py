"""Rows in steps of 5 minutes or an hour: averages of full rows, and the stored means.

Reads: the tables and their means, through the `Store` that it is given. Writes: nothing.
Never: invents a step: one without rows is missing from the answer.

Each row of an answer has the column `step`, the start of its step as stored.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum

from appliance.model import BatteryState, EnergyBudget, EnergyLevel, PowerReading
from appliance.store.decoding import decode_time, is_time, select_number
from appliance.store.rows import Row, encode_time
from appliance.store.store import Store, format_number
from appliance.store.tables import BY_ROW

FINE_S, COARSE_S = 300, 3600
FULL_PCT = 98  # of the charge: from here on the panels give less than they could
# Columns of the means of energy budgets: which share of the rows had that level.
LEVEL_SHARES = {f"at_{level.name.lower()}": level.name for level in EnergyLevel}


def format_step_start(column: str, step_s: int) -> str:
    """SQL: the start of the step that a stored time lies in, as stored.

    Cut from the text (02:07:30.250Z -> 02:05:00.000Z): several times faster than strftime.
    """
    if step_s == COARSE_S:
        return f"substr({column}, 1, 13) || ':00:00.000Z'"
    return f"substr({column}, 1, 14) || printf('%02d:00.000Z', substr({column}, 15, 2) / 5 * 5)"


def round_down(utc: datetime, step_s: int) -> datetime:
    """The start of the step that `utc` lies in."""
    return utc - timedelta(seconds=utc.timestamp() % step_s)


def read_means(
    store: Store, kind: type, since: datetime, until: datetime, *, step_s: int = FINE_S
) -> Sequence[Row]:
    """The stored means of `step_s` that begin from `since` to `until`, oldest first."""
    return select_readable(
        store.query(
            f"SELECT at AS step, * FROM {BY_ROW[kind].name}_mean "
            "WHERE step_s = ? AND at >= ? AND at <= ? ORDER BY at",
            (step_s, encode_time(since), encode_time(until)),
        )
    )


def find_first_mean(store: Store) -> datetime | None:
    """The start of the oldest stored mean of power; None where there is none."""
    found = store.query("SELECT min(at) AS step FROM power_reading_mean WHERE at >= '1970'")
    return next((decode_time(row["step"]) for row in found if is_time(row["step"])), None)


def average_rows(
    store: Store, kind: type, columns: Sequence[str], since: datetime, until: datetime
) -> Sequence[Row]:
    """The means of these columns over the full rows of each 5 minutes."""
    means = ", ".join(f"avg({format_number(column)}) AS {column}" for column in columns)
    return _group_rows(store, kind, means, since, until)


def read_last_levels(store: Store, since: datetime, until: datetime) -> Sequence[Row]:
    """The `level` of the last energy budget of each 5 minutes."""
    # SQLite takes the other columns from the row that has the maximum.
    levels = ", ".join(f"'{level.name}'" for level in EnergyLevel)
    wanted = f"level, max(CASE WHEN level IN ({levels}) THEN id END) AS last"
    rows = _query_steps(store, EnergyBudget, wanted, since, until)
    return [
        {"step": row["step"], "level": row["level"]}
        for row in rows
        if is_time(row["step"]) and row["last"] is not None
    ]


def average_levels(store: Store, since: datetime, until: datetime) -> Sequence[Row]:
    """The share of each level in the energy budgets of each 5 minutes: `LEVEL_SHARES`."""
    shares = ", ".join(f"avg({format_mean_value(name)}) AS {name}" for name in LEVEL_SHARES)
    return _group_rows(store, EnergyBudget, shares, since, until)


def format_mean_value(column: str) -> str:
    """SQL: what is averaged for a column of the means: a number, or whether a level was held."""
    if column in LEVEL_SHARES:
        return f"(level = '{LEVEL_SHARES[column]}')"
    return format_number(column)


def average_power(
    store: Store, held_stages: Collection[Enum], since: datetime, until: datetime
) -> Sequence[Row]:
    """Of each 5 minutes: `pv_w`, `pv_v` and `battery_c` (means), `held` (a charge controller was in
    one of `held_stages`) and `refused` (no battery took charge).
    """
    stages = ", ".join(f"'{stage.name}'" for stage in held_stages)
    wanted = (
        f"avg({format_number('pv_power_w')}) AS pv_w, "
        f"avg({format_number('pv_voltage_v')}) AS pv_v, "
        f"avg({format_number('battery_temperature_c')}) AS battery_c, "
        f"max(charge_stage IN ({stages})) AS held, max(charge_allowed = 0) AS refused"
    )
    return _group_rows(store, PowerReading, wanted, since, until)


def read_pv_steps(
    store: Store, since: datetime, until: datetime
) -> Iterator[tuple[datetime, float]]:
    """The mean PV power (W) of each 5 minutes that begins from `since` on, by its start: stored
    means, then full rows.
    """
    means = {
        row["step"]: row["pv_power_w"] for row in read_means(store, PowerReading, since, until)
    }
    full = average_rows(store, PowerReading, ("pv_power_w",), since, until)
    found = {row["step"]: row["pv_power_w"] for row in full} | means
    for step in sorted(found):
        if found[step] is not None:
            yield decode_time(step), found[step]


def list_blocked_steps(store: Store, since: datetime, until: datetime) -> set[str]:
    """The 5 minutes in which the charge was blocked at least once, or the battery as good as full:
    not every controller reports that it holds its voltage.
    """
    wanted = f"max(charge_blocked = 1 OR state_of_charge_pct >= {FULL_PCT}) AS blocked"
    rows = _group_rows(store, BatteryState, wanted, since, until)
    return {row["step"] for row in rows if row["blocked"]}


def read_energy_means(store: Store, step_s: int, since: datetime, until: datetime) -> Sequence[Row]:
    """The stored means of `step_s` from `since` to before `until`: `rows` (how many were averaged),
    `pv_w`, `pv_v`, `battery_c`, and `charge_pct` where the charge is known as well.
    """
    found = store.query(
        "SELECT power.at AS step, power.rows AS rows, power.pv_power_w AS pv_w, "
        "power.pv_voltage_v AS pv_v, power.battery_temperature_c AS battery_c, "
        "battery.state_of_charge_pct AS charge_pct "
        "FROM power_reading_mean AS power LEFT JOIN battery_state_mean AS battery "
        "ON battery.step_s = power.step_s AND battery.at = power.at "
        "WHERE power.step_s = ? AND power.at >= ? AND power.at < ?",
        (step_s, encode_time(since), encode_time(until)),
    )
    return [row for row in select_readable(found) if row["rows"] is not None]


def select_readable(found: Sequence[Row]) -> Sequence[Row]:
    """The steps of which the time can be read; what is no number in them is unknown."""
    return [
        {name: row[name] if name == "step" else select_number(row[name]) for name in row.keys()}  # noqa: SIM118
        for row in found
        if is_time(row["step"])
    ]


def _group_rows(
    store: Store, kind: type, wanted: str, since: datetime, until: datetime
) -> Sequence[Row]:
    """`wanted` (SQL, numbers) of the full rows of each 5 minutes."""
    return select_readable(_query_steps(store, kind, wanted, since, until))


def _query_steps(
    store: Store, kind: type, wanted: str, since: datetime, until: datetime
) -> Sequence[Row]:
    """`wanted` (SQL) of the full rows of each 5 minutes, as stored."""
    return store.query(
        f"SELECT {format_step_start('at', FINE_S)} AS step, {wanted} FROM {BY_ROW[kind].name} "
        "WHERE at >= ? AND at <= ? GROUP BY step",
        (encode_time(since), encode_time(until)),
    )
