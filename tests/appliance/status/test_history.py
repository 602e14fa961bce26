"""Days, weeks and a year from the stored means: the sums are right, and unknown is no zero."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from appliance.model import EnergyLevel, Sleep, Wake
from appliance.settings import Settings
from appliance.status.history import Span, build_history
from appliance.store.retention import retain
from appliance.store.store import Store
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

HOUR = 3600.0


@pytest.fixture
def here(settings: Settings) -> Settings:
    """A site whose midnight is at 21:00 UTC (the fake clock begins at 02:00 UTC, 05:00 there)."""
    return replace(settings, site=replace(settings.site, timezone="Europe/Bucharest"))


def run_for(
    power: Store, clock: FakeClock, hours: float, level: EnergyLevel, sun_w: float = 60.0
) -> None:
    """A row of each kind a minute: `sun_w` from the panels, 12 W used."""
    for minute in range(int(hours * 60)):
        now = clock.stamp()
        charge = filled.battery_state(now, 50.0 + minute % 60 / 10)
        power.add(filled.reading(now, sun_w, 12.0), charge, filled.budget(now, level))
        clock.advance(60)


@pytest.mark.parametrize("kept", [False, True])
def test_a_days_sums_are_those_of_its_rows_whether_averaged_or_not(
    open_store: OpenStore, here: Settings, clock: FakeClock, kept: bool
) -> None:
    power, clock.synchronized = open_store("power"), True
    run_for(power, clock, 2, EnergyLevel.FULL)
    run_for(power, clock, 1.5, EnergyLevel.ECO, sun_w=0.0)
    open_store("inference").add(*(filled.event(clock.stamp(), f"e{n}") for n in range(3)))
    if kept:
        retain(power)
    found = build_history(power, here, Span.DAYS)
    assert len(found["periods"]) == 31
    today = found["periods"][-1]
    assert today["starts"] == "2026-04-15"
    assert (today["sun_wh"], today["use_wh"], today["events"]) == (120.0, 42.0, 3)
    assert today["levels_h"]["FULL"] == pytest.approx(2.0)
    assert today["levels_h"]["ECO"] == pytest.approx(1.5)
    assert today["known_h"] == pytest.approx(3.5)
    assert 50 <= today["lowest_charge_pct"] <= today["highest_charge_pct"] <= 56
    assert found["total"] == today | {"starts": None}


def test_a_day_has_its_specific_yield_and_the_ratio_of_its_clear_hours(
    open_store: OpenStore, here: Settings, clock: FakeClock
) -> None:
    plan, now = open_store("plan"), clock.stamp()
    day = filled.yesterday(now)
    plan.add(day, replace(day, day=day.day - timedelta(days=1), clear_hours_wh=1000.0))
    found = build_history(plan, here, Span.DAYS)
    before, yesterday = found["periods"][-3:-1]
    assert (yesterday["performance_ratio"], yesterday["clear_hours"]) == (0.82, 4.0)
    assert (before["performance_ratio"], before["curtailed_h"]) == (0.5, 2.0)
    assert found["total"]["performance_ratio"] == 0.66
    assert found["total"]["curtailed_h"] == 4.0
    assert found["periods"][-1]["performance_ratio"] is None
    weeks = build_history(plan, here, Span.WEEKS)["periods"]
    assert sum(week["clear_hours"] for week in weeks) == 8.0


def test_unknown_days_are_no_zeros(open_store: OpenStore, here: Settings) -> None:
    found = build_history(open_store(), here, Span.DAYS)
    assert {day["sun_wh"] for day in found["periods"]} == {None}
    assert {day["known_h"] for day in found["periods"]} == {0.0}
    assert found["total"]["sun_wh"] is found["total"]["lowest_charge_pct"] is None


def test_a_night_asleep_counts_at_its_level_and_belongs_to_the_days_of_the_site(
    open_store: OpenStore, here: Settings, clock: FakeClock
) -> None:
    power, clock.synchronized = open_store("power"), True
    clock.advance(16 * HOUR)
    run_for(power, clock, 1, EnergyLevel.SENTINEL)  # to 19:00 UTC, 22:00 at the site
    began = clock.stamp()
    power.add(Sleep(began, EnergyLevel.HIBERNATE, None, "", None, 19.0, 2.0, "no load may run"))
    clock.advance(8.5 * HOUR)
    why = "the clock of the computer"
    power.add(Wake(clock.stamp(), began.utc, why, 0, 18.0, stays=True, reason="sun"))
    run_for(power, clock, 0.5, EnergyLevel.SENTINEL)
    retain(power)
    off = Sleep(clock.stamp(), EnergyLevel.OFF, None, "", None, 19.0, 2.0, "called off")
    power.add(off)
    clock.advance(HOUR)
    run_for(power, clock, 0.5, EnergyLevel.ECO)
    *_, yesterday, today = build_history(power, here, Span.DAYS)["periods"]
    assert (yesterday["starts"], today["starts"]) == ("2026-04-15", "2026-04-16")
    assert yesterday["levels_h"]["HIBERNATE"] == pytest.approx(2.0)
    assert today["levels_h"]["HIBERNATE"] == pytest.approx(6.5)
    assert today["levels_h"]["SENTINEL"] == pytest.approx(0.5)
    assert today["levels_h"]["OFF"] == 0
    assert today["levels_h"]["ECO"] == pytest.approx(0.5)


def test_weeks_begin_on_monday_and_a_year_has_twelve_months(
    open_store: OpenStore, here: Settings, clock: FakeClock
) -> None:
    power, clock.synchronized = open_store("power"), True
    for _ in range(3):
        run_for(power, clock, 1, EnergyLevel.FULL)
        clock.advance(20 * 24 * HOUR - HOUR)
    run_for(power, clock, 0.5, EnergyLevel.FULL)
    retain(power)
    weeks, months = (build_history(power, here, span) for span in (Span.WEEKS, Span.MONTHS))
    sums = {week["starts"]: week["sun_wh"] for week in weeks["periods"] if week["sun_wh"]}
    assert sums == {"2026-04-13": 60.0, "2026-05-04": 60.0, "2026-05-25": 60.0, "2026-06-08": 30.0}
    assert len(weeks["periods"]) == 26
    assert [month["starts"] for month in months["periods"]][-3:] == [
        "2026-04-01",
        "2026-05-01",
        "2026-06-01",
    ]
    assert [month["sun_wh"] for month in months["periods"]][-3:] == [60.0, 120.0, 30.0]
    assert len(months["periods"]) == 12
    assert weeks["total"]["sun_wh"] == months["total"]["sun_wh"] == 210.0


def test_the_page_gets_it_and_nothing_else(
    here: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store()
    client: FlaskClient = create_app(here, clock).test_client()
    for span in Span:
        answer = client.get(f"/api/history/{span.value}")
        assert answer.json is not None
        assert answer.json["span"] == span.value
    assert client.get("/api/history/decades").status_code == 404
