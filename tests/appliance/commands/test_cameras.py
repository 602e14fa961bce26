"""`unitctl cameras`, as a technician types it: what each costs, and why it was so at 03:10."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import CameraError
from appliance.model import EnergyBudget, EnergyLevel, Sleep, Stamp, Wake
from appliance.model_cameras import CameraHint, CameraMode, CameraUsage, InferencePlan, Tier
from tests.appliance.commands.typed_unit import Unit
from tests.scenes import eight_cameras, filled
from tests.scenes.eight_cameras import before

MINUTE, HOUR = 60.0, 3600.0
SENTINEL = "SENTINEL, planned until 05:40: 24 % of charge are kept for the cold morning"
NO_LOOKS = f"inference rests: {SENTINEL}"


@pytest.fixture
def unit(unit_of_eight: Unit) -> Unit:
    return unit_of_eight


def now(unit: Unit) -> Stamp:
    return unit.open_as("camera").clock.stamp()


def write(unit: Unit, *rows: Any) -> None:
    """Rows of the camera's own process."""
    unit.open_as("camera").add(*rows)


def listening(at: Stamp, boot: str | None = None) -> Any:
    row = filled.camera_state(at, "gate", CameraMode.LISTEN, 2.0)
    row = replace(row, reason=f"only packet sizes are checked, nothing is decoded: {SENTINEL}")
    return replace(row, stamp=replace(at, boot_id=boot or at.boot_id))


def budget(at: Stamp, level: EnergyLevel, reason: str, minutes: float = 3) -> EnergyBudget:
    return EnergyBudget(at, level, 6.0, at.utc + timedelta(minutes=minutes), 400.0, reason)


def why(unit: Unit, name: str, at: Stamp | None = None) -> tuple[int, str, str]:
    """Code, output with single spaces, and errors."""
    when = ["--at", at.utc.isoformat()] if at else []
    code, out, err = unit.type("cameras", "why", name, *when)
    return code, " ".join(out.split()), err


def quiet_night(unit: Unit, at: Stamp) -> None:
    """Around `at` the camera listens at SENTINEL, and something moves that nobody looks at."""
    taken = before(at, 4 * HOUR)
    reason = f"only packet sizes are checked, nothing is decoded: {SENTINEL}"
    write(unit, filled.change(taken, "gate", CameraMode.LISTEN, reason))
    write(unit, *(listening(before(at, MINUTE * ago)) for ago in range(5, -4, -1)))
    motion = filled.motion(before(at, 2 * MINUTE), "gate", looked=False)
    write(unit, replace(motion, reason=f"not analysed: {reason}"))
    power = unit.open_as("power")
    power.add(budget(before(at, 30), EnergyLevel.SENTINEL, SENTINEL))
    unit.open_as("inference").add(InferencePlan(before(at, HOUR), 0.0, Tier.NONE, NO_LOOKS))


# --- why ------------------------------------------------------------------------------------------


def test_why_inference_was_off_at_a_moment_is_answered(unit: Unit) -> None:
    at = before(now(unit), 2 * HOUR)
    quiet_night(unit, at)
    code, text, err = why(unit, "gate", at)
    assert (code, err) == (0, "")
    assert "mode listen since" in text
    assert "only packet sizes are checked, nothing is decoded: SENTINEL, planned until" in text
    assert "camera 2.0 W (modelled), h264 1920x1080" in text
    assert f"energy {SENTINEL} (the loads were allowed 6 W)" in text
    assert "inference inference was not running; its last report" in text
    assert NO_LOOKS in text
    assert "motion until" in text
    assert "noticed by packets, score 2.5; not analysed: only packet sizes" in text


def test_a_time_of_day_is_the_last_one(unit: Unit) -> None:
    at = before(now(unit), 2 * HOUR)
    quiet_night(unit, at)
    code, text, _ = unit.type("cameras", "why", "gate", "--at", f"{at.utc:%H:%M}")
    assert code == 0
    assert f"gate at {at.utc:%a %d %b %H:%M} UTC" in text


