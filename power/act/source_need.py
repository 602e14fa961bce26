"""Whether the guard needs a second source: before it stops the last loads, and whether the battery
may take what the source gives.

Reads and writes: nothing; pure.
Never: needs a plan, or asks for a source by a count that is lost: a person may have to pay for it.
"""

from typing import NamedTuple

from appliance.model import BatteryState, PowerReading
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.guard.by_charge import LOST_SIGMA_PCT
from power.guard.by_temperature import find_temperature_c
from power.guard.limits import Limits, derive_limits
from power.guard.observations import GuardState
from power.guard.proven_charge import compute_lower_bound_pct

MARGIN_PCT = 3.0  # above the charge at which no load runs: hours at SENTINEL, for several tries


class Need(NamedTuple):
    """`reason`: why the guard needs a source, or ""; `is_safe`: it needs none any more."""

    reason: str
    is_safe: bool


def find_need(
    guard: GuardState, battery: BatteryState | None, settings: Settings, reserve_wh: float
) -> Need:
    """A low voltage that lasts, or little charge above the one at which no load runs."""
    limits = derive_limits(settings.battery, settings.energy, guard.lvd_v, guard.cell_uvp_v)
    if guard.confirmed:
        return Need(say("the voltage of the battery is low"), is_safe=False)
    least_pct = compute_lower_bound_pct(battery)
    if battery is None or least_pct is None or (battery.sigma_pct or 0.0) >= LOST_SIGMA_PCT:
        return Need("", is_safe=False)
    stops_pct = max(limits.hibernate_pct, reserve_wh / limits.capacity_wh * 100)
    if least_pct < stops_pct + MARGIN_PCT:
        left = say("there may be only {left_pct:.0f} % left to draw", left_pct=max(0.0, least_pct))
        return Need(
            say("{left}, and below {stops_pct:.0f} % no load runs", left=left, stops_pct=stops_pct),
            is_safe=False,
        )
    safe_pct = max(stops_pct + MARGIN_PCT, limits.sentinel_pct) + settings.energy.hysteresis_pct
    return Need("", is_safe=least_pct >= safe_pct)


def find_refusal(battery: BatteryState | None, reading: PowerReading | None, limits: Limits) -> str:
    """Why the battery must not be charged now, or ""."""
    celsius = find_temperature_c(reading)
    if celsius is not None and celsius >= limits.cell.hottest_c:
        return say("the battery has {celsius:.0f} C and must not be charged", celsius=celsius)
    if battery is not None and battery.charge_blocked:
        return say("the battery cannot be charged now (too cold, or its BMS does not allow it)")
    return ""
