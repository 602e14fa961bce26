"""What is asked about a site, with what the unit proposes.

    questions = list_questions(settings, answers, measured)     # of what is not answered

Reads and writes: nothing; pure.
Never: proposes a name or a battery size: nobody but the technician knows them.
"""

from collections.abc import Iterator

from appliance.settings import Settings
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.step import Kind, Question
from provisioning.commissioning.steps.site_doubts import USUAL_V, VOLTAGE_SHARE, Measured
from provisioning.commissioning.steps.site_wishes import CAPACITY_AH, CHEMISTRIES

PRESENT = say("the settings of this unit")
CHARGER = say("the voltage that the charger measures")


def list_questions(
    settings: Settings, answers: Answers, measured: Measured
) -> tuple[Question, ...]:
    """Those that are open; what may be left out is no reason to ask."""
    has_size = answers.find(CAPACITY_AH) is not None
    return tuple(
        one
        for one in make_all(settings, measured)
        if answers.find(one.key.removeprefix("site.")) is None
        and not (has_size and one.key == "site.capacity_wh")
    )


def make_all(settings: Settings, measured: Measured) -> Iterator[Question]:
    """All that must be known."""
    yield Question(
        "site.name",
        Kind.TEXT,
        say("Name of this site"),
        help=say("It is shown on the page, in alarms and in the fleet."),
    )
    yield from ask_place(settings)
    yield from ask_panels(settings)
    yield Question(
        "site.chemistry",
        Kind.CHOICE,
        say("What is the battery made of?"),
        proposal=settings.battery.chemistry.value,
        proposed_by=PRESENT,
        choices=CHEMISTRIES,
    )
    volts, source = propose_voltage(settings, measured)
    yield ask_number("nominal_voltage_v", say("Nominal voltage of the battery"), volts, source)
    yield ask_number(
        "capacity_wh",
        say("Rated energy of the whole battery, from its label (Ah times V)"),
        None,
        None,
    )


def ask_place(settings: Settings) -> Iterator[Question]:
    """Where it stands."""
    site = settings.site
    latitude, longitude = say("Latitude, south is negative"), say("Longitude, west is negative")
    yield ask_number("latitude_deg", latitude, site.latitude_deg, PRESENT)
    yield ask_number("longitude_deg", longitude, site.longitude_deg, PRESENT)


def ask_panels(settings: Settings) -> Iterator[Question]:
    """How the panels stand. Their direction need not be asked: most face the equator."""
    power = say("Nominal power of all panels together")
    yield ask_number("panels_peak_w", power, settings.panels.peak_w, PRESENT)
    tilt = say("Tilt of the panels from the horizontal")
    yield ask_number("tilt_deg", tilt, settings.panels.tilt_deg, PRESENT)


LIMITS = {
    "latitude_deg": ("deg", -90, 90),
    "longitude_deg": ("deg", -180, 180),
    "panels_peak_w": ("Wp", 1, 100_000),
    "tilt_deg": ("deg", 0, 90),
    "nominal_voltage_v": ("V", 12, 105),
    "capacity_wh": ("Wh", 10, 1_000_000),
}


def ask_number(
    key: str, text: Sentence, proposal: float | None, proposed_by: Sentence | None
) -> Question:
    """A figure with its unit and limits."""
    unit, low, high = LIMITS[key]
    return Question(
        f"site.{key}",
        Kind.NUMBER,
        text,
        proposal=proposal,
        proposed_by=proposed_by,
        unit=unit,
        at_least=low,
        at_most=high,
    )


def propose_voltage(settings: Settings, measured: Measured) -> tuple[float, Sentence]:
    """The settings' figure where the charger does not contradict it."""
    present_v = settings.battery.nominal_voltage_v
    measured_v = measured.reading.battery_voltage_v if measured.reading else None
    low, high = VOLTAGE_SHARE
    if measured_v is None or low <= measured_v / present_v <= high:
        return present_v, PRESENT
    return min(USUAL_V, key=lambda volts: abs(volts - measured_v)), CHARGER
