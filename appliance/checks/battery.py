"""Check: is there a fresh estimate of the battery's charge, and is it certain enough?

Reads: the newest BatteryState. Writes: nothing.
Never: trusts a charge without its uncertainty.
"""

from appliance.checks import NO_DATABASE, Finding
from appliance.clock import Clock
from appliance.model import BatteryState
from appliance.settings import Settings
from appliance.status.status_document import compute_power_max_age_s
from appliance.store.store import Store

NAME = "battery"
LARGE_SIGMA_PCT = 10.0


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if store is None:
        return Finding(NAME, NO_DATABASE, ok=None)
    state = store.latest(BatteryState, compute_power_max_age_s(settings))
    if state is None or state.state_of_charge_pct is None or state.sigma_pct is None:
        return Finding(
            NAME,
            "the charge of the battery is not known",
            "check the charger's line first: without readings there is no estimate",
            ok=False,
        )
    text = f"{state.state_of_charge_pct:.0f} +- {state.sigma_pct:.0f} %, {state.method}"
    return Finding(
        NAME,
        text,
        "let it charge once until full: there the charge is synchronised",
        ok=state.sigma_pct <= LARGE_SIGMA_PCT,
    )
