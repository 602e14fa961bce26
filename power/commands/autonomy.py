"""How long the unit lasts if no sun comes any more.

Reads and writes: nothing; pure.
Never: counts charge that the guard would not let anybody use.
"""

from dataclasses import dataclass

from appliance.model import BatteryState
from appliance.settings import Settings
from power.guard.guard import hibernate_below_pct, lower_bound_pct
from power.guard.limits import derive_limits
from power.guard.reserve import compute_reserve_days, compute_reserve_wh
from power.plan.policy import DISCHARGING


@dataclass(frozen=True, slots=True)
class Autonomy:
    """Days without any sun until the guard stops: cameras that listen, the hibernating unit."""

    listening_days: float
    hibernating_days: float


def compute_autonomy(battery: BatteryState, settings: Settings) -> Autonomy | None:
    """From the lower bound of the charge, as the guard judges it, to where the guard stops the
    cameras, and to where it powers off; None where the charge is unknown.
    """
    least_pct = lower_bound_pct(battery)
    if least_pct is None:
        return None
    energy = settings.energy
    wh_per_pct = settings.battery.capacity_wh / 100 * DISCHARGING
    days = compute_reserve_days(settings, battery.stamp.utc, battery.full_at)
    rest_pct = hibernate_below_pct(settings, compute_reserve_wh(settings.battery, energy, days))
    floor_pct = derive_limits(settings.battery, energy).floor_pct

    def lasts(down_to_pct: float, draw_w: float) -> float:
        return max(0.0, least_pct - down_to_pct) * wh_per_pct / draw_w / 24

    return Autonomy(
        lasts(rest_pct, energy.sentinel_power_w), lasts(floor_pct, energy.hibernate_power_w)
    )
