"""The first screen: one truth for each fact, whatever the parts hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from appliance.settings import Settings
from appliance.status.energy_flow import describe_flow
from appliance.status.night_ahead import NightAhead
from appliance.status.summary import summarise

NOW = datetime(2026, 4, 15, 18, 0, tzinfo=UTC)  # 21:00 at the site
RISE = datetime(2026, 4, 16, 3, 40, tzinfo=UTC)
NIGHT = NightAhead(RISE, RISE, charge_pct=34.2, low_pct=22.0, is_planned=True)


def document(**changed: Any) -> dict[str, Any]:
    """A document of which all is well; `battery__current_a=1.0` changes a field of a part."""
    found: dict[str, Any] = {
        "unit": {"at": "2026-04-15T18:00:00.000Z"},
        "faults": [],
        "energy": {
            "fresh": True,
            "at": "2026-04-15T17:59:00.000Z",
            "level": "ECO",
            "power_w": 19.0,
        },
        "battery": {
            "fresh": True,
            "state_of_charge_pct": 61.0,
            "charge_blocked": False,
            "current_a": -0.8,
            "voltage_v": 13.2,
            "time_to_go_s": 40_000.0,
        },
        "sun": {"fresh": True, "charge_stage": "off", "pv_power_w": 0.0},
        "load": {"power_w": 11.0, "parts": [{"name": "computer", "power_w": 11.0}]},
    }
    for name, value in changed.items():
        part, _, field = name.partition("__")
        if field:
            found[part][field] = value
        else:
            found[part] = value
    return found


@pytest.fixture
def here(settings: Settings) -> Settings:
    return replace(settings, site=replace(settings.site, timezone="Europe/Bucharest"))


def test_all_is_well_and_it_lasts_until_sunrise_in_site_time(here: Settings) -> None:
    found = summarise(document(), NIGHT, here)
    assert found["sentence"] == "All well. Lasts until sunrise (06:40) with 34 %."
    assert (found["state"], found["sunrise"]) == ("well", "2026-04-16T03:40:00.000Z")
    assert (found["charge_at_sunrise_pct"], found["follows_plan"]) == (34.2, True)


@pytest.mark.parametrize(
    ("changed", "state", "words"),
    [
        ({"faults": [{}, {}]}, "fault", "2 faults. Lasts until sunrise"),
        ({"energy": None}, "fault", "The power service has not decided anything yet."),
        (
            {"energy__fresh": False},
            "fault",
            "been silent since 20:59: no camera and no inference",
        ),
        ({"battery": None}, "attention", "is not known. How long the battery lasts is not known."),
        ({"battery__fresh": False}, "attention", "The charge of the battery is not known."),
        ({"battery__state_of_charge_pct": None}, "attention", "is not known."),
        (
            {"battery__voltage_v": None, "battery__current_a": None},
            "attention",
            "is not being read. How long the battery lasts is not known: no device reports",
        ),
        ({"battery__charge_blocked": True}, "attention", "The battery cannot be charged now."),
        ({"energy__level": "HIBERNATE"}, "attention", "At HIBERNATE, to save the battery. Lasts"),
    ],
)
def test_what_is_not_well_is_said_first(
    here: Settings, changed: dict[str, Any], state: str, words: str
) -> None:
    found = summarise(document(**changed), NIGHT, here)
    assert found["state"] == state
    assert words in found["sentence"]
    assert "All well" not in found["sentence"]


@pytest.mark.parametrize(
    ("changed", "state", "lasts"),
    [
        ({"low_pct": 6.0}, "attention", "with 34 %, but one case of ten has less than 6 %."),
        (
            {"empty_at": NOW + timedelta(hours=6), "charge_pct": 4.0},
            "attention",
            "Lasts until about 03:00 only, not until sunrise (06:40).",
        ),
        ({"sleeps_at": NOW + timedelta(hours=5)}, "well", "with 34 %; sleeps from 02:00."),
        (
            {"sunrise": None, "ends": NOW + timedelta(hours=24)},
            "well",
            "Lasts until 16 Apr 21:00 (no sunrise in that time) with 34 %.",
        ),
    ],
)
def test_what_the_plan_expects_is_said(
    here: Settings, changed: dict[str, Any], state: str, lasts: str
) -> None:
    found = summarise(document(), replace(NIGHT, **changed), here)
    assert found["state"] == state
    assert lasts in found["lasts"]


@pytest.mark.parametrize(
    ("changed", "state", "lasts"),
    [
        ({}, "well", "At the present use it lasts until sunrise (06:40)."),
        ({"battery__time_to_go_s": 3600.0}, "attention", "until 22:00 only, not until sunrise"),
        (
            {"battery__current_a": 2.0},
            "well",
            "The battery is not discharged now; there is no plan",
        ),
        ({"battery__time_to_go_s": None}, "well", "There is no plan: how long"),
    ],
)
def test_without_a_plan_the_present_use_counts(
    here: Settings, changed: dict[str, Any], state: str, lasts: str
) -> None:
    found = summarise(document(**changed), NightAhead(RISE, RISE), here)
    assert found["state"] == state
    assert lasts in found["lasts"]
    assert (found["charge_at_sunrise_pct"], found["follows_plan"]) == (None, False)


# --- no card contradicts another one --------------------------------------------------------------


def test_nothing_is_said_of_charging_while_the_battery_is_discharged() -> None:
    stages = ("off", "bulk", "absorption", "float", "equalize", "fault", None)
    for stage, amperes, watts in product(stages, (-2.4, -0.8, -0.06), (0.0, 0.4, 25.0, None)):
        found = describe_flow(
            document(battery__current_a=amperes, sun__charge_stage=stage, sun__pv_power_w=watts)
        )
        assert found["battery"].startswith("Discharging with "), amperes
        for claim in ("taken", "Full", "full", "Equalising"):
            assert claim not in found["sun"], (stage, amperes, watts)


def test_while_it_is_charged_or_at_rest_the_stage_says_how() -> None:
    for amperes, words in ((4.0, "Charging with 53 W."), (0.0, "At rest"), (-0.04, "At rest")):
        found = describe_flow(
            document(battery__current_a=amperes, sun__charge_stage="bulk", sun__pv_power_w=60.0)
        )
        assert found["battery"].startswith(words)
        assert found["sun"] == "All available solar power is taken (bulk charge)."
    unknown = describe_flow(document(battery__fresh=False, sun=None))
    assert (unknown["battery"], unknown["sun"]) == ("", "")


def test_more_than_the_budget_is_explained_where_inference_may_use_it() -> None:
    """The budget is a mean; what inference saved before it may use now (dusk and night)."""

    def of(inference_w: float, others_w: float, **changed: Any) -> str:
        parts = [
            {"name": "computer", "power_w": others_w},
            {"name": "inference", "power_w": inference_w},
        ]
        load = {"power_w": others_w + inference_w, "parts": parts}
        sentence: str = describe_flow(document(load=load, **changed))["load"]
        return sentence

    assert of(7.0, 11.0) == "Within the power budget of 19 W."
    assert "is a mean: inference may use more for a time" in of(9.9, 11.0)
    assert of(0.0, 25.0) == of(1.0, 25.0) == "Above the power budget of 19 W."
    assert of(1.0, 5.0, energy__fresh=False) == "Nothing may be switched on without a budget."
    nothing: dict[str, Any] = {"power_w": None, "parts": []}
    assert describe_flow(document(load=nothing))["load"] == "The power of the loads is not known."
