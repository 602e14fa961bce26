"""The site's place: proposed by what modem and charger know, doubted where they disagree."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.clock import ScaledClock, SystemClock
from appliance.model_set_points import SetPoints
from appliance.settings import Settings
from appliance.store.store import Store
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.modem_sense import NOWHERE, ModemPlace
from provisioning.commissioning.step import Question, Status
from provisioning.commissioning.steps.site import SiteStep
from provisioning.commissioning.steps.site_doubts import Measured
from provisioning.commissioning.steps.site_proposals import propose_chemistry, propose_voltage
from provisioning.commissioning.time_zones import find_city, find_nearest, list_cities, measure_km
from provisioning.commissioning.unit import Unit
from sensors.link.positioning import Fix
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.test_site import SITE, measure

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HERE = ModemPlace(Fix(46.51234567, 25.6, altitude_m=812.4, accuracy_m=6.0), timedelta(hours=2))
needs_zones = pytest.mark.skipif(find_city("Europe/Bucharest") is None, reason="there is no tzdata")


def ask(unit: Unit, place: ModemPlace = NOWHERE) -> dict[str, Question]:
    """The questions of a step that nobody has answered."""
    found = SiteStep(find_place=lambda: place).check(unit, Answers("site"))
    return {one.key.removeprefix("site."): one for one in found.questions}


def doubt(tmp_path: Path, place: ModemPlace = NOWHERE, **changed: Any) -> str:
    """What is asked about an answered place; "" where nothing is."""
    step = SiteStep(find_place=lambda: place)
    found = step.check(make_unit(tmp_path), Answers("site", {**SITE, **changed}))
    if found.status is Status.TO_DO:
        return ""
    assert [one.key for one in found.questions] == ["site.latitude_deg"]
    confirmed = {**SITE, **changed, "confirmed": ["latitude_deg"]}
    assert step.check(make_unit(tmp_path), Answers("site", confirmed)).status is Status.TO_DO
    return str(found.reason)


@needs_zones
def test_a_position_by_satellites_is_proposed_with_its_accuracy_and_what_follows_from_it(
    tmp_path: Path,
) -> None:
    asked = ask(make_unit(tmp_path), HERE)

    assert (asked["latitude_deg"].proposal, asked["longitude_deg"].proposal) == (46.51235, 25.6)
    assert asked["latitude_deg"].proposed_by == "the modem's satellite receiver, to 6 m"
    assert (asked["altitude_m"].proposal, asked["tilt_deg"].proposal) == (812.0, 60.0)
    assert asked["timezone"].proposal == "Europe/Bucharest"
    assert asked["timezone"].may_be_left_out


def test_without_a_modem_the_settings_are_proposed_and_said_to_be_that(tmp_path: Path) -> None:
    asked = ask(make_unit(tmp_path, text="[site]\nlatitude_deg = 44.43\n"))

    assert asked["latitude_deg"].proposal == 44.43
    assert asked["latitude_deg"].proposed_by == "the settings of this unit"
    assert asked["tilt_deg"].proposal == 35.0


def test_what_may_be_left_out_is_no_reason_to_ask(tmp_path: Path) -> None:
    found = SiteStep(find_place=lambda: NOWHERE).check(make_unit(tmp_path), Answers("site", SITE))

    assert (found.status, found.questions) == (Status.TO_DO, ())


def test_a_demonstration_is_not_where_its_computer_is(tmp_path: Path) -> None:
    unit = replace(make_unit(tmp_path), clock=ScaledClock(10.0, NOON, 0.0))

    assert ask(unit, HERE)["latitude_deg"].proposal != 46.51235


@pytest.mark.parametrize(
    ("place", "changed", "said"),
    [
        (HERE, {}, ""),
        (HERE, {"latitude_deg": 46.7}, "Give the coordinates of the site"),
        (HERE, {"latitude_deg": 25.6, "longitude_deg": 46.5}, "exchanged: 46.5000, 25.6000"),
        (HERE, {"latitude_deg": -46.51}, "A sign is wrong .* 46.5100, 25.6000 would fit"),
        (ModemPlace(None, timedelta(hours=2)), {}, ""),
        (ModemPlace(None, timedelta(hours=2)), {"longitude_deg": -25.6}, "UTC\\+2.0 h"),
        (ModemPlace(None, timedelta(hours=-5)), {"longitude_deg": 78.5}, "46.5000, -78.5000"),
        (ModemPlace(None, timedelta(hours=8)), {"longitude_deg": 76.0}, ""),
        (ModemPlace(None, timedelta(hours=13)), {"longitude_deg": -175.0}, ""),
    ],
)
def test_a_place_that_the_modem_contradicts_is_asked_about_with_what_would_fit(
    tmp_path: Path, place: ModemPlace, changed: dict[str, Any], said: str
) -> None:
    found = doubt(tmp_path, place, **changed)

    assert bool(found) == bool(said)
    assert re.search(said, found)


@needs_zones
@pytest.mark.parametrize(
    ("zone", "latitude_deg", "longitude_deg", "said"),
    [
        ("Europe/Bucharest", 46.5, 25.6, ""),
        ("Europe/Bucharest", 46.5, -79.4, "the time zone Europe/Bucharest is far"),
        ("America/Santiago", -33.4, -70.6, ""),
        ("America/Santiago", -70.6, -33.4, "exchanged"),
        ("America/Santiago", 33.4, -70.6, "A sign is wrong"),
        ("Asia/Shanghai", 43.8, 87.6, ""),
        ("UTC", -46.5, 125.6, ""),
    ],
)
def test_a_place_that_the_time_zone_contradicts_is_asked_about(
    tmp_path: Path, zone: str, latitude_deg: float, longitude_deg: float, said: str
) -> None:
    place: dict[str, Any] = {"latitude_deg": latitude_deg, "longitude_deg": longitude_deg}
    found = doubt(tmp_path, timezone=zone, **place, tilt_deg=40)

    assert bool(found) == bool(said)
    assert said in found


@pytest.mark.parametrize(
    ("kind", "is_lithium", "expected", "is_known"),
    [
        ("gel", False, "gel", True),
        ("sealed", False, "agm", True),
        ("LFP 4S", True, "lfp", True),
        ("lithium", True, "lfp", True),
        ("user, gel, AGM", None, "lfp", False),
        ("Li-NMC", True, "lfp", False),
        ("user", None, "lfp", False),
        (None, None, "lfp", False),
    ],
)
def test_the_kind_that_the_charger_is_set_to_is_proposed_where_its_words_are_plain(
    kind: str | None, is_lithium: bool | None, expected: str, is_known: bool
) -> None:
    points = SetPoints(
        SystemClock().stamp(), "charger main", "x", battery_type=kind, is_lithium=is_lithium
    )
    found = propose_chemistry(Settings(), Measured(set_points=points))

    assert found.value == expected
    assert ("the charger is set to" in str(found.source)) == is_known


@pytest.mark.parametrize(
    ("kind", "system_v", "expected"),
    [("LFP 8S", 24.0, 25.6), ("gel", 24.0, 24.0), ("gel", 48.0, 48.0), (None, None, 12.8)],
)
def test_the_voltage_that_the_charger_is_set_to_is_proposed(
    kind: str | None, system_v: float | None, expected: float
) -> None:
    points = SetPoints(
        SystemClock().stamp(), "charger main", "x", battery_type=kind, system_v=system_v
    )

    assert propose_voltage(Settings(), Measured(set_points=points)).value == expected


def test_what_the_stored_charger_is_set_to_is_proposed_and_another_device_is_not_heard(
    tmp_path: Path,
) -> None:
    unit = make_unit(tmp_path, text='[charger.main]\nmodel = "epever-tracer"\n')
    measure(unit, 26.0)
    clock = SystemClock()
    store = Store(unit.settings().database, clock, writer="power")
    devices = (("charger main", "sealed"), ("charger main", "gel"), ("charger old", "LFP 8S"))
    for device, kind in devices:
        store.add(SetPoints(clock.stamp(), device, "x", battery_type=kind, system_v=24.0))
    store.close()

    asked = ask(unit)

    assert (asked["chemistry"].proposal, asked["nominal_voltage_v"].proposal) == ("gel", 24.0)
    assert asked["chemistry"].proposed_by == "the charger is set to gel"


def test_a_measured_voltage_wins_over_what_the_charger_is_set_to(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    measure(unit, 26.4)

    assert ask(unit)["nominal_voltage_v"].proposal == 25.6


@needs_zones
def test_the_nearest_city_tells_a_zone_and_the_open_sea_none() -> None:
    city = find_nearest(-33.0, -71.0)
    assert city is not None
    assert city.zone == "America/Santiago"
    assert find_nearest(-45.0, -120.0) is None
    assert measure_km((0.0, 0.0), (0.0, 180.0)) == pytest.approx(20015, abs=1)


def test_a_computer_without_a_list_of_zones_proposes_none(tmp_path: Path) -> None:
    damaged = tmp_path / "zones"
    damaged.write_text("RO\t+44\tEurope/Bucharest\n\n#\nRO\t+4426+02606\tEurope/Bucharest\n")

    assert find_nearest(46.5, 25.6, tmp_path / "none") is None
    assert [one.longitude_deg for one in list_cities(damaged)] == [26.1]
