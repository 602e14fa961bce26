"""The answers of [site] as values of the settings.

    wanted = read_wishes(answers, settings)     # {("site", "latitude_deg"): 46.5, ...}
    after = apply_wishes(settings, wanted)      # the settings as they would be

Reads and writes: nothing; pure. Raises `AnswerError`.
Never: takes a value that the settings would refuse.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.chemistry.battery import find_cell_count_error
from appliance.settings import Chemistry, Settings
from appliance.settings_rules.place_rules import find_horizon_fault
from appliance.settings_rules.places import Place
from appliance.wording.site_time import find_zone
from provisioning.commissioning.answers import Answers

CHEMISTRIES = tuple(one.value for one in Chemistry)
# key of [site], place in the settings, least, most
NUMBERS: tuple[tuple[str, Place, float, float], ...] = (
    ("latitude_deg", ("site", "latitude_deg"), -90, 90),
    ("longitude_deg", ("site", "longitude_deg"), -180, 180),
    ("altitude_m", ("site", "altitude_m"), -430, 6000),
    ("panels_peak_w", ("panels", "peak_w"), 1, 100_000),
    ("tilt_deg", ("panels", "tilt_deg"), 0, 90),
    ("azimuth_deg", ("panels", "azimuth_deg"), 0, 360),
    ("nominal_voltage_v", ("battery", "nominal_voltage_v"), 12, 105),
    ("capacity_wh", ("battery", "capacity_wh"), 10, 1_000_000),
)
CELLS = "cells"
TEXTS: tuple[tuple[str, Place], ...] = (
    ("name", ("unit", "name")),
    ("timezone", ("site", "timezone")),
)
CAPACITY_AH = "capacity_ah"
CHEMISTRY = "chemistry"
HORIZON = "horizon"
KEYS = (
    *(key for key, *_ in NUMBERS),
    *(key for key, _ in TEXTS),
    CELLS,
    CHEMISTRY,
    CAPACITY_AH,
    HORIZON,
)


def read_wishes(answers: Answers, settings: Settings) -> dict[Place, Any]:
    """What is answered, by its place in the settings."""
    found: dict[Place, Any] = {}
    for key, place, low, high in NUMBERS:
        number = answers.find_number(key, low, high)
        if number is not None:
            found[place] = number
    cells = answers.find_whole_number(CELLS, 4, 50)
    if cells is not None:
        found["battery", CELLS] = cells
    for key, place in TEXTS:
        text = answers.find_text(key)
        if text is not None:
            found[place] = text
    chemistry = answers.find_choice(CHEMISTRY, CHEMISTRIES)
    if chemistry is not None:
        found["battery", CHEMISTRY] = chemistry
    horizon = find_horizon(answers)
    if horizon is not None:
        found["site", HORIZON] = horizon
    add_capacity(answers, found, settings)
    refuse_wrong(answers, found, settings)
    return found


def find_horizon(answers: Answers) -> list[list[float]] | None:
    """Points of azimuth and elevation, as a list or as text: "90 12, 180 5"."""
    value = answers.find(HORIZON)
    if value is None:
        return None
    advice = "give azimuth and elevation of each point in degrees, such as [[90, 12], [180, 5]]"
    try:
        pairs = [one.split() for one in value.split(",")] if isinstance(value, str) else value
        points = [[float(azimuth), float(elevation)] for azimuth, elevation in pairs]
    except (TypeError, ValueError):
        raise answers.refuse(HORIZON, what="is no list of points", advice=advice) from None
    fault = find_horizon_fault(tuple((azimuth, elevation) for azimuth, elevation in points))
    if fault is not None:
        raise answers.refuse(HORIZON, what=str(fault), advice=advice)
    return points


def add_capacity(answers: Answers, found: dict[Place, Any], settings: Settings) -> None:
    """Ah of the label as Wh, at the nominal voltage."""
    ampere_hours = answers.find_number(CAPACITY_AH, 1, 100_000)
    if ampere_hours is None:
        return
    if answers.find("capacity_wh") is not None:
        raise answers.refuse(
            CAPACITY_AH, what="stands beside capacity_wh", advice="give one of them"
        )
    default_v = settings.battery.nominal_voltage_v
    found["battery", "capacity_wh"] = ampere_hours * found.get(
        ("battery", "nominal_voltage_v"), default_v
    )


def refuse_wrong(answers: Answers, found: Mapping[Place, Any], settings: Settings) -> None:
    """What is in its range and still cannot be."""
    name = found.get(("unit", "name"), "site")
    if not name.strip():
        raise answers.refuse("name", what="is empty", advice="give the name of the site")
    zone = found.get(("site", "timezone"), "UTC")
    if zone != "UTC" and str(find_zone(zone)) != zone:
        advice = "give an IANA name such as Europe/Bucharest, or leave it out"
        raise answers.refuse("timezone", what=f"{zone!r} is no time zone", advice=advice)
    battery = apply_wishes(settings, found).battery
    wrong = find_cell_count_error(battery)
    if wrong and any(place[0] == "battery" for place in found):
        raise answers.refuse(
            "nominal_voltage_v", what=f"does not fit: {wrong}", advice="see the battery's label"
        )


def apply_wishes(settings: Settings, wanted: Mapping[Place, Any]) -> Settings:
    """The settings as they would be."""
    for (section, key), value in wanted.items():
        fits = convert(section, key, value)
        settings = replace(
            settings, **{section: replace(getattr(settings, section), **{key: fits})}
        )
    return settings


def list_missing(settings: Settings, wanted: Mapping[Place, Any]) -> dict[Place, Any]:
    """The wishes that the settings do not have yet."""
    return {place: value for place, value in wanted.items() if not stands(settings, place, value)}


def stands(settings: Settings, place: Place, value: Any) -> bool:
    """Whether the settings have that value."""
    section, key = place
    present = getattr(getattr(settings, section), key)
    return bool(present == convert(section, key, value))


def convert(section: str, key: str, value: Any) -> Any:
    """A value of the settings file as the settings have it."""
    if (section, key) == ("battery", CHEMISTRY):
        return Chemistry(value)
    if (section, key) == ("site", HORIZON):
        return tuple((azimuth, elevation) for azimuth, elevation in value)
    return value
