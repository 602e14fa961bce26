"""What becomes of the alarms of erased events: all that they say of the event is overwritten.

    for sql, values in list_statements(chosen, "anna"):
        execute(sql, values)
    store.add_if(lambda execute: is_there(execute, event_ids, alarm_ids), *alarms)

That something was sent, when, by which rule and to whom stays: it says what left the unit, and the
numbers go on from it. What waits is not sent any more.

Reads: in the transaction that it is given. Writes: nothing; these are statements for the one that
deletes the events.
Never: touches an alarm that is of no event: a covered camera is told all the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

ERASED = "erased"
Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """SQL for the rows of events, whose columns alarms have as well, its one value, and the last
    row of them that is meant.
    """

    condition: str
    value: str
    last_id: int

    @property
    def alarms(self) -> Statement:
        """Their alarms: by the alarm's own columns, by the first event in it, by its picture."""
        events = f"FROM event WHERE id <= ? AND {self.condition}"
        own = (
            f"{self.condition} OR event_id IN (SELECT event_id {events}) "
            f"OR snapshot IN (SELECT snapshot {events})"
        )
        values = (self.value, self.last_id, self.value, self.last_id, self.value)
        return f"kind = 'EVENT' AND key <> '{ERASED}' AND ({own})", values


def list_statements(chosen: Chosen, who: str) -> Iterator[Statement]:
    """In this order; that `who` has erased it stands in place of each text. To be run before the
    events go.
    """
    reason = f"{ERASED} by {who}"
    condition, values = chosen.alarms
    alarms = f"SELECT alarm_id FROM alarm WHERE {condition}"
    messages = f"SELECT delivery_id FROM alarm_delivery WHERE alarm_id IN ({alarms})"
    waiting = "UPDATE alarm_delivery SET state = 'ACKNOWLEDGED', reason = ? "
    said = (
        f"UPDATE alarm SET key = '{ERASED}', text = ?, reason = ?, camera = '', label = '', "
        "snapshot = NULL, event_id = '', acknowledged_by = "
        "CASE acknowledged_by WHEN '' THEN ? ELSE acknowledged_by END"
    )
    for table, column in (("alarm_switch", "request_id"), ("switch_order", "event_id")):
        sql = f"UPDATE {table} SET reason = ? WHERE {column} IN ({messages})"
        yield sql, (reason, *values)
    sql = f"{waiting} WHERE state = 'WAITING' AND alarm_id IN ({alarms})"
    yield sql, (f"not sent: {reason}", *values)
    yield f"{said} WHERE {condition}", (ERASED, reason, f"{who} (erased it)", *values)


def is_there(
    execute: Callable[[str, tuple[Any, ...]], Any],
    event_ids: Iterable[str],
    alarm_ids: Iterable[str],
) -> bool:
    """Whether none of these was erased since it was read: to store it would bring it back."""
    event, alarm = (
        "SELECT 1 FROM event WHERE event_id = ?",
        "SELECT key FROM alarm WHERE alarm_id = ?",
    )
    keys = (execute(alarm, (one,)).fetchone() for one in alarm_ids)
    return all(execute(event, (one,)).fetchone() for one in event_ids) and not any(
        key is not None and key[0] == ERASED for key in keys
    )
