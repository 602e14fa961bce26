"""The data of the view of energy: days, the plan ahead, a moment, what if."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, PowerReading, Sleep, Stamp
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.web.views.energy_wishes import list_sliders, make_words, parse_wish
from tests.appliance.web.test_web import client
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

__all__ = ["client"]  # a fixture

HOSTILE = "gate</script><img src=x onerror=alert(1)>"


def ago(now: Stamp, hours: float) -> Stamp:
    return replace(now, utc=now.utc - timedelta(hours=hours), uptime_s=now.uptime_s - hours * 3600)


def add_mean(store: Store, at: str, step_s: int, pv_power_w: float) -> None:
    """A stored mean of power, of charge and of levels."""
    with store.housekeeping() as execute:
        execute(
            "INSERT INTO power_reading_mean (step_s, at, rows, pv_power_w, load_power_w) "
            "VALUES (?, ?, 15, ?, 11.0)",
            (step_s, at, pv_power_w),
        )
        execute(
            "INSERT INTO energy_budget_mean (step_s, at, rows, at_full, at_eco) "
            "VALUES (?, ?, 5, 0.25, 0.75)",
            (step_s, at),
        )


def get(client: FlaskClient, address: str, code: int = 200) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == code, answer.get_data(as_text=True)
    assert isinstance(answer.json, dict)
    return answer.json


def test_a_day_of_this_month_has_steps_of_five_minutes_with_power_charge_and_level(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    day = clock.stamp().utc.date() - timedelta(days=3)
    add_mean(open_store("power"), f"{day}T10:05:00.000Z", 300, 120.0)
    found = get(client, f"/api/energy/day?day={day}")
    assert (found["day"], found["step_s"]) == (str(day), 300)
    assert found["first_day"] == str(day)
    index = found["reality"]["pv_power_w"].index(120.0)
    assert index == (10 * 60 + 5) // 5
    assert found["reality"]["level"][index] == "ECO"
    assert len(found["plan"]["level"]) == 288


def test_an_older_day_has_steps_of_an_hour(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    day = clock.stamp().utc.date() - timedelta(days=100)
    add_mean(open_store("power"), f"{day}T10:00:00.000Z", 3600, 80.0)
    found = get(client, f"/api/energy/day?day={day}")
    assert found["step_s"] == 3600
    assert found["reality"]["pv_power_w"] == [None] * 10 + [80.0] + [None] * 13


def test_today_is_made_from_full_rows_where_there_are_no_means_yet(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power").add(filled.reading(clock.stamp()), filled.budget(clock.stamp()))
    found = get(client, "/api/energy/day")
    assert 312.0 in found["reality"]["pv_power_w"]
    assert "FULL" in found["reality"]["level"]


def test_the_day_on_which_the_clock_changes_has_23_hours(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    from appliance.web.app import create_app

    there = replace(settings, site=replace(settings.site, timezone="Europe/Bucharest"))
    open_store("power")
    client = create_app(there, clock).test_client()
    found = get(client, "/api/energy/day?day=2025-03-30")
    assert len(found["reality"]["level"]) == 23


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("day=x", "'x' is no day, such as 2026-04-15"),
        ("day=20260415", "is no day"),
        ("day=0001-01-01", "is no day"),
        ("day=2400-01-01", "is in the future"),
        ("tag=1", "there is no argument 'tag'; there are day"),
    ],
)
def test_a_day_that_makes_no_sense_is_refused_in_words(
    client: FlaskClient, open_store: OpenStore, query: str, text: str
) -> None:
    open_store("power")
    assert text in get(client, f"/api/energy/day?{query}", 400)["reason"]


def plan(clock: FakeClock, open_store: OpenStore, hours_old: float) -> None:
    made = ago(clock.stamp(), hours_old)
    open_store("plan").add(
        *(
            EnergyPlanStep(
                made,
                made.utc + timedelta(minutes=15 * number),
                100.0,
                12.0,
                60.0 - number / 10,
                EnergyLevel.ECO,
                40.0 - number / 10,
                80.0,
            )
            for number in range(288)
        )
    )


def test_the_days_ahead_have_their_sums_the_lowest_charge_and_its_band(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    plan(clock, open_store, 1)
    found = get(client, "/api/energy/ahead")
    assert found["fresh"] is True
    assert 280 <= len(found["plan"]["level"]) <= 288
    assert found["reality"]["pv_power_w"] == [None] * len(found["plan"]["level"])
    whole = [day for day in found["days"] if day["levels_h"]["ECO"] == 24]
    assert whole
    assert whole[0]["sun_wh"] == pytest.approx(2400)
    assert whole[0]["use_wh"] == pytest.approx(288)
    assert whole[0]["lowest_charge_pct"] - whole[0]["low_charge_pct"] == pytest.approx(20)


def test_a_plan_that_is_too_old_is_told_and_not_drawn(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    plan(clock, open_store, 40)
    found = get(client, "/api/energy/ahead")
    assert (found["fresh"], found["days"], found["plan"]["level"]) == (False, [], [])
    assert found["made"] is not None


def test_without_any_plan_there_is_none_to_tell(client: FlaskClient, open_store: OpenStore) -> None:
    open_store("power")
    assert get(client, "/api/energy/ahead")["made"] is None


def test_a_moment_has_the_level_with_its_reason_and_what_was_measured_and_drawn(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    found = get(client, "/api/energy/moment")
    assert found["level"]["level"] == "FULL"
    assert found["level"]["reason"] == "69 % is above 60 %, the sun gives 312 W"
    assert found["battery"]["state_of_charge_pct"] == 72.0
    assert found["battery"]["fresh"] is True
    assert found["reading"]["pv_power_w"] == 312.0
    assert found["reading"]["battery_temperature_c"] is None, "its quality is not OK"
    assert {one["name"] for one in found["loads"]} == {"computer", "camera demo", "inference"}
    assert found["cameras"][0]["camera"] == "demo"
    assert found["cameras"][0]["mode"] == "watch"


def test_figures_of_another_time_are_said_to_be_of_another_time(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    clock.advance(3600)
    found = get(client, "/api/energy/moment")
    assert found["level"] is None
    assert found["ended"]["level"] == "FULL"
    assert (found["battery"]["fresh"], found["reading"]["fresh"]) == (False, False)
    assert found["loads"] == []
    assert found["cameras"][0]["reported"] is False


def test_a_unit_that_slept_then_says_so(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    now = clock.stamp()
    open_store("power").add(
        Sleep(ago(now, 2), EnergyLevel.HIBERNATE, None, "", None, 19.0, 2.0, "no load may run")
    )
    found = get(client, "/api/energy/moment?at=1h")
    assert found["sleep"]["level"] == "HIBERNATE"
    assert found["sleep"]["reason"] == "no load may run"


@pytest.mark.parametrize(
    ("at", "code", "text"),
    [
        ("2020-01-01", 404, "nothing is known of Wed 01 Jan 2020"),
        ("2900-01-01", 404, "is in the future"),
        ("soon", 400, "at: 'soon'"),
    ],
)
def test_a_moment_without_rows_is_refused_in_words(
    client: FlaskClient, open_store: OpenStore, at: str, code: int, text: str
) -> None:
    filled.fill(open_store)
    assert text in get(client, f"/api/energy/moment?at={at}", code)["reason"]


def test_a_database_that_is_being_restored_is_an_answer_in_words(client: FlaskClient) -> None:
    for name in ("day", "ahead", "moment"):
        assert "cannot be opened" in get(client, f"/api/energy/{name}", 503)["reason"]
    page = client.get("/energy")
    assert page.status_code == 200


def test_a_row_of_quality_that_is_not_known_is_no_reading(
    client: FlaskClient, clock: FakeClock, open_store: OpenStore
) -> None:
    now = clock.stamp()
    open_store("power").add(
        filled.budget(now),
        PowerReading(now, "x", None, None, None, None, None, None, None, None),
        BatteryState(now, None, None, None, 2560.0, None, charge_blocked=True, method="restored"),
    )
    found = get(client, "/api/energy/moment")
    assert found["reading"]["pv_power_w"] is None
    assert found["battery"]["charge_blocked"] is True


# --- what if --------------------------------------------------------------------------------------


def test_more_cameras_and_another_load_raise_what_each_level_draws(settings: Settings) -> None:
    cameras = {
        "a": CameraSettings(source="a", watch_power_w=4.0, listen_power_w=1.0),
        "b": CameraSettings(source="b", watch_power_w=2.0, listen_power_w=3.0),
    }
    changed = replace(settings, camera=cameras)
    wish = parse_wish({"cameras": "4", "load_w": "5", "dull_sun_pct": "10"}, changed)
    words = make_words(wish, changed)
    given = dict(zip(words[2::2], words[3::2], strict=True))
    assert words[:2] == ("energy", "what-if")
    assert float(given["--full-w"]) == changed.energy.full_power_w + 5 + 2 * 3.0
    assert float(given["--sentinel-w"]) == changed.energy.sentinel_power_w + 5 + 2 * 2.0
    assert float(given["--hibernate-w"]) == changed.energy.hibernate_power_w + 5
    assert float(given["--dull-sun-pct"]) == 10
    assert float(given["--pv-w"]) == changed.panels.peak_w


def test_the_sliders_stand_at_what_the_unit_has(settings: Settings) -> None:
    for one in list_sliders(settings):
        assert one.low <= one.now <= one.high
    assert parse_wish({}, settings)["cameras"] == len(settings.camera)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("pv_w=nan", "pv_w: 'nan' is no number from 150 to 2400"),
        ("cameras=99", "cameras: '99' is no number from 0 to 16"),
        ("watts=3", "there is no argument 'watts'"),
        ("pv_w=--settings", "pv_w"),
    ],
)
def test_a_wish_out_of_its_range_never_reaches_the_calculation(
    client: FlaskClient, query: str, text: str
) -> None:
    assert text in get(client, f"/api/energy/what-if?{query}", 400)["reason"]


def test_fewer_cameras_than_the_levels_allow_are_refused_in_words(settings: Settings) -> None:
    cameras = {name: CameraSettings(source=name, listen_power_w=2.0) for name in "abcd"}
    changed = replace(settings, camera=cameras)
    with pytest.raises(Exception, match="each must draw more than the one before"):
        make_words(parse_wish({"cameras": "0"}, changed), changed)
