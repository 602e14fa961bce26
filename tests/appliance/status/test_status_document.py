"""The status document: its shape, and that it never shows the past as the present."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from appliance.commands.status import describe_energy
from appliance.errors import CameraError
from appliance.model import EnergyLevel, EnergyPlanStep, Sleep, Stamp, Wake
from appliance.model_cameras import CameraMode
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.status import charts, events, status_document
from appliance.store.event_pages import EventQuery
from appliance.store.retention import retain
from tests.conftest import ROOT, OpenStore
from tests.scenes import eight_cameras, filled
from tests.stand_ins.fakes import FakeClock

SCHEMA = json.loads((ROOT / "appliance/status.schema.json").read_text())


def document(open_store: OpenStore, settings: Settings) -> dict[str, Any]:
    """The document of now, proved to be JSON of the published shape."""
    built = status_document.build(open_store(), settings)
    validator = jsonschema.Draft202012Validator(
        SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(json.loads(json.dumps(built)))
    return built


def test_the_schema_describes_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    objects = [SCHEMA, *SCHEMA["$defs"].values()]
    fields = {k: v for thing in objects for k, v in thing.get("properties", {}).items()}
    bare = [k for k, v in fields.items() if not {"description", "$ref", "oneOf"} & set(v)]
    assert bare == []


def test_a_unit_that_has_just_been_installed_shows_that_nothing_is_known(
    open_store: OpenStore, settings: Settings
) -> None:
    found = document(open_store, settings)
    assert found["battery"] is found["sun"] is found["energy"] is found["load"]["power_w"] is None
    assert found["sleep"] is found["outlook"] is None
    assert [camera["reason"] for camera in found["cameras"]] == ["has not reported yet"]
    names = [service["service"] for service in found["services"]]
    assert names == ["power", "plan", "sensors", "camera@demo", "inference"]


def test_a_working_unit_shows_what_its_services_wrote(
    open_store: OpenStore, settings: Settings
) -> None:
    filled.fill(open_store)
    filled.break_camera(open_store)
    found = document(open_store, settings)
    assert found["battery"]["state_of_charge_pct"] == 72.0
    assert found["battery"]["temperature_c"] is None, "an implausible 606 degrees was shown"
    assert found["sun"]["charge_stage"] == "bulk"
    assert found["load"]["power_w"] == pytest.approx(5.0 + 3.0 + 2.5)
    assert (found["energy"]["level"], found["energy"]["fresh"]) == ("FULL", True)
    assert found["energy"]["sun_is_free"] is False
    assert found["battery"]["full_at"] is None
    assert found["inference"]["provider"] == "CPUExecutionProvider"
    assert found["gpus"][0]["fresh"]
    assert found["events"]["last_24_h"] == 1
    assert found["events"]["newest"]["box"] == [0.1, 0.2, 0.3, 0.9]
    assert [fault["code"] for fault in found["faults"]] == ["camera"]


def test_a_camera_shows_its_mode_its_cost_and_what_it_detected(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    filled.fill(open_store)
    clock.advance(60)
    open_store("camera").add(filled.camera_state(clock.stamp()))
    camera = document(open_store, settings)["cameras"][0]
    assert (camera["mode"], camera["since"]) == ("watch", "2026-04-15T02:00:00.000Z")
    assert (camera["gates"], camera["stream"][:4]) == ("packets, key frames", "h264")
    assert (camera["power_w"], camera["looking_w"], camera["cost_w"]) == (3.0, 1.8, 4.8)
    assert camera["cost_measured"] is False
    assert camera["per_hour"] == {
        "wh": pytest.approx(4.8),
        "camera_wh": pytest.approx(3.0),
        "looking_wh": pytest.approx(1.8),
        "measured": False,
        "known_s": pytest.approx(60),
    }
    assert camera["last_motion"]["looked"] is True
    assert camera["last_motion"]["ended"] == "2026-04-15T02:00:08.000Z"
    assert camera["last_event"]["label"] == "person"


def test_a_camera_has_its_mode_since_the_last_change_of_this_boot(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    camera = open_store("camera")
    camera.add(filled.change(clock.stamp(), mode=CameraMode.LISTEN))
    clock.advance(60)
    camera.add(filled.camera_state(clock.stamp(), mode=CameraMode.WATCH))
    assert document(open_store, settings)["cameras"][0]["since"] is None, "of another mode"
    camera.add(filled.change(clock.stamp()))
    assert document(open_store, settings)["cameras"][0]["since"] is not None
    clock.reboot()
    camera.add(filled.camera_state(clock.stamp()))
    assert document(open_store, settings)["cameras"][0]["since"] is None, "of another boot"


def test_what_a_silent_camera_costs_is_unknown(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    filled.fill(open_store)
    clock.advance(3600)
    camera = document(open_store, settings)["cameras"][0]
    assert not camera["fresh"]
    assert camera["cost_w"] is camera["looking_w"] is camera["per_hour"]["camera_wh"] is None
    assert camera["last_motion"] is not None, "what happened stays so"


def test_eight_cameras_fit_the_schema_and_no_password_leaves(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    clock.advance(3600)
    sources = {name: CameraSettings(source=filled.SECRET_URL) for name in eight_cameras.NAMES}
    eight_cameras.write(open_store("camera"), open_store("inference"))
    camera = open_store("camera")
    camera.raise_fault("camera@gate", CameraError(eight_cameras.GONE))
    camera.publish_status("camera@gate", eight_cameras.GONE)
    open_store("inference").add(replace(filled.event(clock.stamp()), reason=eight_cameras.GONE))
    found = document(open_store, replace(settings, camera=sources))
    assert [one["camera"] for one in found["cameras"]] == list(eight_cameras.NAMES)
    assert {one["mode"] for one in found["cameras"]} == {mode.value for mode in CameraMode}
    reported = json.dumps(
        [
            found,
            events.list_events(camera, EventQuery(), limit=9),
            status_document.list_faults(camera, all=True),
        ]
    )
    assert reported.count("rtsp://***@10.0.0.7/live") >= 5
    assert eight_cameras.PASSWORD not in reported


def test_free_sun_and_the_last_full_charge_are_shown(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    now, power = clock.stamp(), open_store("power")
    full = replace(filled.battery_state(now), full_at=now.utc - timedelta(days=3))
    power.add(full, replace(filled.budget(now), sun_is_free=True))
    found = document(open_store, settings)
    assert found["energy"]["sun_is_free"] is True
    assert found["battery"]["full_at"] == "2026-04-12T02:00:00.000Z"
    words = [line.text for line in describe_energy(found, settings)]
    assert words[0].endswith("; surplus available")
    assert "2026-04-12 02:00" in words


def test_the_last_night_and_the_days_ahead_are_part_of_the_document(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    now = clock.stamp()
    level, until = EnergyLevel.HIBERNATE, now.utc + timedelta(hours=8)
    slept = Sleep(now, level, until, "the clock of the computer", until, 12.0, 2.0, "no sun")
    open_store("power").add(
        slept, Wake(now, now.utc, "before its time", 0, 12.0, stays=True, reason="enough")
    )
    store_plan(open_store("plan"), now, charge_pct=50.0)
    found = document(open_store, settings)
    assert (found["sleep"]["reason"], found["sleep"]["woke_by"]) == ("no sun", "before its time")
    assert [one["level"] for one in found["outlook"]["next_levels"]] == ["ECO"]


def test_after_a_reboot_nothing_old_counts_as_present(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    filled.fill(open_store)
    clock.reboot()
    found = document(open_store, settings)
    assert not found["energy"]["fresh"]
    assert found["battery"]["at"] == "2026-04-15T02:00:00.000Z"
    assert {v for k, v in found["battery"].items() if k not in ("at", "fresh", "age")} == {None}
    assert found["battery"]["age"]["health_pct"] == 90.0, "a day or two change nothing in it"
    assert {v for k, v in found["sun"].items() if k not in ("at", "fresh")} == {None}
    assert found["load"] == {"power_w": None, "parts": []}
    assert not any(
        part["fresh"] for name in ("cameras", "services", "gpus") for part in found[name]
    )


def test_a_plan_may_be_a_day_old_a_service_may_not(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    filled.fill(open_store)
    open_store("plan").publish_status("plan", "planned two days")
    clock.advance(23 * 3600)
    fresh = {
        one["service"]: one["fresh"]
        for one in status_document.build(open_store(), settings)["services"]
    }
    assert fresh["plan"]
    assert not fresh["power"]


def test_only_the_events_of_a_day_are_counted(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    inference = open_store("inference")
    inference.add(filled.event(clock.stamp(), "old"))
    clock.advance(25 * 3600)
    inference.add(filled.event(clock.stamp(), "new"))
    found = status_document.build(open_store(), settings)["events"]
    assert (found["last_24_h"], found["newest"]["event_id"]) == (1, "new")


def test_events_stand_in_the_order_in_which_they_began_not_in_which_they_ended(
    open_store: OpenStore, clock: FakeClock
) -> None:
    inference = open_store("inference")
    long_before = clock.stamp()
    clock.advance(60)
    inference.add(filled.event(clock.stamp(), "short"))
    inference.add(filled.event(long_before, "long"))
    reported = events.list_events(open_store(), EventQuery(), limit=10)
    assert [event["event_id"] for event in reported] == ["short", "long"]


def test_the_day_shows_means_until_now_and_nothing_after(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    power = open_store("power")
    for second in range(0, 600, 10):
        now = clock.stamp()
        level = EnergyLevel.ECO if second < 290 else EnergyLevel.FULL
        power.add(
            filled.reading(now, float(second)),
            filled.battery_state(now),
            filled.budget(now, level),
        )
        clock.advance(10)
    day = charts.build_day(open_store(), settings)
    assert (day["starts"], day["step_s"]) == ("2026-04-14T02:10:00.000Z", 300)
    assert {len(of) for part in ("reality", "plan") for of in day[part].values()} == {36 * 12}
    first = 24 * 12 - 2
    assert day["reality"]["pv_power_w"][first : first + 3] == [145.0, 445.0, None]
    assert day["reality"]["level"][first] == "FULL", "the last level of the step holds"
    assert day["reality"]["state_of_charge_pct"][first - 1] is None


def test_stored_means_stand_in_for_rows_that_are_gone(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(filled.reading(clock.stamp(), 100.0))
    clock.advance(50 * 3600)
    power.add(filled.reading(clock.stamp(), 200.0))
    retain(power)
    assert len(power.query("SELECT 1 FROM power_reading")) == 1
    day = charts.build_day(open_store(), settings, hours=72)
    assert [value for value in day["reality"]["pv_power_w"] if value is not None] == [100.0, 200.0]


def test_the_plan_of_a_past_hour_is_the_one_that_was_valid_then(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    plan = open_store("plan")
    store_plan(plan, clock.stamp(), charge_pct=50.0)
    clock.advance(2 * 3600)
    store_plan(plan, clock.stamp(), charge_pct=60.0)
    clock.advance(3600)
    charge = charts.build_day(open_store(), settings)["plan"]["state_of_charge_pct"]
    now = 24 * 12
    assert charge[now - 37] is None, "before the first plan began, nothing was planned"
    assert charge[now - 36] == charge[now - 13] == 50.0
    assert charge[now - 12] == charge[now] == charge[-1] == 60.0


def test_the_band_of_the_plan_stands_beside_its_charge(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    plan = open_store("plan")
    store_plan(plan, clock.stamp(), charge_pct=50.0)
    clock.advance(3600)
    store_plan(plan, clock.stamp(), charge_pct=60.0, band=(51.5, 66.0))
    day = charts.build_day(open_store(), settings)
    now = 24 * 12
    low, high = day["plan"]["low_charge_pct"], day["plan"]["high_charge_pct"]
    assert (low[now - 1], high[now - 1]) == (None, None), "an older plan had no band"
    assert (low[now], high[now]) == (51.5, 66.0)
    assert "low_charge_pct" not in day["reality"]


def test_before_the_first_plan_was_made_its_own_steps_are_shown(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    clock.advance(7 * 60)
    store_plan(open_store("plan"), clock.stamp(), charge_pct=50.0, begins_before_s=7 * 60)
    charge = charts.build_day(open_store(), settings)["plan"]["state_of_charge_pct"]
    assert charge[24 * 12 - 1 : 24 * 12 + 1] == [50.0, 50.0]


def store_plan(
    plan: Any,
    made: Stamp,
    charge_pct: float,
    begins_before_s: float = 0,
    band: tuple[float | None, float | None] = (None, None),
) -> None:
    """A plan of 24 hours in steps of 15 minutes; `band` is where the charge may lie."""
    first = made.utc - timedelta(seconds=begins_before_s)
    starts = [first + timedelta(minutes=15 * step) for step in range(96)]
    level = EnergyLevel.ECO
    plan.add(*(EnergyPlanStep(made, at, 100.0, 10.0, charge_pct, level, *band) for at in starts))


def test_the_document_is_explained() -> None:
    page = (ROOT / "docs/status.md").read_text()
    missing = [part for part in SCHEMA["required"] if f"`{part}`" not in page]
    assert missing == []


def test_a_service_that_comes_each_hour_is_not_silent_in_between(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    open_store("alarm").publish_status("alarm", "nothing waits")
    for minutes, fresh in ((70, True), (60, False)):
        clock.advance(minutes * 60)
        found = status_document.build(open_store(), settings)["services"]
        assert [one["fresh"] for one in found if one["service"] == "alarm"] == [fresh]


def test_a_database_that_is_older_than_alarms_has_none(
    open_store: OpenStore, settings: Settings
) -> None:
    with open_store("alarm").housekeeping() as execute:
        for table in ("alarm", "alarm_delivery"):
            execute(f"DROP TABLE {table}", ())
    found = document(open_store, settings)["alarms"]
    assert (found["waiting"], found["recent"]) == (0, [])
