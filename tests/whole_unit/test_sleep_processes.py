"""The unit's real processes through a night, on a board that suspends."""

from datetime import timedelta
from pathlib import Path

import pytest

from appliance.model import EnergyLevel, PowerReading, Sleep, Wake
from appliance.model_cameras import CameraState
from appliance.settings import SleepMode
from tests.stand_ins.sleeping_unit import (
    EVENING,
    count,
    record,
    stopped,
    unit,
)
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.long]


def test_the_unit_sleeps_through_the_night_and_works_again_in_the_morning(tmp_path: Path) -> None:
    with unit(tmp_path, 200, EVENING, 42, SleepMode.SUSPEND) as laptop:
        store = laptop.open_store()
        wait_until(lambda: count(store, CameraState) > 0, "the camera at work")
        wait_until(lambda: count(store, Sleep) > 0, "a sleep")
        wait_until(lambda: stopped(laptop.runner.pids()["appliance-power"]), "the frost")
        asleep = laptop.runner.pids()
        assert "appliance-camera@demo" not in asleep
        sleep = store.rows(Sleep)[-1]  # an order that was late is given again
        assert sleep.level == EnergyLevel.HIBERNATE
        assert sleep.armed == "the clock of the computer"
        assert sleep.wakes is not None
        assert timedelta(minutes=30) <= sleep.wakes - sleep.stamp.utc <= timedelta(hours=12)
        alarm = (laptop.settings.host.rtc / "wakealarm").read_text()
        assert int(alarm) == round(sleep.wakes.timestamp())
        assert record(laptop)["end"] == "ASLEEP"
        readings = count(store, PowerReading)

        morning = sleep.wakes
        wait_until(lambda: laptop.settings.make_clock().stamp().utc >= morning, "the morning", 240)
        wait_until(lambda: any(wake.stays for wake in store.rows(Wake)[1:]), "a wake that stays")
        wake = store.rows(Wake)[-1]
        assert wake.asleep_since is not None
        assert wake.asleep_since >= sleep.stamp.utc
        assert wake.stamp.boot_id == sleep.stamp.boot_id  # suspended, not booted
        assert laptop.runner.pids()["appliance-power"] == asleep["appliance-power"]
        wait_until(lambda: count(store, PowerReading) > readings, "a new reading")
        wait_until(lambda: "appliance-camera@demo" in laptop.runner.pids(), "the camera again")
