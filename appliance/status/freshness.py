"""When a row was written and whether it is still fresh: in every part of the status document.

Reads: the store's clock. Writes: nothing.
Never: judges an age by the wall clock.
"""

from typing import Any

from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say

NOT_YET = say("has not reported yet")

Document = dict[str, Any]


def describe_age(store: Store, row: Any, max_age_s: float | None = None) -> Document:
    """The fields `at` and `fresh`; None and False where there is no row.

    `max_age_s`: left out, what appliance/store/tables.py says of the row's table.
    """
    if row is None:
        return {"at": None, "fresh": False}
    return {"at": encode_time(row.stamp.utc), "fresh": store.is_fresh(row, max_age_s)}
