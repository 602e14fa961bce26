"""The step "site": what is impossible is refused in words, what is unlikely is asked about once."""

from pathlib import Path
from typing import Any

import pytest

from appliance.clock import SystemClock
from appliance.model import BatteryAge, PowerReading
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from ota.reporting.file_names import PLACE
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Outcome, Status
from provisioning.commissioning.steps.site import SiteStep
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit

SITE = {
    "name": "Hut 12",
    "latitude_deg": 46.5,
    "longitude_deg": 25.6,
    "panels_peak_w": 400,
    "tilt_deg": 60,
    "chemistry": "lfp",
    "nominal_voltage_v": 12.8,
    "capacity_wh": 2560,
}


def check(unit: Unit, **changed: Any) -> Outcome:
    answers = {key: value for key, value in {**SITE, **changed}.items() if value is not None}
    return SiteStep().check(unit, Answers("site", answers))


def walk(unit: Unit, answers: dict[str, Any]) -> Result:
    with Engine(unit, (SiteStep(),), {"site": Answers("site", answers)}) as engine:
        return engine.walk()[0]


def measure(unit: Unit, volts: float) -> None:
    """The power service has read the charger just now."""
    database = unit.settings().database
    database.parent.mkdir(exist_ok=True)
    prepare_database(database)
    clock = SystemClock()
    store = Store(database, clock, writer="power")
    store.add(
        PowerReading(
            stamp=clock.stamp(),
            device="charger main",
            pv_power_w=0.0,
            pv_voltage_v=None,
            battery_voltage_v=volts,
            battery_current_a=None,
            battery_temperature_c=None,
            load_power_w=None,
            charge_stage=None,
            yield_today_wh=None,
        )
    )
    store.close()


def learn(unit: Unit, capacity_ah: float) -> None:
    clock = SystemClock()
    store = Store(unit.settings().database, clock, writer="power")
    now = clock.stamp()
    age = BatteryAge(now, now.utc, 10.0, 10.0, 0.0, capacity_ah=capacity_ah, capacity_sigma_ah=3.0)
    store.add(age)
    store.close()


def test_the_answers_become_settings_in_one_change_with_a_history(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)

    result = walk(unit, SITE | {"azimuth_deg": 170})

    settings = unit.settings()
    assert (result.outcome.status, result.has_changed) == (Status.DONE, True)
    assert settings.unit.name == "Hut 12"
    assert (settings.site.latitude_deg, settings.panels.azimuth_deg) == (46.5, 170)
    entries = unit.keeper.history.list_entries()
    assert [(one.who, one.why) for one in entries] == [("Ada", "commissioning: site")]
    assert not walk(unit, SITE | {"azimuth_deg": 170}).has_changed


def test_the_figures_of_an_example_are_proposals_and_no_answers(tmp_path: Path) -> None:
    unit = make_unit(tmp_path, text="[site]\nlatitude_deg = 44.43\n")

    found = SiteStep().check(unit, Answers("site"))

    assert found.status is Status.NEEDS_ANSWER
    proposals = {one.key: one.proposal for one in found.questions}
    assert proposals["site.latitude_deg"] == 44.43
    assert (proposals["site.name"], proposals["site.capacity_wh"]) == (None, None)


@pytest.mark.parametrize("horizon", [[[90, 12], [180, 5]], "90 12, 180 5"])
def test_a_horizon_may_be_given_as_points_or_typed(tmp_path: Path, horizon: Any) -> None:
    unit = make_unit(tmp_path)

    assert walk(unit, SITE | {"horizon": horizon}).has_changed

    assert unit.settings().site.horizon == ((90.0, 12.0), (180.0, 5.0))
    assert not walk(unit, SITE | {"horizon": horizon}).has_changed


