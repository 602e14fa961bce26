"""The doctor: one sentence a check, with advice where something is wrong."""

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance import checks
from appliance.__main__ import main
from appliance.access.accounts import add_account, set_pin
from appliance.access.database import AccessFile
from appliance.access.passwords import hash_secret
from appliance.access.roles import Role
from appliance.checks import Finding, run_all_checks
from appliance.clock import ScaledClock, SystemClock, boottime_s
from appliance.model import EnergyLevel
from appliance.proxy.names import list_names
from appliance.proxy.prepared import Unit, prepare
from appliance.sections.cameras import CameraSettings
from appliance.settings import DEFAULT_PATH, ChargerSettings, Settings
from appliance.settings_text import format_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock


def findings(settings: Settings, store: Store | None, clock: FakeClock) -> dict[str, Finding]:
    return {finding.name: finding for finding in run_all_checks(settings, store, clock)}


@pytest.fixture
def healthy(settings: Settings, open_store: OpenStore) -> Settings:
    """A unit on which everything is as it should be."""
    settings.path.write_text(format_settings(settings))
    settings.path.chmod(0o640)
    filled.fill(open_store)
    names = list_names("unit", (), ())
    prepare(settings.web, Unit("unit", names, datetime.now(UTC)))
    set_pin(AccessFile(settings.access_file, SystemClock()), hash_secret("481516"))
    return settings


