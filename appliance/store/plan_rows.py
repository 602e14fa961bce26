"""The stored plans and policies as the status and the chart read them.

Reads: `energy_plan_step`, `energy_policy`, through the `Store` that it is given. Writes: nothing.
Never: says whether a plan still holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.model import EnergyPlanStep, EnergyPolicy
from appliance.store.reading import select_columns
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row, encode_time
from appliance.store.store import Store

COLUMNS = (
    "pv_power_w",
    "load_power_w",
    "state_of_charge_pct",
    "level",
    "low_charge_pct",
    "high_charge_pct",
)

AS_STORED = ("at", "starts", "level")


def read_plan_steps(store: Store, since: datetime, until: datetime) -> Sequence[Row]:
    """The steps of all plans that start from `since` to before `until`, by plan (`at`), then start.

    Columns: `at`, `starts` (stored times) and `COLUMNS`.
    """
    search = RowSearch(
        "energy_plan_step",
        "starts >= ? AND starts < ?",
        "ORDER BY at, starts",
        (encode_time(since), encode_time(until)),
    )
    return select_readable(store, search, ("at", "starts", *COLUMNS))


def read_steps_of_plan(
    store: Store, *, made: datetime, after: datetime, until: datetime
) -> Sequence[Row]:
    """The steps of the plan made at `made` that start after `after` and before `until`, in order.

    Columns: `starts`, `level`, `state_of_charge_pct`, `low_charge_pct`.
    """
    search = RowSearch(
        "energy_plan_step",
        "starts > ? AND starts < ? AND at = ?",
        "ORDER BY starts",
        (encode_time(after), encode_time(until), encode_time(made)),
    )
    names = ("starts", "level", "state_of_charge_pct", "low_charge_pct")
    return select_readable(store, search, names)


def read_whole_plan(store: Store, *, made: datetime, after: datetime) -> Sequence[Row]:
    """All columns of the steps of the plan made at `made` that start after `after`, in order."""
    search = RowSearch(
        "energy_plan_step",
        "starts > ? AND at = ?",
        "ORDER BY starts",
        (encode_time(after), encode_time(made)),
    )
    return select_readable(store, search, ("starts", *COLUMNS))


@dataclass(frozen=True, slots=True)
class SourceStep:
    """A step of the newest plan with what second sources are expected to give."""

    starts: datetime
    power_w: float


def read_source_steps(store: Store, after: datetime) -> Sequence[SourceStep]:
    """The steps of the newest plan that start after `after`, where its sources are known."""

    def keep(row: Row) -> SourceStep | None:
        names = ("starts", "source_power_w")
        values = select_columns(EnergyPlanStep, names, row, store.unreadable)
        if values is None or values["source_power_w"] is None:
            return None
        return SourceStep(values["starts"], values["source_power_w"])

    newest = "at = (SELECT at FROM energy_plan_step ORDER BY id DESC LIMIT 1)"
    search = RowSearch(
        "energy_plan_step",
        f"{newest} AND starts > ? AND source_power_w > 0",
        "ORDER BY starts",
        (encode_time(after),),
    )
    return store.collect(search, keep)


def select_readable(store: Store, search: RowSearch, names: Sequence[str]) -> Sequence[Row]:
    """These columns of the steps that can be read; times and levels stay as stored."""

    def keep(row: Row) -> Row | None:
        values = select_columns(EnergyPlanStep, names, row, store.unreadable)
        if values is None:
            return None
        stored: dict[str, str] = {name: row[name] for name in AS_STORED if name in values}
        return values | stored

    return store.collect(search, keep)


def read_policy_facts(store: Store, at: datetime) -> Mapping[str, float] | None:
    """The facts of the newest policy that covers `at`; its large table is not read."""

    def keep(row: Row) -> Mapping[str, float] | None:
        values = select_columns(EnergyPolicy, ("facts",), row, store.unreadable)
        return None if values is None else values["facts"]

    covers, times = "starts <= ? AND ends > ?", (encode_time(at), encode_time(at))
    search = RowSearch("energy_policy", covers, "ORDER BY id DESC", times, "id, facts")
    found = store.collect(search, keep, 1)
    return found[0] if found else None


def read_policy_reason(store: Store, at: datetime) -> str | None:
    """The reason of the newest policy that covers `at`; its large table is not read."""

    def keep(row: Row) -> str | None:
        values = select_columns(EnergyPolicy, ("reason",), row, store.unreadable)
        return None if values is None else values["reason"]

    covers, times = "starts <= ? AND ends > ?", (encode_time(at), encode_time(at))
    search = RowSearch("energy_policy", covers, "ORDER BY id DESC", times, "id, reason")
    found = store.collect(search, keep, 1)
    return found[0] if found else None
