"""Autonomy: how long the unit lasts without any sun.

Reads and writes: nothing; pure.
Never: counts charge that the guard does not release.
"""

from dataclasses import dataclass

from appliance.model import BatteryState
from appliance.settings import Settings
from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.guard.by_charge import compute_hibernate_below_pct
from power.guard.limits import derive_limits
from power.guard.proven_charge import compute_lower_bound_pct
from power.plan.problem import compute_current_reserve_wh


@dataclass(frozen=True, slots=True)
class Autonomy:
    """Days without any sun until the guard stops: cameras that listen, the hibernating unit."""

    listening_days: float
    hibernating_days: float


def compute_autonomy(
    battery: BatteryState, settings: Settings, *, clock_confirmed: bool
) -> Autonomy | None:
    """From the lower bound of the charge, as the guard judges it, to where the guard stops the
    cameras, and to where it powers off; None where the charge is unknown. `clock_confirmed`: by a
    time server; else no season lowers the reserve.
    """
    least_pct = compute_lower_bound_pct(battery)
    if least_pct is None:
        return None
    energy = settings.energy
    model = ChargeModel.from_settings(settings.battery)
    reserve_wh = compute_current_reserve_wh(
        settings, battery.stamp.utc, battery.full_at, confirmed=clock_confirmed
    )

    def count_days(down_to_pct: float, draw_w: float) -> float:
        a_day_pct = compute_charge_change_pct(model, sun_w=0, draw_w=draw_w, hours=24, cold=False)
        return max(0.0, least_pct - down_to_pct) / -a_day_pct

    return Autonomy(
        count_days(compute_hibernate_below_pct(settings, reserve_wh), energy.sentinel_power_w),
        count_days(derive_limits(settings.battery, energy).floor_pct, energy.hibernate_power_w),
    )
