"""Check: is there a fresh belief about the battery, and is it a good one?

Reads: the newest BatteryState. Writes: nothing.
Never: trusts a charge without its uncertainty.
"""

from appliance.checks import NO_DATABASE, Finding
from appliance.clock import Clock
from appliance.model import BatteryState
from appliance.settings import Settings
from appliance.status.document import power_max_age_s
from appliance.store.store import Store

NAME = "battery"
LARGE_SIGMA_PCT = 10.0


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if store is None:
        return Finding(NAME, None, NO_DATABASE)
    state = store.latest(BatteryState, power_max_age_s(settings))
    if state is None or state.state_of_charge_pct is None or state.sigma_pct is None:
        return Finding(
            NAME,
            False,
            "the charge of the battery is not known",
            "look at the charger's line first: without readings there is no belief",
        )
    text = f"{state.state_of_charge_pct:.0f} +- {state.sigma_pct:.0f} %, {state.method}"
    return Finding(
        NAME,
        state.sigma_pct <= LARGE_SIGMA_PCT,
        text,
        "let it charge once until full: that is where the count is set right",
    )
