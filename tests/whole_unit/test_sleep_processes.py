"""The unit's real processes through a night and through ten failed boots, on a board that sleeps.

Suspend is SIGSTOP to every process of the unit, power-off ends them and a new boot starts others;
the simulated plant goes on all the while.
"""

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.model import CameraState, EnergyLevel, PowerReading, Sleep, Wake
from appliance.settings import SleepMode
from appliance.store.store import Store
from provisioning.__main__ import claim_port
from provisioning.laptop import Laptop, Wish
from tests.waiting import wait_for_level, wait_until

EVENING = datetime(2026, 4, 15, 18, 30, tzinfo=UTC)  # after sunset
CLOUDY_MORNING = datetime(2026, 4, 16, 7, 0, tzinfo=UTC)
CLOUDS = 0.95  # of the sun

pytestmark = pytest.mark.processes


@contextmanager
def unit(
    directory: Path,
    day_s: float,
    start: datetime,
    charge_pct: float,
    sleep: SleepMode,
    cloudiness: float = 0.0,
) -> Iterator[Laptop]:
    wish = Wish(
        *(day_s, claim_port(0), directory / "run"),
        start=start,
        charge_pct=charge_pct,
        cloudiness=cloudiness,
        sleep=sleep,
    )
    with Laptop(wish) as laptop:
        yield laptop


def record(laptop: Laptop) -> dict[str, Any]:
    """What boots.json says."""
    told: dict[str, Any] = json.loads(laptop.settings.boots_file.read_text())
    return told


def running(laptop: Laptop) -> set[str]:
    return {name for name in laptop.runner.pids() if name.startswith("appliance-")}


def stopped(pid: int) -> bool:
    """Whether the kernel keeps that process from running."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def count(store: Store, kind: type) -> int:
    return len(store.rows(kind))


def test_the_unit_sleeps_through_the_night_and_works_again_in_the_morning(tmp_path: Path) -> None:
    with unit(tmp_path, 50, EVENING, 33, SleepMode.SUSPEND) as laptop:
        store = laptop.store()
        wait_for_level(laptop, EnergyLevel.SENTINEL)
        wait_until(lambda: count(store, CameraState) > 0, "the camera at work")
        wait_until(lambda: count(store, Sleep) > 0, "a sleep")
        wait_until(lambda: stopped(laptop.runner.pids()["appliance-power"]), "the frost")
        asleep = laptop.runner.pids()
        assert "appliance-camera@demo" not in asleep
        (sleep,) = store.rows(Sleep)
        assert sleep.level == EnergyLevel.HIBERNATE
        assert sleep.armed == "the clock of the computer"
        assert sleep.wakes is not None
        assert timedelta(minutes=30) <= sleep.wakes - sleep.stamp.utc <= timedelta(hours=12)
        alarm = (laptop.settings.host.rtc / "wakealarm").read_text()
        assert int(alarm) == round(sleep.wakes.timestamp())
        assert record(laptop)["end"] == "ASLEEP"
        readings = count(store, PowerReading)

        morning = sleep.wakes
        wait_until(lambda: laptop.settings.make_clock().stamp().utc >= morning, "the morning")
        wait_until(lambda: any(wake.stays for wake in store.rows(Wake)[1:]), "a wake that stays")
        wake = store.rows(Wake)[-1]
        assert wake.asleep_since is not None
        assert wake.asleep_since >= sleep.stamp.utc
        assert wake.stamp.boot_id == sleep.stamp.boot_id  # suspended, not booted
        assert laptop.runner.pids()["appliance-power"] == asleep["appliance-power"]
        assert count(store, PowerReading) > readings
        wait_until(lambda: "appliance-camera@demo" in laptop.runner.pids(), "the camera again")


def test_after_ten_failed_boots_in_a_row_the_sun_still_brings_it_back(tmp_path: Path) -> None:
    with unit(tmp_path, 432, CLOUDY_MORNING, 17, SleepMode.POWER_OFF, CLOUDS) as laptop:
        store = laptop.store()
        waits_h = [wait_for_sleep(laptop, store)]
        for fall in range(10):
            before = record(laptop)["boot_id"]
            laptop.tell_board("power-button")
            wait_until(lambda old=before: record(laptop)["boot_id"] != old, "a boot")  # type: ignore[misc]
            laptop.tell_board("power-cut")
            wait_until(lambda: not running(laptop), "the end of all processes")
            if fall in (1, 9):
                laptop.tell_board("power-button")
                waits_h.append(wait_for_sleep(laptop, store))
        assert record(laptop)["failed"] >= 10
        assert all(wait_h >= h for wait_h, h in zip(waits_h, (1, 2, 12), strict=True)), waits_h
        assert max(waits_h) <= 24

        clear_the_sky(laptop)
        laptop.tell_board("power-button")
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
    return record(laptop) if laptop.settings.boots_file.exists() else {}


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
