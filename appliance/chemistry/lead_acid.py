"""Lead-acid: flooded, AGM and gel, and "lead-acid" for one whose kind is not known; of one cell.

Reads and writes: nothing.
Never: lets an unknown kind be treated less carefully than the most delicate one.
"""

from dataclasses import replace

from appliance.chemistry.charger_limits import (
    AGM_CHARGER,
    FLOODED_CHARGER,
    GEL_CHARGER,
    UNKNOWN_CHARGER,
)
from appliance.chemistry.profile import ChemistryProfile, Curve, Figure, Ladder, RestedCurve
from appliance.chemistry.sources import (
    COLD_LEAD,
    ENERDRIVE,
    EPEVER,
    FREEZING,
    HERE,
    ROLLS,
    TEXTBOOK_LEAD,
    TIA_SANG,
    TROJAN,
    VICTRON_LEAD,
)
from appliance.wording.sentence import say

# A charged cell needs hours to rest; an hour is a compromise that the wide range pays for.
RESTED = RestedCurve(
    (
        (1.95, 0, 0, 5),
        (1.98, 0, 0, 20),
        (2.01, 5, 25, 45),
        (2.04, 25, 50, 75),
        (2.083, 50, 75, 98),
        (2.122, 78, 100, 100),
    ),
    TEXTBOOK_LEAD,
)
UNKNOWN_KIND = ChemistryProfile(
    title=say("Lead-acid of unknown kind"),
    nominal_v=Figure(2.0, "by definition"),
    cell_ohm_ah=Figure(0.12, HERE + "some 7 mohm for six cells of 100 Ah, polarisation included"),
    absorption_v=Figure(2.367, EPEVER + ": gel, boost 14.2 V, the lowest of the kinds"),
    float_v=Figure(2.25, TROJAN + ", table 6: gel, the lowest of the kinds"),
    equalize_v=None,
    compensation_v_per_c=Figure(-0.003, EPEVER + ": the smallest of the usual ones"),
    full_v=Figure(2.35, HERE + "17 mV below the lowest boost"),
    tail_c_rate=Figure(0.02, ROLLS + ": end amps, 2 % of C20"),
    floating_v=Figure(2.20, HERE + "50 mV below the lowest float, for wires and meters"),
    held_v=Figure(2.15, HERE + "above it a charger's float can be all that is measured"),
    empty_v=Figure(1.85, EPEVER + ": low-voltage disconnect 11.1 V"),
    disconnect_v=Figure(1.917, "Morningstar, SunSaver MPPT manual, page 17: 11.50 V"),
    floor_v=Figure(1.93, ROLLS + ": low-voltage disconnect at 1.90 to 1.95 V"),
    low_v=Figure(1.97, HERE + "0.2 V above the floor, for six cells"),
    recovered_v=Figure(2.01, HERE + "25 % by the rested curve"),
    sound_v=Figure(2.04, TEXTBOOK_LEAD + ": 50 %"),
    highest_v=Figure(2.4, TROJAN + ", table 6: bulk of gel, 14.4 V, the most that any maker asks"),
    plausible_v=Figure(3.0, HERE + "16.5 V of recondition, and 1.5 V of compensation at -40 C"),
    charge_from_c=Figure(-20.0, HERE + "a charged electrolyte does not freeze above that"),
    charge_until_c=Figure(50.0, HERE + "makers name 40 to 50 C"),
    hottest_c=Figure(55.0, HERE + "5 C above the last temperature of charging"),
    spread_v=Figure(0.05, TROJAN + ", section 7.4: 0.30 V between batteries of six cells"),
    rested=RESTED,
    rest_c_rate=Figure(0.02, HERE + "above it the drop and the acid's layers distort the voltage"),
    rest_s=Figure(3600, HERE + "a compromise: " + TROJAN + " asks for 6 h"),
    full_pct=Figure(100, TEXTBOOK_LEAD),
    full_sigma_pct=Figure(3, HERE + "the finishing charge takes hours"),
    floating_pct=Figure(98, HERE + "float is entered by a timer too"),
    floating_sigma_pct=Figure(4, HERE + "float is entered by a timer too"),
    empty_pct=Figure(5, HERE + "the rested curve at 1.95 V"),
    empty_sigma_pct=Figure(5, HERE + "the width of the rested curve there"),
    discharge_c_rate=Figure(0.2, HERE + "at C/5 some 85 % of the capacity of C/20 is left"),
    charge_efficiency=Figure(0.88, HERE + "gassing near full takes 10 to 15 % of the charge"),
    loses_charge=True,
    full_every_days=Figure(30, ROLLS + ", deficit cycling: full at least once a month"),
    usable_by_temperature=Curve(((-20, 0.40), (0, 0.65), (25, 1.0)), COLD_LEAD),
    usable_c_rate=Figure(0.05, COLD_LEAD),
    usable_slowly=Curve(
        ((-20, 0.55), (0, 0.80), (25, 1.0)),
        HERE + "below what one sheet has at C/20 already (" + TIA_SANG + ": 74 % at -10 C, 90 % at "
        "10 C), above those of the other kinds at C/20",
    ),
    slow_c_rate=Figure(0.02, HERE + "C/50: what the acid's diffusion keeps up with in the cold"),
    freezes_at_c=Curve(((0, -10), (25, -17), (50, -25), (75, -37), (100, -59)), FREEZING),
    charger=UNKNOWN_CHARGER,
    ladder=Ladder(
        full_from_pct=Figure(80, HERE + "a cloudy day is left above ECO"),
        eco_from_pct=Figure(70, HERE + "a cloudy day is left above SENTINEL"),
        sentinel_from_pct=Figure(60, ROLLS + ": 50 % depth; no load runs below 50 %"),
        off_below_pct=Figure(40, HERE + "the computer alone may use 10 % more"),
    ),
)

GEL = replace(
    UNKNOWN_KIND,
    title=say("Lead-acid, gel"),
    charger=GEL_CHARGER,
    compensation_v_per_c=Figure(-0.0045, ENERDRIVE + ": -27 mV for six cells"),
)

AGM = replace(
    UNKNOWN_KIND,
    title=say("Lead-acid, AGM"),
    charger=AGM_CHARGER,
    cell_ohm_ah=Figure(0.08, HERE + "some 5 mohm for six cells of 100 Ah, polarisation included"),
    absorption_v=Figure(2.4, VICTRON_LEAD + ": 14.4 V"),
    float_v=Figure(2.3, VICTRON_LEAD + ": 13.8 V"),
    equalize_v=Figure(2.433, EPEVER + ": sealed, 14.6 V"),
    highest_v=Figure(2.5, TIA_SANG + ": 15.0 V, the most that any maker asks"),
    compensation_v_per_c=Figure(-0.0035, ENERDRIVE + ": -21 mV for six cells"),
)

FLOODED = replace(
    UNKNOWN_KIND,
    title=say("Lead-acid, flooded"),
    charger=FLOODED_CHARGER,
    absorption_v=Figure(2.433, EPEVER + ": flooded, boost 14.6 V"),
    float_v=Figure(2.3, EPEVER + ": 13.8 V"),
    equalize_v=Figure(2.467, EPEVER + ": flooded, 14.8 V"),
    highest_v=Figure(2.7, VICTRON_LEAD + ": recondition, 16.2 V at a small current"),
    compensation_v_per_c=Figure(-0.0045, ENERDRIVE + ": -27 mV for six cells"),
    charge_efficiency=Figure(0.85, HERE + "it gases more than AGM and gel"),
)