def test_what_was_analysed_in_that_minute_is_shown(unit: Unit) -> None:
    at = before(now(unit), HOUR)
    write(
        unit,
        filled.change(before(at, HOUR), "gate"),
        filled.camera_state(at, "gate"),
    )
    inference = unit.open_as("inference")
    inference.add(InferencePlan(before(at, 30), 2.0, Tier.INT8, "2 frames a second are paid for"))
    reported = before(at, -20)
    inference.add(
        CameraUsage(
            reported,
            "gate",
            MINUTE,
            frames=41,
            frames_skipped=0,
            energy_wh=0.01,
            energy_measured=True,
            power_w=0.7,
            tier=Tier.REGION,
        )
    )
    text = why(unit, "gate", at)[1]
    assert "41 frames in 60 s, region, 0.70 W: 2 frames a second are paid for" in text
    write(unit, filled.camera_state(at, "road"), filled.change(at, "road"))
    assert "no frame of this camera analysed in that minute: 2 frames" in why(unit, "road", at)[1]
    write(unit, filled.camera_state(at, "shed", CameraMode.OFF), filled.change(at, "shed"))
    assert (
        "inference nothing analysed: in mode off the camera gives no pictures"
        in why(unit, "shed", at)[1]
    )


def test_now_is_asked_without_a_time(unit: Unit) -> None:
    at = before(now(unit), 30)
    write(unit, filled.change(at, "gate"), filled.camera_state(at, "gate"))
    assert "mode watch since" in why(unit, "gate")[1]


def test_a_plan_that_forbids_looking_says_so(unit: Unit) -> None:
    at = before(now(unit), HOUR)
    write(unit, filled.change(at, "gate"), filled.camera_state(at, "gate"))
    unit.open_as("inference").add(InferencePlan(before(at, 30), 0.0, Tier.NONE, NO_LOOKS))
    assert f"inference nothing analysed: {NO_LOOKS}" in why(unit, "gate", at)[1]


def test_before_the_first_row_nothing_is_made_up(unit: Unit) -> None:
    first = before(now(unit), HOUR)
    write(unit, filled.change(first, "gate"), filled.camera_state(first, "gate"))
    code, out, err = why(unit, "gate", before(first, MINUTE))
    assert (code, out) == (1, "")
    assert "nothing is known of camera gate before" in err
    assert "kept for 365 days" in err


def test_a_camera_that_never_reported_says_where_to_look(unit: Unit) -> None:
    code, _, err = why(unit, "shed")
    assert code == 1
    assert "journalctl -t camera@shed" in err


def test_the_future_is_not_answered(unit: Unit) -> None:
    assert "is in the future" in why(unit, "gate", before(now(unit), -HOUR))[2]


def test_a_gap_is_reported_with_its_last_sentence_and_the_new_start(unit: Unit) -> None:
    later = now(unit)
    write(unit, filled.change(before(later, 3 * HOUR), "gate", CameraMode.LISTEN))
    write(unit, listening(before(later, 3 * HOUR), boot="0000dead"))
    began = replace(before(later, HOUR), uptime_s=120.0)
    write(unit, replace(listening(began), duration_s=None))
    text = why(unit, "gate", before(later, 2 * HOUR))[1]
    assert "mode not known: the camera was silent from" in text
    assert "its last report, mode listen: only packet sizes" in text
    born = began.utc - timedelta(seconds=120)
    assert f"the unit was restarted at {born:%a %d %b %H:%M}" in text
    assert "camera 2.0 W" not in text, "what it drew then is not known"
    write(unit, filled.camera_state(before(later, HOUR), "road"))
    assert "not known: the camera has been silent since" in why(unit, "road")[1]


def test_the_unit_may_have_slept(unit: Unit) -> None:
    later = now(unit)
    write(unit, filled.change(before(later, 5 * HOUR), "gate"))
    slept = before(later, 4 * HOUR)
    level = EnergyLevel.HIBERNATE
    unit.open_as("power").add(Sleep(slept, level, None, "", None, 12.0, 2.0, "12 % are left"))
    assert "the unit slept, HIBERNATE since" in why(unit, "gate", before(later, 3 * HOUR))[1]
    woke = before(later, 2 * HOUR)
    unit.open_as("power").add(
        Wake(woke, slept.utc, "the sun", 0, 20.0, stays=True, reason="enough")
    )
    assert "slept" not in why(unit, "gate", before(later, HOUR))[1]


