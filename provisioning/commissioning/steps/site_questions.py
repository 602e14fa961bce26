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
from provisioning.commissioning.steps.site_doubts import Measured
from provisioning.commissioning.steps.site_proposals import (
    PRESENT,
    Proposal,
    propose_altitude,
    propose_chemistry,
    propose_place,
    propose_tilt,
    propose_voltage,
    propose_zone,
)
from provisioning.commissioning.steps.site_wishes import CAPACITY_AH, CHEMISTRIES


def list_questions(
    settings: Settings, answers: Answers, measured: Measured
) -> tuple[Question, ...]:
    """Those that are open; what may be left out is no reason to ask."""
    has_size = answers.find(CAPACITY_AH) is not None
    found = tuple(
        one
        for one in make_all(settings, measured)
        if answers.find(one.key.removeprefix("site.")) is None
        and not (has_size and one.key == "site.capacity_wh")
    )
    return found if any(not one.may_be_left_out for one in found) else ()


def make_all(settings: Settings, measured: Measured) -> Iterator[Question]:
    """All that must be known."""
    yield Question(
        "site.name",
        Kind.TEXT,
        say("Name of this site"),
        help=say("It is shown on the page, in alarms and in the fleet."),
    )
    yield from ask_place(settings, measured)
    yield from ask_panels(settings, measured)
    made_of = propose_chemistry(settings, measured)
    yield Question(
        "site.chemistry",
        Kind.CHOICE,
        say("What is the battery made of?"),
        proposal=made_of.value,
        proposed_by=made_of.source,
        choices=CHEMISTRIES,
    )
    voltage = propose_voltage(settings, measured)
    yield ask_number("nominal_voltage_v", say("Nominal voltage of the battery"), voltage)
    size = say("Rated energy of the whole battery, from its label (Ah times V)")
    yield ask_number("capacity_wh", size, Proposal(None, None))


def ask_place(settings: Settings, measured: Measured) -> Iterator[Question]:
    """Where it stands."""
    north, east = propose_place(settings, measured)
    yield ask_number("latitude_deg", say("Latitude, south is negative"), north)
    yield ask_number("longitude_deg", say("Longitude, west is negative"), east)
    zone = propose_zone(settings, measured)
    yield Question(
        "site.timezone",
        Kind.TEXT,
        say("Time zone, such as Europe/Bucharest"),
        help=say("It is for showing times to people only."),
        proposal=zone.value,
        proposed_by=zone.source,
        may_be_left_out=True,
    )
    height = propose_altitude(settings, measured)
    yield ask_number("altitude_m", say("Height above the sea"), height, may_be_left_out=True)


def ask_panels(settings: Settings, measured: Measured) -> Iterator[Question]:
    """How the panels stand. Their direction need not be asked: most face the equator."""
    power = say("Nominal power of all panels together")
    yield ask_number("panels_peak_w", power, Proposal(settings.panels.peak_w, PRESENT))
    tilt = say("Tilt of the panels from the horizontal")
    yield ask_number("tilt_deg", tilt, propose_tilt(settings, measured))
    yield Question(
        "site.horizon",
        Kind.TEXT,
        say("What hides the sun? Direction and height of each point, in degrees"),
        help=say(
            "Such as 90 12, 135 20, 180 5: 12 degrees high in the east. It may be left out: it is "
            "learned in some weeks of sun."
        ),
        may_be_left_out=True,
    )


LIMITS = {
    "latitude_deg": ("deg", -90, 90),
    "longitude_deg": ("deg", -180, 180),
    "altitude_m": ("m", -430, 6000),
    "panels_peak_w": ("Wp", 1, 100_000),
    "tilt_deg": ("deg", 0, 90),
    "nominal_voltage_v": ("V", 12, 105),
    "capacity_wh": ("Wh", 10, 1_000_000),
}


def ask_number(
    key: str, text: Sentence, proposal: Proposal, *, may_be_left_out: bool = False
) -> Question:
    """A figure with its unit and limits."""
    unit, low, high = LIMITS[key]
    return Question(
        f"site.{key}",
        Kind.NUMBER,
        text,
        proposal=proposal.value,
        proposed_by=proposal.source,
        unit=unit,
        at_least=low,
        at_most=high,
        may_be_left_out=may_be_left_out,
    )
