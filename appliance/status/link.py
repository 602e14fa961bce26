"""The mobile link in the status document: how far the modem is, what it has used, and why.

Reads: the newest `LinkState`, the settings. Writes: nothing.
Never: shows an old state as the present one.
"""

from appliance.model_updates import LinkState
from appliance.settings import Settings
from appliance.status.freshness import Document, describe_age
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say

OLD = say("not known: the last look is older than 3 minutes")
FIGURES = ("interface", "operator", "technology", "signal_pct", "is_metered")


def describe_link(store: Store, settings: Settings) -> Document | None:
    """None where the unit has none, or before it was looked at."""
    state = store.last(LinkState) if settings.link.enabled else None
    if state is None:
        return None
    seen = describe_age(store, state)
    fresh = state if seen["fresh"] else None
    next_on = fresh.next_on if fresh else None
    return seen | {
        "phase": fresh.phase.value if fresh else "unknown",
        "sentence": fresh.reason if fresh else OLD,
        **{name: getattr(fresh, name, None) for name in FIGURES},
        "reached_at": encode_time(state.reached) if state.reached else None,
        "month_bytes": state.month_bytes,
        "budget_bytes": state.budget_bytes,
        "waits": state.waits,
        "next_on": encode_time(next_on) if next_on else None,
        "resets": state.resets,
    }
