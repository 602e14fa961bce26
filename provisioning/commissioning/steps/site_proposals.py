"""What the unit can propose about its site, and from what it has that.

    latitude, source = propose_place(settings, measured)

Reads: the list of time zones. Writes: nothing.
Never: proposes a battery size: no charge controller knows it.
"""

from typing import NamedTuple

from appliance.settings import Chemistry, Settings
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.steps.site_doubts import (
    USUAL_V,
    VOLTAGE_SHARE,
    WINTER_DEG,
    Measured,
)
from provisioning.commissioning.time_zones import find_nearest

PRESENT = say("the settings of this unit")
CHARGER = say("the voltage that the charger measures")
SATELLITES = say("the modem's satellite receiver")
TILT_STEP_DEG, STEEPEST_DEG = 5, 75
# By words that the makers of charge controllers have for kinds of batteries.
KINDS = (
    ("gel, agm", None),
    ("gel", Chemistry.GEL),
    ("flooded", Chemistry.FLOODED),
    ("opzs", Chemistry.FLOODED),
    ("sealed", Chemistry.AGM),
    ("agm", Chemistry.AGM),
    ("nmc", None),
    ("lfp", Chemistry.LFP),
)
LFP_V = {12.0: 12.8, 24.0: 25.6, 36.0: 38.4, 48.0: 51.2}


class Proposal(NamedTuple):
    """A value, and what it comes from; None where nothing is known."""

    value: float | str | None
    source: Sentence | None


def propose_place(settings: Settings, measured: Measured) -> tuple[Proposal, Proposal]:
    """Latitude and longitude."""
    site, fix = settings.site, measured.place.fix
    if fix is None:
        return Proposal(site.latitude_deg, PRESENT), Proposal(site.longitude_deg, PRESENT)
    source = SATELLITES
    if fix.accuracy_m is not None:
        source = say(
            "the modem's satellite receiver, to {accuracy_m:.0f} m", accuracy_m=fix.accuracy_m
        )
    return Proposal(round(fix.latitude_deg, 5), source), Proposal(
        round(fix.longitude_deg, 5), source
    )


def propose_altitude(settings: Settings, measured: Measured) -> Proposal:
    """Satellites are right to some ten metres, which is enough for the air's density."""
    fix = measured.place.fix
    if fix is None or fix.altitude_m is None:
        return Proposal(settings.site.altitude_m, PRESENT)
    return Proposal(float(round(fix.altitude_m)), SATELLITES)


def propose_zone(settings: Settings, measured: Measured) -> Proposal:
    """The zone whose city is nearest to a known place."""
    fix = measured.place.fix
    city = None if fix is None else find_nearest(fix.latitude_deg, fix.longitude_deg)
    if city is None:
        return Proposal(settings.site.timezone, PRESENT)
    return Proposal(city.zone, say("the nearest city of a time zone; look near a border"))


def propose_tilt(settings: Settings, measured: Measured) -> Proposal:
    """The angle that catches most in the darkest month, where the latitude is known."""
    fix = measured.place.fix
    if fix is None:
        return Proposal(settings.panels.tilt_deg, PRESENT)
    best_deg = min(STEEPEST_DEG, abs(fix.latitude_deg) + WINTER_DEG)
    tilt_deg = float(TILT_STEP_DEG * round(best_deg / TILT_STEP_DEG))
    return Proposal(tilt_deg, say("usual for the winter sun at this latitude: measure it"))


def propose_chemistry(settings: Settings, measured: Measured) -> Proposal:
    """The kind of battery that the charge controller is set to."""
    kind = find_kind(measured)
    if kind is None:
        return Proposal(settings.battery.chemistry.value, PRESENT)
    said = measured.set_points.battery_type if measured.set_points else None
    return Proposal(kind.value, say("the charger is set to {kind}", kind=said or "lithium"))


def find_kind(measured: Measured) -> Chemistry | None:
    """None where its words fit several kinds, or none."""
    set_points = measured.set_points
    if set_points is None:
        return None
    words = (set_points.battery_type or "").lower()
    named = next((kind for part, kind in KINDS if part in words), None)
    if named is None and set_points.is_lithium and "nmc" not in words:
        return Chemistry.LFP
    return named


def propose_voltage(settings: Settings, measured: Measured) -> Proposal:
    """The settings' figure where the charger does not contradict it; else the charger's."""
    present_v = settings.battery.nominal_voltage_v
    measured_v = measured.reading.battery_voltage_v if measured.reading else None
    system_v = measured.set_points.system_v if measured.set_points else None
    low, high = VOLTAGE_SHARE
    if system_v in LFP_V and (measured_v is None or low <= measured_v / system_v <= high):
        kind = find_kind(measured) or settings.battery.chemistry
        nominal_v = LFP_V[system_v] if kind is Chemistry.LFP else system_v
        return Proposal(nominal_v, say("the charger is set to {volts:.0f} V", volts=system_v))
    if measured_v is None or low <= measured_v / present_v <= high:
        return Proposal(present_v, PRESENT)
    return Proposal(min(USUAL_V, key=lambda volts: abs(volts - measured_v)), CHARGER)
