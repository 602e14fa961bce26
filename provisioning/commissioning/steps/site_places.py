"""Whether given coordinates are those of the site: exchanged, or with a wrong sign?

    yield from doubt_far_place(settings, place)

What is compared: a position by satellites, the time zone that was given, and by how much the mobile
network's local time is before UTC.

Reads: the list of time zones. Writes: nothing.
Never: doubts a place for a border: a zone is wide, and its own city may be far.
"""

from collections.abc import Callable, Iterator

from appliance.settings import Settings, SiteSettings
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.modem_sense import ModemPlace
from provisioning.commissioning.steps.site_doubts import Doubt
from provisioning.commissioning.time_zones import find_city, measure_km

FIX_KM = 5.0  # a technician may read the place of a neighbouring farm; not of another valley
ZONE_KM = 3500.0  # Urumqi keeps the time of Shanghai
OFFSET_SLACK_DEG = 45.0  # of the longitude that an offset of local time tells
DEG_PER_HOUR = 15.0
Coordinates = tuple[float, float]
Fits = Callable[[Coordinates], bool]


def doubt_far_place(settings: Settings, place: ModemPlace) -> Iterator[Doubt]:
    """The first that contradicts the coordinates; the surest is looked at first."""
    site = settings.site
    here = (site.latitude_deg, site.longitude_deg)
    for fits, says in list_witnesses(site, place):
        if not fits(here):
            text = say(
                "{latitude_deg:.4f}, {longitude_deg:.4f} degrees cannot be right: {says}. {advice}",
                latitude_deg=here[0],
                longitude_deg=here[1],
                says=says,
                advice=advise(here, fits),
            )
            yield Doubt("latitude_deg", text)
            return


def list_witnesses(site: SiteSettings, place: ModemPlace) -> Iterator[tuple[Fits, Sentence]]:
    """What knows of the place, and what it says."""
    if place.fix is not None:
        fix = (place.fix.latitude_deg, place.fix.longitude_deg)
        text = say(
            "the modem's satellite receiver stands at {latitude_deg:.4f}, {longitude_deg:.4f}",
            latitude_deg=fix[0],
            longitude_deg=fix[1],
        )
        yield lambda one: measure_km(one, fix) <= FIX_KM, text
    city = find_city(site.timezone)
    if city is not None:
        at = (city.latitude_deg, city.longitude_deg)
        text = say("the time zone {zone} is far from there", zone=city.zone)
        yield lambda one: measure_km(one, at) <= ZONE_KM, text
    if place.offset is not None:
        hours = place.offset.total_seconds() / 3600
        text = say(
            "the mobile network's local time is UTC{hours:+.1f} h, which is far from there",
            hours=hours,
        )
        yield lambda one: is_near_meridian(one[1], hours * DEG_PER_HOUR), text


def is_near_meridian(longitude_deg: float, meridian_deg: float) -> bool:
    """Whether a place keeps about the sun's time of that meridian."""
    off_deg = abs((longitude_deg - meridian_deg + 180) % 360 - 180)
    return off_deg <= OFFSET_SLACK_DEG


def advise(here: Coordinates, fits: Fits) -> Sentence:
    """What was probably meant."""
    latitude_deg, longitude_deg = here
    exchanged = (longitude_deg, latitude_deg)
    if abs(longitude_deg) <= 90 and fits(exchanged):
        return say(
            "Latitude and longitude are exchanged: {latitude_deg:.4f}, {longitude_deg:.4f} would "
            "fit",
            latitude_deg=exchanged[0],
            longitude_deg=exchanged[1],
        )
    for other in ((-latitude_deg, longitude_deg), (latitude_deg, -longitude_deg)):
        if fits(other):
            return say(
                "A sign is wrong (south and west are negative): {latitude_deg:.4f}, "
                "{longitude_deg:.4f} would fit",
                latitude_deg=other[0],
                longitude_deg=other[1],
            )
    return say("Give the coordinates of the site, such as a phone shows them")
