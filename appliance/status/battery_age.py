"""What the battery has gone through and what it holds, for the status document.

Reads: the newest BatteryAge, the settings. Writes: nothing.
Never: gives a capacity that was not learned, or cycles of the maker's counting: an equivalent full
cycle is the rated capacity discharged once.
"""

from appliance.chemistry import compute_capacity_ah
from appliance.model import BatteryAge
from appliance.settings import Settings
from appliance.status.freshness import Document
from appliance.store.rows import encode_time
from appliance.store.store import Store

DAY_S = 86_400.0


def describe_battery_age(store: Store, settings: Settings) -> Document | None:
    """Its figures; None before the first row. Stored once an hour, they do not become old."""
    age = store.last(BatteryAge)
    if age is None:
        return None
    rated_ah, since_s = compute_capacity_ah(settings.battery), store.clock.age_s(age.stamp) or 0.0
    return {
        "since": encode_time(age.since),
        "charged_ah": round(age.charged_ah, 1),
        "discharged_ah": round(age.discharged_ah, 1),
        "equivalent_cycles": round(age.discharged_ah / rated_ah, 2),
        "rated_ah": round(rated_ah, 1),
        "capacity_ah": round_known(age.capacity_ah, 1.0),
        "capacity_sigma_ah": round_known(age.capacity_sigma_ah, 1.0),
        "health_pct": round_known(age.capacity_ah, 100 / rated_ah),
        "health_sigma_pct": round_known(age.capacity_sigma_ah, 100 / rated_ah),
        "capacity_at": age.capacity_at and encode_time(age.capacity_at),
        "days_since_full": round((age.since_full_s + max(0.0, since_s)) / DAY_S, 2),
    }


def round_known(value: float | None, factor: float) -> float | None:
    """A figure times a factor, with one decimal; None stays None."""
    return None if value is None else round(value * factor, 1)
