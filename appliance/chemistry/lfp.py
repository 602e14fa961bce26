"""Lithium iron phosphate (LFP, LiFePO4): the figures of one cell.

Reads and writes: nothing.
Never: claims more than a voltage can show; between 20 and 90 % the voltage is flat.
"""

from appliance.chemistry.charger_limits import LFP_CHARGER
from appliance.chemistry.profile import ChemistryProfile, Curve, Figure, Ladder, RestedCurve
from appliance.chemistry.sources import (
    CELL_SHEET,
    EPEVER_LI,
    HERE,
    JIAXIN,
    PACK_SHEET,
    SEPLOS,
    SERIALBATTERY,
    VICTRON_CHARGER,
    VICTRON_LFP,
)
from appliance.wording.sentence import say

# Least and most are the charges that three usual tables give 40 mV lower and higher: a meter off
# by 12 mV a cell, 5 to 25 mV of hysteresis, and what a current left behind.
RESTED = RestedCurve(
    (
        (2.50, 0, 0, 2),
        (2.90, 2, 4, 9),
        (3.00, 4, 7, 11),
        (3.05, 5, 9, 14),
        (3.10, 6, 11, 17),
        (3.14, 8, 13, 19),
        (3.17, 9, 15, 21),
        (3.20, 11, 19, 32),
        (3.22, 13, 24, 40),
        (3.25, 18, 35, 63),
        (3.28, 22, 51, 75),
        (3.31, 32, 68, 90),
        (3.33, 42, 81, 97),
        (3.35, 54, 88, 100),
        (3.36, 62, 91, 100),
        (3.38, 77, 94, 100),
        (3.40, 87, 96, 100),
        (3.45, 96, 99, 100),
    ),
    "three usual tables of rested voltage; hysteresis: accure.net",
)

LFP = ChemistryProfile(
    title=say("Lithium iron phosphate (LFP)"),
    nominal_v=Figure(3.2, PACK_SHEET + ": 12.8 V"),
    cell_ohm_ah=Figure(0.4, HERE + "1.4 mohm for 280 Ah, polarisation and age included"),
    absorption_v=Figure(
        3.55, VICTRON_CHARGER + ": 14.2 V; " + SERIALBATTERY + ": MAX_CELL_VOLTAGE 3.45 V"
    ),
    float_v=Figure(3.375, VICTRON_CHARGER + ": 13.5 V; " + SERIALBATTERY + ": FLOAT_CELL_VOLTAGE"),
    equalize_v=None,
    compensation_v_per_c=Figure(0.0, VICTRON_LFP + ": none"),
    full_v=Figure(3.42, HERE + "30 mV below the gentlest absorption, for wires and meters"),
    tail_c_rate=Figure(0.02, CELL_SHEET + ": end of charge at 0.02 C"),
    floating_v=Figure(3.34, HERE + "35 mV below float, for wires and meters"),
    held_v=Figure(3.37, HERE + "above it a charger's float can be all that is measured"),
    empty_v=Figure(2.90, SERIALBATTERY + ": MIN_CELL_VOLTAGE"),
    disconnect_v=Figure(2.8, VICTRON_LFP + ", section 7.3; " + SEPLOS + ": 2.7 V"),
    floor_v=Figure(3.0, HERE + "0.2 V above the highest disconnect of a BMS"),
    low_v=Figure(3.1, HERE + "7 to 12 % left; a small load changes that by a percent"),
    recovered_v=Figure(3.16, HERE + "60 mV of hysteresis above low"),
    sound_v=Figure(3.2, HERE + "11 % or more, by the rested curve"),
    highest_v=Figure(3.65, SEPLOS + ": over-voltage protection of a cell"),
    plausible_v=Figure(4.32, HERE + "a BMS has disconnected at 3.8 V at the latest"),
    charge_from_c=Figure(0.0, EPEVER_LI + ": 0 C; " + SERIALBATTERY),
    charge_until_c=Figure(55.0, SERIALBATTERY + ": no charge from 55 C"),
    hottest_c=Figure(60.0, PACK_SHEET + ": discharge until 60 C"),
    spread_v=Figure(0.16, SERIALBATTERY + ": imbalanced above 5 % of the nominal voltage"),
    rested=RESTED,
    rest_c_rate=Figure(0.2, HERE + "above it the drop at the resistance distorts the voltage"),
    rest_s=Figure(600, HERE + "most of the polarisation is gone"),
    full_pct=Figure(100, SERIALBATTERY),
    full_sigma_pct=Figure(1, HERE + "how well full is repeated"),
    floating_pct=Figure(98, HERE + "float is entered by a timer too"),
    floating_sigma_pct=Figure(2, HERE + "float is entered by a timer too"),
    empty_pct=Figure(3, HERE + "the rested curve at 2.90 V"),
    empty_sigma_pct=Figure(3, HERE + "the width of the rested curve there"),
    discharge_c_rate=Figure(0.5, HERE + "half of the 1C that packs allow, for age and cold"),
    charge_efficiency=Figure(0.995, HERE + "side reactions of a sound cell take less than 0.5 %"),
    loses_charge=False,
    full_every_days=Figure(
        90, HERE + "a BMS balances near full only, and the count drifts until then"
    ),
    usable_by_temperature=Curve(
        ((-20, 0.70), (0, 0.85), (25, 1.0)),
        PACK_SHEET + ": at C/3, 70 % or more at -20 C and 80 % or more at 0 C",
    ),
    usable_c_rate=Figure(0.33, PACK_SHEET + ": 0.33C"),
    usable_slowly=Curve(
        ((-20, 0.85), (0, 0.92), (25, 1.0)),
        HERE + "half of what is not usable at C/3. What ends a cold discharge is the drop at the "
        "resistance, which goes with the current: " + JIAXIN + ": 40 % at 0.5C and -20 C, where "
        "others have 70 % at C/3. No sheet for C/20 is known",
    ),
    slow_c_rate=Figure(0.05, HERE + "a seventh of the current of the sheets"),
    freezes_at_c=None,
    charger=LFP_CHARGER,
    ladder=Ladder(
        full_from_pct=Figure(60, HERE + "a cloudy day is left above ECO"),
        eco_from_pct=Figure(40, HERE + "a cloudy day is left above SENTINEL"),
        sentinel_from_pct=Figure(20, HERE + "80 % depth of discharge, usual for LFP"),
        off_below_pct=Figure(10, HERE + "what a clean shutdown and a dark week need"),
    ),
)
