"""What batteries are made of: a table of figures for each chemistry, each with its source.

profile = get_profile(settings.battery)          # LFP
count_cells(settings.battery)                    # 4 for 12.8 V
"""

from appliance.chemistry.battery import (
    compute_capacity_ah,
    count_cells,
    find_resistance_ohm,
    get_profile,
    take_share,
)
from appliance.chemistry.profile import ChemistryProfile, Curve, Figure

__all__ = [
    "ChemistryProfile",
    "Curve",
    "Figure",
    "compute_capacity_ah",
    "count_cells",
    "find_resistance_ohm",
    "get_profile",
    "take_share",
]
