"""Charge physics: how sun and loads change the charge of a battery, in one place.

    battery = ChargeModel.from_settings(settings.battery)     # 12.8 V LFP of 640 Wh
    compute_charge_change_pct(battery, sun_w=600, draw_w=0, hours=0.25, cold=False)    # 12.06

Reads and writes: nothing; pure.
Never: imports numpy (it is used in a resident process; power/plan/charge_array.py computes the same
on arrays), or limits the result to 0 to 100 %: the caller handles what is lost at the ends.
"""

from dataclasses import dataclass

from appliance.chemistry import get_profile
from appliance.settings import BatterySettings

# Sun to battery terminals: makers give a peak of 98 % for their MPPT controllers, and less at part
# load and for the wiring.
CONTROLLER_EFFICIENCY = 0.97
# While it is charged, the battery's voltage lies above its rested voltage; while it is discharged,
# below. For LFP at 0.1 to 0.2 C that is some 3 % of the energy on each way.
CHARGE_VOLTAGE_EFFICIENCY = 0.97
DISCHARGE_EFFICIENCY = 0.97
MAX_CHARGE_C_RATE = 0.5  # of the capacity per hour: what makers of LFP batteries recommend at most


@dataclass(frozen=True, slots=True)
class ChargeModel:
    """What the physics needs to know of one battery. `charge_efficiency`: of the energy at its
    terminals, what it keeps.
    """

    capacity_wh: float
    charge_efficiency: float
    max_charge_w: float

    @classmethod
    def from_settings(cls, battery: BatterySettings) -> "ChargeModel":
        """The model of the battery in the settings."""
        return cls(
            capacity_wh=battery.capacity_wh,
            charge_efficiency=get_profile(battery).charge_efficiency * CHARGE_VOLTAGE_EFFICIENCY,
            max_charge_w=MAX_CHARGE_C_RATE * battery.capacity_wh,
        )


def compute_charge_change_pct(
    battery: ChargeModel, *, sun_w: float, draw_w: float, hours: float, cold: bool
) -> float:
    """Change of charge (% of the capacity) in `hours` of steady sun and draw.

    `sun_w`: what the panels can give (W); it feeds the loads first. `draw_w`: what the loads draw
    (W). `cold`: the battery is too cold to be charged; the sun still feeds the loads.
    """
    net_w = sun_w * CONTROLLER_EFFICIENCY - draw_w
    if net_w < 0:
        stored_w = net_w / DISCHARGE_EFFICIENCY
    elif cold:
        stored_w = 0.0
    else:
        stored_w = min(net_w, battery.max_charge_w) * battery.charge_efficiency
    return stored_w * hours / battery.capacity_wh * 100