def test_a_site_that_was_set_up_is_done_without_answers(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    walk(unit, SITE)

    assert SiteStep().check(unit, Answers("site")).status is Status.DONE


@pytest.mark.parametrize(
    ("latitude_deg", "azimuth_deg", "is_doubted"),
    [
        (46.5, 0, True),
        (46.5, 91, False),
        (-33.0, 180, True),
        (-33.0, 0, False),
        (-33.0, 350, False),
        (3.0, 0, False),
        (46.5, None, False),
    ],
)
def test_panels_that_face_away_from_the_sun_are_confirmed_or_corrected(
    tmp_path: Path, latitude_deg: float, azimuth_deg: float | None, is_doubted: bool
) -> None:
    unit = make_unit(tmp_path)
    place = {"latitude_deg": latitude_deg, "azimuth_deg": azimuth_deg, "tilt_deg": 30}

    found = check(unit, **place)
    assert (found.status is Status.NEEDS_ANSWER) == is_doubted
    if is_doubted:
        assert "face away from the noon sun" in found.reason
        assert [one.key for one in found.questions] == ["site.azimuth_deg"]
    assert check(unit, **place, confirmed=["azimuth_deg"]).status is Status.TO_DO


def test_coordinates_of_zero_are_asked_about(tmp_path: Path) -> None:
    found = check(make_unit(tmp_path), latitude_deg=0, longitude_deg=0.1)

    assert found.status is Status.NEEDS_ANSWER
    assert "in the sea off Africa" in found.reason


def test_an_odd_tilt_is_a_warning_and_no_question(tmp_path: Path) -> None:
    found = check(make_unit(tmp_path), tilt_deg=5)

    assert found.status is Status.TO_DO
    assert "far from the 62 degrees" in found.warnings[0]


def test_a_battery_that_the_charger_contradicts_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    unit = make_unit(tmp_path)
    measure(unit, 26.4)
    before = unit.settings_path.read_bytes()

    result = walk(unit, SITE | {"confirmed": ["nominal_voltage_v"]})

    assert result.outcome.status is Status.BLOCKED
    assert "the charger measures 26.4 V" in result.outcome.reason
    assert "25.6 V would fit" in result.outcome.reason
    assert unit.settings_path.read_bytes() == before
    asked = {one.key: one for one in SiteStep().check(unit, Answers("site")).questions}
    assert asked["site.nominal_voltage_v"].proposal == 25.6


def test_a_battery_that_is_sold_by_ampere_hours_is_given_by_them(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)

    walk(unit, {**SITE, "capacity_ah": 200} | {"capacity_wh": None})

    assert unit.settings().battery.capacity_wh == pytest.approx(2560)


def test_ah_in_the_place_of_wh_are_asked_about(tmp_path: Path) -> None:
    found = check(make_unit(tmp_path), capacity_wh=200)

    assert found.status is Status.NEEDS_ANSWER
    assert "200 Ah would be 2560 Wh" in found.reason


def test_a_size_that_the_unit_has_learned_otherwise_is_asked_about_once(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    measure(unit, 13.2)
    learn(unit, capacity_ah=90)

    asked = check(unit)
    assert asked.status is Status.NEEDS_ANSWER
    assert "has learned 90 Ah" in asked.reason
    walk(unit, SITE | {"confirmed": ["site.capacity_wh"]})

    assert SiteStep().check(unit, Answers("site")).status is Status.DONE


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"latitude_deg": 91}, r"site\.latitude_deg cannot be 91; give a number from -90 to 90"),
        ({"latitude_deg": "46"}, r"site\.latitude_deg cannot be '46'"),
        ({"chemistry": "nmc"}, r"site\.chemistry cannot be 'nmc'; it is one of lfp"),
        ({"timezone": "Mars/Base"}, r"site\.timezone 'Mars/Base' is no time zone"),
        ({"capacity_ah": 200}, r"site\.capacity_ah stands beside capacity_wh; give one"),
        ({"nominal_voltage_v": 48}, r"site\.nominal_voltage_v does not fit"),
        ({"horizon": "90"}, r"site\.horizon is no list of points; give azimuth and elevation"),
        ({"horizon": [[90, 95]]}, r"site\.horizon has the point 90, 95"),
        ({"horizon": 7}, r"site\.horizon is no list of points"),
        ({"name": " "}, r"site\.name is empty"),
        ({"name": "a\nb"}, r"site\.name cannot be 'a\\nb'; it is text of one line"),
    ],
)
def test_an_impossible_answer_is_refused_with_what_to_write(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(AnswerError, match=said):
        check(make_unit(tmp_path), **changed)


def test_a_number_of_cells_is_whole(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match=r"cells cannot be 4.7; give a whole number"):
        check(make_unit(tmp_path), cells=4.7)


def test_a_unit_in_a_fleet_has_the_name_that_its_fleet_calls_it(tmp_path: Path) -> None:
    unit = make_unit(tmp_path, text=f'[update]\ndir = "{tmp_path}"\n')
    (tmp_path / PLACE).write_text('{"unit": "field-7", "group": "hills"}')
    with pytest.raises(AnswerError, match="its fleet calls this unit 'field-7'"):
        check(unit, name="Hut 12")
    check(unit, name="field-7")
