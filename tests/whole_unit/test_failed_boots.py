"""The unit's real processes through ten failed boots, on a board that powers off."""

import os
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model import Sleep, Wake
from appliance.settings import SleepMode
from appliance.store.store import Store
from provisioning.laptop import Laptop
from tests.stand_ins.sleeping_unit import (
    CLOUDS,
    CLOUDY_MORNING,
    count,
    record,
    running,
    unit,
)
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.long]


def test_after_ten_failed_boots_in_a_row_the_sun_still_brings_it_back(tmp_path: Path) -> None:
    with unit(tmp_path, 432, CLOUDY_MORNING, 17, SleepMode.POWER_OFF, CLOUDS) as laptop:
        store = laptop.open_store()
        waits_h = [wait_for_sleep(laptop, store)]
        for fall in range(10):
            before = record(laptop)["boot_id"]
            laptop.command_board("power-button")
            wait_until(lambda old=before: record(laptop)["boot_id"] != old, "a boot")  # type: ignore[misc]
            laptop.command_board("power-cut")
            wait_until(lambda: not running(laptop), "the end of all processes")
            if fall in (1, 9):
                laptop.command_board("power-button")
                waits_h.append(wait_for_sleep(laptop, store))
        assert record(laptop)["failed"] >= 10
        assert all(wait_h >= h for wait_h, h in zip(waits_h, (1, 2, 12), strict=True)), waits_h
        assert max(waits_h) <= 24

        clear_the_sky(laptop)
        laptop.command_board("power-button")
        wait_until(lambda: stays(store), "a boot that stays")
        assert store.rows(Wake)[-1].failed_boots >= 10
        wait_until(lambda: record(laptop)["failed"] == 0, "a boot that is well")
        wait_until(lambda: "appliance-camera@demo" in laptop.runner.pids(), "the camera at work")
        with closing(sqlite3.connect(laptop.settings.database)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert count(store, Sleep) >= len(waits_h)


def wait_for_sleep(laptop: Laptop, store: Store) -> float:
    """Wait until the unit has put itself to sleep; for how many hours it is."""
    wait_until(lambda: bool(running(laptop)), "a boot")
    wait_until(lambda: record_of(laptop).get("end") == "ASLEEP", "a sleep")
    wait_until(lambda: not running(laptop), "the power-off")
    sleep = store.rows(Sleep)[-1]
    assert sleep.wakes is not None
    return (sleep.wakes - sleep.stamp.utc) / timedelta(hours=1)


def record_of(laptop: Laptop) -> dict[str, Any]:
    return record(laptop) if laptop.settings.boot_record_file.exists() else {}


def stays(store: Store) -> bool:
    """Whether the newest wake was one to stay."""
    wakes = store.rows(Wake)
    return bool(wakes) and wakes[-1].stays


def clear_the_sky(laptop: Laptop) -> None:
    """The weather changes, and the sun has charged the battery: another plant in the same place."""
    path = laptop.settings.path
    text = path.read_text().replace(f"cloudiness = {CLOUDS}", "cloudiness = 0.0")
    path.write_text(text.replace("battery_charge_pct = 17", "battery_charge_pct = 45"))
    before = laptop.runner.pids()["plant"]
    os.kill(before, signal.SIGTERM)
    wait_until(lambda: laptop.runner.pids().get("plant", before) != before, "another sky")
    port = Path(laptop.settings.charger["main"].port)
    wait_until(port.exists, "the charge controller")