def test_of_an_old_time_only_the_changes_of_mode_are_known(unit: Unit) -> None:
    """The rows of each minute are kept for two days, the changes for a year."""
    later = now(unit)
    old = before(later, 40 * 24 * HOUR)
    write(unit, filled.change(old, "gate", CameraMode.LISTEN, SENTINEL))
    write(unit, filled.camera_state(later, "gate"))
    text = why(unit, "gate", before(old, -HOUR))[1]
    assert f"listen since {old.utc:%a %d %b %H:%M}: {SENTINEL}" in text
    assert "whether its process ran in that minute is no longer known" in text
    assert "no energy budget is known of that time (they are kept for 2 days)" in text
    assert "nothing is known of inference at that time" in text


def test_a_budget_that_had_ended_is_not_called_one_that_held(unit: Unit) -> None:
    at = before(now(unit), HOUR)
    write(unit, filled.change(at, "gate"), filled.camera_state(at, "gate"))
    unit.open_as("power").add(budget(before(at, HOUR), EnergyLevel.ECO, "ECO: enough"))
    assert "energy no energy budget held; the last ended" in why(unit, "gate", at)[1]


def test_events_hints_and_faults_of_that_time_and_camera_are_shown(unit: Unit) -> None:
    at = before(now(unit), HOUR)
    write(unit, filled.change(at, "gate"), filled.camera_state(at, "gate"))
    seen = replace(filled.event(before(at, 90)), camera="gate", rule="crossed the door line")
    elsewhere = replace(filled.event(before(at, 90), "e2"), camera="road", label="dog")
    long_ago = replace(filled.event(before(at, HOUR), "e3"), camera="gate", label="cow")
    unit.open_as("inference").add(seen, elsewhere, long_ago)
    unit.open_as("hints").add(CameraHint(before(at, 100), "gate", "onvif motion", active=True))
    camera = unit.open_as("camera")
    camera.raise_fault("camera@gate", CameraError(eight_cameras.GONE))
    text = why(unit, "gate", at)[1]
    assert "onvif motion reports motion" in text
    assert "person 81 %, crossed the door line: demo was watched" in text
    assert "dog" not in text
    assert "cow" not in text
    assert "Faults then" not in text, "the fault began an hour later"
    text = why(unit, "gate")[1]
    assert "Faults then camera@gate rtsp://***@10.0.0.7/live gives no picture" in text
    assert "still open" in text
    camera.clear_faults("camera@gate")
    assert "Faults then" not in why(unit, "gate")[1], "it is over"


def test_json_holds_the_rows(unit: Unit) -> None:
    at = before(now(unit), 2 * HOUR)
    quiet_night(unit, at)
    found = unit.json("cameras", "why", "gate", "--at", at.utc.isoformat())
    assert found["reported"] is True
    assert found["planned"] is found["restarted"] is False
    assert found["state"]["mode"] == "LISTEN"
    assert found["plan"]["reason"] == NO_LOOKS
    assert [motion["woken_by"] for motion in found["motions"]] == ["packets"]


def test_a_mistyped_camera_is_answered_with_the_nearest(unit: Unit) -> None:
    code, out, err = unit.type("cameras", "why", "yard-nort")
    assert (code, out) == (2, "")
    assert "there is no camera 'yard-nort'; did you mean 'yard-north'?" in err
    assert "known: gate, yard-north" in unit.type("cameras", "why", "xyz")[2]
    assert "--at: 'soon' is no time" in unit.type("cameras", "why", "gate", "--at", "soon")[2]


def test_a_camera_that_was_taken_out_of_the_settings_can_still_be_asked_for(unit: Unit) -> None:
    at = before(now(unit), 30)
    write(unit, filled.change(at, "old"), filled.camera_state(at, "old"))
    assert why(unit, "old")[0] == 0


# --- the list and the cost ------------------------------------------------------------------------


