"""Is that possible? The answers about the site beside each other and beside what is measured.

    for doubt in find_doubts(settings_to_be, measured): ...

Reads and writes: nothing; pure.
Never: says that something is wrong without saying what would be right.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from appliance.chemistry.battery import compute_capacity_ah
from appliance.model import BatteryAge, PowerReading
from appliance.model_set_points import SetPoints
from appliance.settings import Settings
from appliance.wording.sentence import Sentence, say
from power.audit.battery_settings import find_doubtful_capacity
from provisioning.commissioning.modem_sense import NOWHERE, ModemPlace

NULL_ISLAND_DEG = 0.5  # around 0, 0 there is only sea
FLAT_DEG = 15.0  # flatter panels have no direction to speak of
NEAR_EQUATOR_DEG = 10.0  # where the sun passes on either side
WRONG_SIDE_DEG = 90.0
# The sun of the darkest month wants the latitude and 15 degrees more; so far from it is unusual.
WINTER_DEG, TILT_SLACK_DEG = 15.0, 40.0
# A battery's voltage by its nominal one: lead-acid from 0.87 to 1.25, LFP from 0.78 to 1.14.
VOLTAGE_SHARE = (0.75, 1.3)
USUAL_V = (12.8, 25.6, 38.4, 51.2)
LEARNED_SHARE, LEARNED_SIGMAS = 0.3, 3.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known beside the answers; None where it is not."""

    reading: PowerReading | None = None
    age: BatteryAge | None = None
    set_points: SetPoints | None = None
    place: ModemPlace = NOWHERE


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that is unlikely. `key`: which answer. `is_certain`: it cannot be, so that no
    confirmation helps; `is_light`: it is said, and nothing is asked.
    """

    key: str
    text: Sentence
    is_certain: bool = False
    is_light: bool = False


def find_doubts(settings: Settings, measured: Measured) -> Iterator[Doubt]:
    """All of them, those first that no confirmation helps against."""
    yield from doubt_voltage(settings, measured)
    yield from doubt_place(settings)
    yield from doubt_azimuth(settings)
    yield from doubt_tilt(settings)
    yield from doubt_capacity(settings, measured)


def doubt_place(settings: Settings) -> Iterator[Doubt]:
    """Zeros in the place of coordinates."""
    site = settings.site
    if abs(site.latitude_deg) < NULL_ISLAND_DEG and abs(site.longitude_deg) < NULL_ISLAND_DEG:
        yield Doubt(
            "latitude_deg",
            say(
                "{latitude_deg:.2f} N, {longitude_deg:.2f} E is in the sea off Africa, where "
                "coordinates of 0 lead: give those of the site, such as a phone shows them",
                latitude_deg=site.latitude_deg,
                longitude_deg=site.longitude_deg,
            ),
        )


def doubt_azimuth(settings: Settings) -> Iterator[Doubt]:
    """Panels that face away from the sun."""
    site, tilt_deg = settings.site, settings.panels.tilt_deg
    azimuth_deg = settings.panels.get_azimuth_deg(site)
    off_deg = abs((azimuth_deg - site.equator_azimuth_deg + 180) % 360 - 180)
    is_tropic = abs(site.latitude_deg) < NEAR_EQUATOR_DEG
    if off_deg > WRONG_SIDE_DEG and tilt_deg > FLAT_DEG and not is_tropic:
        yield Doubt(
            "azimuth_deg",
            say(
                "panels at {azimuth_deg:.0f} degrees face away from the noon sun, which stands at "
                "{noon_deg:.0f} degrees at a latitude of {latitude_deg:.1f}: look at the compass "
                "(180 is south), and at the sign of the latitude (south is negative)",
                azimuth_deg=azimuth_deg,
                noon_deg=site.equator_azimuth_deg,
                latitude_deg=site.latitude_deg,
            ),
        )


def doubt_tilt(settings: Settings) -> Iterator[Doubt]:
    """A tilt that catches little in the darkest month; nothing is asked."""
    best_deg = min(90.0, abs(settings.site.latitude_deg) + WINTER_DEG)
    tilt_deg = settings.panels.tilt_deg
    if abs(tilt_deg - best_deg) > TILT_SLACK_DEG:
        yield Doubt(
            "tilt_deg",
            say(
                "a tilt of {tilt_deg:.0f} degrees is far from the {best_deg:.0f} degrees that "
                "catch most in the darkest month here: measure it from the horizontal",
                tilt_deg=tilt_deg,
                best_deg=best_deg,
            ),
            is_light=True,
        )


def doubt_voltage(settings: Settings, measured: Measured) -> Iterator[Doubt]:
    """A battery of another voltage than the charger measures: it cannot be."""
    nominal_v = settings.battery.nominal_voltage_v
    measured_v = measured.reading.battery_voltage_v if measured.reading else None
    low, high = VOLTAGE_SHARE
    if measured_v is None or measured_v <= 0 or low <= measured_v / nominal_v <= high:
        return
    likely_v = min(USUAL_V, key=lambda volts: abs(volts - measured_v))
    yield Doubt(
        "nominal_voltage_v",
        say(
            "the charger measures {measured_v:.1f} V, so the battery is none of {nominal_v:.1f} V: "
            "look at its label and at how its blocks are wired, then give nominal_voltage_v "
            "({likely_v:.1f} V would fit) and the capacity of the whole battery",
            measured_v=measured_v,
            nominal_v=nominal_v,
            likely_v=likely_v,
        ),
        is_certain=True,
    )


def doubt_capacity(settings: Settings, measured: Measured) -> Iterator[Doubt]:
    """Ah in the place of Wh, another battery's label, or a battery that is worn."""
    for finding in find_doubtful_capacity(settings):
        yield Doubt("capacity_wh", say("the capacity {what}", what=finding.text))
    age = measured.age
    if age is None or age.capacity_ah is None or age.capacity_sigma_ah is None:
        return
    given_ah = compute_capacity_ah(settings.battery)
    slack_ah = max(LEARNED_SHARE * given_ah, LEARNED_SIGMAS * age.capacity_sigma_ah)
    if abs(given_ah - age.capacity_ah) > slack_ah:
        yield Doubt(
            "capacity_wh",
            say(
                "the unit has learned {learned_ah:.0f} Ah (give or take {sigma_ah:.0f} Ah) from "
                "discharges, and {given_ah:.0f} Ah is given: see the battery's label; where the "
                "battery is a new one, confirm it",
                learned_ah=age.capacity_ah,
                sigma_ah=age.capacity_sigma_ah,
                given_ah=given_ah,
            ),
        )