def test_a_healthy_unit_passes_every_check(
    healthy: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    found = findings(healthy, open_store(), clock)
    assert {name: one.text for name, one in found.items() if one.ok is not True} == {}
    folder = Path(checks.__file__).parent
    assert set(found) == {path.stem for path in folder.glob("[a-z]*.py")}


def test_the_clock_is_shown_in_site_time(settings: Settings, clock: FakeClock) -> None:
    clock.utc = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    here = replace(settings, site=replace(settings.site, timezone="Europe/Bucharest"))
    assert findings(here, None, clock)["clock"].text == "2026-07-02 01:30 Europe/Bucharest"


def test_a_unit_without_a_database_is_examined_all_the_same(
    settings: Settings, clock: FakeClock
) -> None:
    found = findings(settings, None, clock)
    assert found["database"].ok is False
    assert "start the services" in found["database"].advice
    assert found["battery"].ok is found["services"].ok is None
    assert found["model"].ok


def test_a_damaged_database_is_reported_before_and_after_it_was_set_aside(
    healthy: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    healthy.database.write_bytes(b"torn" * 4096)
    assert "is damaged" in findings(healthy, None, clock)["database"].text
    aside = prepare_database(healthy.database)
    assert aside is not None
    found = findings(healthy, open_store(), clock)["database"]
    assert found.ok is False
    assert aside.path.name in found.text


def test_a_silent_charger_is_reported_by_what_is_wrong_with_its_line(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    def reported(port: str) -> str:
        other = replace(settings, charger={"main": ChargerSettings(port=port)})
        found = findings(other, None, clock)["power"]
        assert found.ok is False
        return found.text

    line = tmp_path / "line"
    assert "no such device" in reported(str(line))
    line.touch()
    assert "no fresh reading" in reported(str(line))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert "no fresh reading" in reported(port)
    assert "no connection" in reported(port)
    assert "no connection" in reported("tcp://nonsense:port")


def test_a_charge_that_has_become_a_guess_asks_for_a_full_charge(
    healthy: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(replace(filled.battery_state(clock.stamp()), sigma_pct=14.0))
    found = findings(healthy, power, clock)["battery"]
    assert (found.ok, "until full" in found.advice) == (False, True)


def test_a_silent_service_is_named_unless_it_sleeps_for_want_of_energy(
    healthy: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    clock.advance(600)
    power.publish_status("power", "holding")
    open_store("sensors").publish_status("sensors", "measuring")
    power.add(filled.budget(clock.stamp(), EnergyLevel.FULL))
    found = findings(healthy, power, clock)["services"]
    assert found.text == "silent: camera@demo, inference"
    power.add(filled.budget(clock.stamp(), EnergyLevel.SENTINEL))
    assert findings(healthy, power, clock)["services"].text == "silent: camera@demo"
    power.add(filled.budget(clock.stamp(), EnergyLevel.HIBERNATE))
    assert findings(healthy, power, clock)["services"].ok


def test_a_service_that_has_left_is_not_called_silent(
    healthy: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    """No broker, no alarms, a camera of former settings, oneshots: each has said its last."""
    store = open_store("power")
    for name in ("mqtt", "hints", "camera@former", "checkin", "plan", "alarm"):
        store.publish_status(name, "nothing to do")
    clock.advance(600)
    for name in ("power", "sensors", "camera@demo", "inference"):
        store.publish_status(name, "works")
    store.add(filled.budget(clock.stamp(), EnergyLevel.FULL))
    assert findings(healthy, store, clock)["services"].ok
    broker = replace(healthy, mqtt=replace(healthy.mqtt, host="broker.lan"))
    assert findings(broker, store, clock)["services"].text == "silent: mqtt"


def test_a_camera_without_a_file_is_named_and_a_stream_is_not(
    settings: Settings, clock: FakeClock
) -> None:
    stream = CameraSettings(source=filled.SECRET_URL)
    cameras = {"stream": stream, "clip": CameraSettings(source="/nowhere.mp4")}
    found = findings(replace(settings, camera=cameras), None, clock)["cameras"]
    assert (found.ok, found.text) == (False, "no readable source: clip")
    assert findings(replace(settings, camera={}), None, clock)["cameras"].ok is None


def test_a_model_that_is_not_that_of_its_card_is_reported(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    model = tmp_path / "m.onnx"
    other = replace(settings, inference=replace(settings.inference, model=str(model)))
    assert "there is no model" in findings(other, None, clock)["model"].text
    model.write_bytes(b"weights")
    assert "card" in findings(other, None, clock)["model"].text
    model.with_suffix(".json").write_text(json.dumps({"sha256": "0" * 64}))
    found = findings(other, None, clock)["model"]
    assert (found.ok, "not as its card" in found.text) == (False, True)


def test_a_clock_that_lags_behind_its_own_software_is_reported(
    settings: Settings, clock: FakeClock
) -> None:
    clock.set_wall_clock(datetime(1970, 1, 1, tzinfo=UTC))
    assert findings(settings, None, clock)["clock"].ok is False


def test_a_fast_clock_is_right_in_a_demonstration_and_wrong_on_a_unit(settings: Settings) -> None:
    fast = ScaledClock(240, datetime(2026, 4, 15, tzinfo=UTC), boottime_s())
    found = {one.name: one for one in run_all_checks(settings, None, fast)}
    assert found["clock"].ok
    on_a_unit = {
        one.name: one for one in run_all_checks(replace(settings, path=DEFAULT_PATH), None, fast)
    }
    assert on_a_unit["clock"].ok is False


def test_settings_that_anybody_may_change_are_reported(healthy: Settings, clock: FakeClock) -> None:
    healthy.path.chmod(0o666)
    assert findings(healthy, None, clock)["permissions"].ok is False


def test_a_database_that_the_services_may_not_open_is_reported_to_an_administrator_too(
    healthy: Settings, clock: FakeClock
) -> None:
    healthy.database.parent.chmod(0o2770)
    assert findings(healthy, None, clock)["permissions"].ok is True
    healthy.database.chmod(0)
    found = findings(healthy, None, clock)["permissions"]
    assert found.ok is False
    assert str(healthy.database) in found.text
    assert f"chmod 660 {healthy.database}" in found.advice
    healthy.database.parent.chmod(0o700)
    assert findings(healthy, None, clock)["permissions"].ok is True, "nobody shares it"


def test_the_log_of_a_database_must_be_open_to_the_services_as_well(
    healthy: Settings, clock: FakeClock
) -> None:
    healthy.database.parent.chmod(0o2770)
    log = Path(f"{healthy.database}-wal")
    log.touch()
    log.chmod(0o640)
    found = findings(healthy, None, clock)["permissions"]
    assert found.ok is False
    assert f"chmod 660 {log}" in found.advice


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to another group")
def test_a_database_of_another_group_is_reported(healthy: Settings, clock: FakeClock) -> None:
    healthy.database.parent.chmod(0o2770)
    os.chown(healthy.database, -1, healthy.database.stat().st_gid + 1)
    found = findings(healthy, None, clock)["permissions"]
    assert found.ok is False
    assert f"chgrp --reference={healthy.database.parent} {healthy.database}" in found.advice


def test_the_command_prints_marks_and_advice_and_fails_when_a_check_does(
    healthy: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["doctor", "--settings", str(healthy.path)])
    assert left.value.code == 1, "the rows are of another boot"
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  ok model") for line in lines)
    assert any(line.startswith("  !! battery") and "; check the" in line for line in lines)
    with pytest.raises(SystemExit):
        main(["doctor", "--json", "--settings", str(healthy.path)])
    reported = {one["name"]: one["ok"] for one in json.loads(capsys.readouterr().out)}
    assert (reported["model"], reported["battery"]) == (True, False)


def test_a_unit_on_which_nobody_can_act_says_how_that_changes(
    settings: Settings, clock: FakeClock
) -> None:
    settings.unit.data_dir.mkdir(parents=True)
    found = findings(settings, None, clock)["access"]
    assert found.ok is None
    assert "sudo unitctl access pin set" in found.text


def test_logins_without_a_pin_are_a_finding(settings: Settings, clock: FakeClock) -> None:
    settings.unit.data_dir.mkdir(parents=True)
    file = AccessFile(settings.access_file, SystemClock())
    add_account(file, "anna", Role.TECHNICIAN, hash_secret("three words here"))
    found = findings(settings, None, clock)["access"]
    assert (found.ok, found.advice) == (False, "sudo unitctl access pin set")
    assert "1 account, 1 of technicians" in found.text
    assert "anna" not in found.text


def test_logins_that_others_may_open_are_a_finding(healthy: Settings, clock: FakeClock) -> None:
    healthy.access_file.chmod(0o640)
    found = findings(healthy, None, clock)["access"]
    assert found.ok is False
    assert "is open to others" in found.text