def test_eight_cameras_are_listed_with_mode_cost_and_why(unit: Unit) -> None:
    eight_cameras.write(unit.open_as("camera"), unit.open_as("inference"))
    code, out, err = unit.type("cameras")
    text = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "gate active since" in text
    assert "5.3 W (modelled) now, 5.3 Wh (modelled) in an hour: all pictures go" in text
    assert (
        "h264 1920x1080, 25 frames a second, 2100 kbit/s, a key frame every 10 s, 3 damaged; "
        "movement detected by packets, key frames" in text
    )
    assert "(detected by packets), not analysed: only packet sizes" in text
    assert "shed off since" in text
    assert "0 W now, 0 Wh in an hour: the camera is off: it runs from FULL only no video" in text
    assert "barn silent since" in text
    assert "together 18.7 W now, 18.7 Wh in an hour, without 1 camera of unknown" in text
    assert eight_cameras.PASSWORD not in out
    listed = unit.json("cameras")
    assert [camera["camera"] for camera in listed] == list(eight_cameras.NAMES)
    assert eight_cameras.PASSWORD not in json.dumps(listed)


def test_the_cost_of_today_says_how_much_of_it_is_known(unit: Unit) -> None:
    eight_cameras.write(unit.open_as("camera"), unit.open_as("inference"))
    code, out, _ = unit.type("cameras", "cost")
    assert code == 0
    text = " ".join(out.split())
    assert "h are known; no events" in text
    assert "barn not known" in text
    assert "road" in text
    assert len(unit.json("cameras", "cost")) == 1


def test_the_cost_of_several_days_ends_where_rows_end(unit: Unit) -> None:
    later = now(unit)
    reach = range(26 * 60)
    write(unit, *(listening(before(later, MINUTE * ago)) for ago in reversed(reach)))
    days = unit.json("cameras", "cost", "--days", "7")
    assert len(days) in (2, 3), "26 hours touch two days, or three at midnight"
    parts = [camera for day in days for camera in day["cameras"] if camera["camera"] == "gate"]
    assert sum(part["known_s"] for part in parts) == pytest.approx((26 * 60 - 1) * MINUTE, abs=90)
    assert sum(part["wh"] for part in parts) == pytest.approx(2.0 * 26, abs=0.1)
    assert (
        "the energy use of cameras is kept for 2 days"
        in unit.type("cameras", "cost", "--days", "7")[1]
    )
    for wrong in ("0", "366"):
        code, _, err = unit.type("cameras", "cost", "--days", wrong)
        assert (code, "is no whole number from 1 to 365" in err) == (2, True)


def test_events_have_a_price(unit: Unit) -> None:
    later = now(unit)
    write(unit, *(listening(before(later, MINUTE * ago)) for ago in range(10, -1, -1)))
    seen = replace(filled.event(before(later, 20)), camera="gate")
    unit.open_as("inference").add(seen)
    reported = unit.type("cameras", "cost", "--days", "2")[1]
    assert re.search(r"h are known; 1 event, 0\.\d+ Wh each", reported), reported


def test_a_unit_without_cameras_says_so(unit: Unit) -> None:
    unit.settings.write_text('[unit]\ndata_dir = "data"\n')
    assert unit.type("cameras")[1].startswith("no camera in ")


# --- the doctor -----------------------------------------------------------------------------------


def examined(unit: Unit) -> dict[str, Any]:
    found = unit.json("doctor")
    return next(finding for finding in found if finding["name"] == "cameras")


def test_the_doctor_shows_what_a_cameras_own_service_reports(unit: Unit) -> None:
    assert examined(unit)["ok"] is True
    unit.open_as("camera").raise_fault("camera@gate", CameraError(eight_cameras.GONE))
    found = examined(unit)
    assert found["ok"] is False
    assert found["text"].startswith("gate: rtsp://***@10.0.0.7/live gives no picture")
    assert found["advice"] == "`unitctl cameras why gate` says more"


def test_the_doctor_looks_after_the_password_files(unit: Unit, tmp_path: Path) -> None:
    file = tmp_path / "password"
    own = f'\n[camera.own]\nsource = "rtsp://10.0.0.8/live"\npassword_file = "{file}"\n'
    unit.settings.write_text(unit.settings.read_text() + own)
    assert "own: its password file cannot be found" in examined(unit)["text"]
    file.write_text("hunter3")
    file.chmod(0o644)
    found = examined(unit)
    assert "own: its password file is open to everybody" in found["text"]
    assert f"chmod 640 {file}" in found["advice"]
    file.chmod(0o640)
    assert examined(unit)["ok"] is True
    for words in (["settings"], ["status"], ["cameras"], ["doctor"]):
        assert "hunter" not in "".join(map(str, unit.type(*words)[1:]))
