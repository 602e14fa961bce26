"""The health of a trial: what worked before must work again, and nothing else is asked for."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.model_cameras import CameraMode
from appliance.settings import BmsSettings, Settings
from appliance.store.store import Store
from ota.health.checks import cameras, disk, inference, power, services, updater, watchdog
from ota.health.health import DATABASE, TrialHealth
from ota.health.sight import Sight
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The updater is started by tests of its own."""
    monkeypatch.setattr(updater, "try_start", lambda *_, **__: "")


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store("web")


@pytest.fixture
def health(settings: Settings, store: Store, tmp_path: Path) -> TrialHealth:
    (tmp_path / "data").mkdir(exist_ok=True)
    return TrialHealth(settings, store, tmp_path / "app")


def measure(health: TrialHealth) -> Mapping[str, Any]:
    items: Mapping[str, Any] = health.measure()["items"]
    return items


def begin_trial(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> tuple[Mapping[str, Any], Stamp]:
    """What a working unit measures before a trial, and when that began; it works on."""
    filled.fill(open_store)
    baseline = health.measure()
    clock.advance(60)
    began = clock.stamp()
    clock.advance(60)
    filled.fill(open_store)
    return baseline, began


def test_a_working_unit_that_works_on_is_well(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> None:
    baseline, began = begin_trial(health, open_store, clock)
    assert not any(baseline["items"].values())
    assert health.judge(baseline, began) == ""


def test_rows_of_before_the_trial_are_no_sign_of_life(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    baseline = health.measure()
    clock.advance(10)
    text = health.judge(baseline, clock.stamp())
    assert text.startswith("not as before: ")
    for name in ("service power", "camera demo", "charge of the battery", "energy budget"):
        assert name in text


def test_rows_of_another_boot_are_no_sign_of_life(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    baseline = health.measure()
    clock.reboot()
    assert "service power" in health.judge(baseline, clock.stamp())


def test_what_was_dead_before_is_not_held_against_a_release(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> None:
    baseline = health.measure()
    assert measure(health)["energy budget"] == "there is none"
    clock.advance(60)
    assert health.judge(baseline, clock.stamp()) == ""


def test_what_the_energy_has_switched_off_is_not_asked_for(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> None:
    baseline, began = begin_trial(health, open_store, clock)
    now = clock.stamp()
    power_store = open_store("power")
    power_store.add(EnergyBudget(now, EnergyLevel.HIBERNATE, 5.0, now.utc, 100.0, "dark"))
    silent = replace(filled.camera_state(now), stream=None)
    open_store("camera").add(silent)
    assert health.judge(baseline, began) == ""


def test_a_camera_without_a_stream_is_told(
    health: TrialHealth, open_store: OpenStore, clock: FakeClock
) -> None:
    baseline, began = begin_trial(health, open_store, clock)
    open_store("camera").add(replace(filled.camera_state(clock.stamp()), stream=None))
    assert health.judge(baseline, began) == "not as before: camera demo (it gives no pictures)"


def test_a_database_that_broke_in_the_trial_is_told_and_one_that_was_broken_is_not(
    health: TrialHealth, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrialHealth, "_look", lambda *_: {DATABASE: "is damaged"})
    assert "is damaged" in health.judge({"items": {}}, clock.stamp())
    assert health.judge({"items": {DATABASE: "is damaged"}}, clock.stamp()) == ""


# --- each check -----------------------------------------------------------------------------------


def look_at(settings: Settings, store: Store) -> Sight:
    return Sight(settings, store)


def test_each_battery_is_looked_at(settings: Settings, store: Store) -> None:
    sight = look_at(replace(settings, bms={"pack": BmsSettings()}), store)
    assert power.look(sight)["battery pack"] == "no reading is stored"


def test_a_camera_that_is_off_by_order_is_well(
    settings: Settings, store: Store, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    off = replace(filled.camera_state(clock.stamp()), stream=None, mode=CameraMode.OFF)
    open_store("camera").add(off)
    assert cameras.look(look_at(settings, store)) == {"camera demo": ""}


def test_without_movement_no_analysis_is_asked_for(
    settings: Settings, store: Store, open_store: OpenStore, clock: FakeClock
) -> None:
    assert inference.look(look_at(settings, store)) == {}
    filled.fill(open_store)
    listening = replace(filled.camera_state(clock.stamp()), mode=CameraMode.LISTEN)
    open_store("camera").add(listening)
    assert inference.look(look_at(settings, store)) == {}


def test_the_guard_and_the_sensors_are_asked_for_even_where_they_never_reported(
    settings: Settings, store: Store
) -> None:
    found = services.look(look_at(settings, store))
    assert found == {
        "service power": "appliance-power.service does not report",
        "service sensors": "appliance-sensors.service does not report",
    }


def test_a_full_disk_is_told(
    settings: Settings, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    monkeypatch.setattr(disk, "LEAST_BYTES", 10**18)
    assert "are needed" in disk.look(look_at(settings, store))["disk space"]


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ([], {}),
        (["active"], {"hardware watchdog": ""}),
        (["inactive", "active"], {"hardware watchdog": ""}),
        (["inactive"], {"hardware watchdog": "it is not armed"}),
    ],
)
def test_an_armed_watchdog_is_enough(
    settings: Settings, store: Store, tmp_path: Path, states: list[str], found: dict[str, str]
) -> None:
    for number, state in enumerate(states):
        device = tmp_path / "dogs" / f"watchdog{number}"
        device.mkdir(parents=True)
        (device / "state").write_text(f"{state}\n")
    assert watchdog.look(look_at(settings, store), tmp_path / "dogs") == found
