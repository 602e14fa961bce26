"""What a charge controller and a BMS may be set to, for each chemistry; V of one cell at 25 C.

Reads and writes: nothing.
Never: calls a set-point wrong that the maker of a battery of that chemistry asks for.
"""

from dataclasses import replace

from appliance.chemistry.profile import ChargerLimits, Figure
from appliance.chemistry.sources import (
    BATTLE_BORN,
    CELL_SHEET,
    EPEVER,
    FULLRIVER,
    GOPOWER,
    HERE,
    LIBRESOLAR,
    MASTERVOLT,
    MORNINGSTAR,
    PACK_12V,
    PACK_SHEET,
    PROSTAR,
    RENOGY,
    ROLLS,
    SERIALBATTERY,
    TIA_SANG,
    TROJAN,
    VICTRON_LFP,
)

LFP_CHARGER = ChargerLimits(
    absorption_least_v=Figure(3.45, SERIALBATTERY + ": MAX_CELL_VOLTAGE"),
    absorption_most_v=Figure(3.65, BATTLE_BORN + ": 14.6 V"),
    float_least_v=Figure(3.3, HERE + "13.2 V; lower, a full battery is discharged before charging"),
    float_most_v=Figure(3.475, PACK_12V + ": 13.9 V"),
    compensation_strongest_v_per_c=Figure(-0.0005, HERE + "none, but for rounding"),
    compensation_weakest_v_per_c=Figure(0.0005, HERE + "none, but for rounding"),
    lvd_least_v=Figure(2.8, VICTRON_LFP + ", section 7.3: its BMS disconnects there"),
    lvd_margin_v=Figure(0.05, HERE + "0.2 V of 12.8 V, for the cable and the meters"),
    ovp_most_v=Figure(3.8, PACK_SHEET + ": over-charge protection"),
    charge_c_rate_most=Figure(1.0, GOPOWER + ": 100 A at most for 100 Ah"),
    charge_from_most_c=Figure(15.0, CELL_SHEET + ": full current from 15 C"),
    charge_until_least_c=Figure(40.0, SERIALBATTERY + ": full current up to 40 C"),
    charge_until_most_c=Figure(60.0, PACK_SHEET + ": nothing above 60 C"),
    recharge_least_v=Figure(3.25, HERE + "13.0 V: half empty at rest; makers have 13.2 to 13.5 V"),
    over_voltage_most_v=Figure(3.8, PACK_SHEET + ": over-charge protection"),
    lvr_most_v=Figure(3.34, HERE + "four fifths full at rest"),
    uvp_least_v=Figure(2.5, LIBRESOLAR + ": under-voltage limit"),
)
UNKNOWN_CHARGER = ChargerLimits(
    absorption_least_v=Figure(2.333, PROSTAR + ": sealed, 14.00 V"),
    absorption_most_v=Figure(2.4, TROJAN + ", table 6: gel, the lowest of the kinds"),
    float_least_v=Figure(2.2, HERE + "50 mV below the lowest float, Trojan's for gel"),
    float_most_v=Figure(2.3, EPEVER + ": 13.8 V for every kind"),
    compensation_strongest_v_per_c=Figure(-0.0055, MORNINGSTAR + ": -5 mV, and some rounding"),
    compensation_weakest_v_per_c=Figure(-0.002, HERE + "two thirds of the usual -3 mV"),
    lvd_least_v=Figure(1.75, ROLLS + ": usual default of chargers, 10.5 V"),
    lvd_margin_v=Figure(0.031, HERE + "0.19 V of 12 V, for the cable and the meters"),
    ovp_most_v=Figure(2.667, EPEVER + ": over-voltage disconnect 16 V"),
    charge_c_rate_most=Figure(0.2, ROLLS + ": 5 to 20 % of the capacity, the least of the kinds"),
    charge_from_most_c=Figure(-1.0, HERE + "it may be charged in frost"),
    charge_until_least_c=Figure(40.0, HERE + "makers name 40 to 50 C"),
    charge_until_most_c=Figure(65.0, EPEVER + ": upper limit 65 C"),
    recharge_least_v=Figure(2.1, HERE + "12.6 V; makers have 13.2 V"),
    over_voltage_most_v=Figure(2.834, RENOGY + ": over-voltage 17.0 V, the highest as delivered"),
    lvr_most_v=Figure(2.25, HERE + "13.5 V: reached in a day of sun, not only when full"),
    uvp_least_v=Figure(1.6, LIBRESOLAR + ": lowest voltage"),
)
GEL_CHARGER = replace(
    UNKNOWN_CHARGER,
    charge_c_rate_most=Figure(0.5, MASTERVOLT + ": gel, 50 % of the capacity"),
)
AGM_CHARGER = replace(
    UNKNOWN_CHARGER,
    absorption_most_v=Figure(2.5, TIA_SANG + ": 14.7 to 15.0 V"),
    float_most_v=Figure(2.317, TIA_SANG + ": 13.7 to 13.9 V"),
    charge_c_rate_most=Figure(0.3, FULLRIVER + ": 30 % of the capacity; " + MASTERVOLT),
)
FLOODED_CHARGER = replace(
    UNKNOWN_CHARGER,
    absorption_least_v=Figure(2.367, HERE + "14.2 V; " + MASTERVOLT + " has 14.25 V"),
    absorption_most_v=Figure(2.567, PROSTAR + ": L-16, 15.40 V"),
    float_most_v=Figure(2.35, LIBRESOLAR + ": float of EN 62509:2011"),
)
