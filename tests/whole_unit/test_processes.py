"""The unit's real processes, side by side, and the death of each of them.

These start processes and wait for what they do; time runs fast, nothing sleeps for its own sake.
"""

import os
import signal
import sqlite3
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from appliance.media.frame_socket import FrameClient
from appliance.media.frames import Picture, PictureRequest
from appliance.model import EnergyBudget, EnergyLevel, EnvironmentReading, PowerReading
from provisioning.command import claim_port
from provisioning.laptop import Laptop, RunRequest
from tests.waiting import read_budget, wait_for_level, wait_until

NOON = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
# They end by themselves: a timer, or whoever needs them, starts them again.
COMES_AND_GOES = {
    *("appliance-alarm", "appliance-alarm-hourly", "appliance-checkin"),
    *("appliance-plan", "appliance-backup", "appliance-web"),
}

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A unit at noon with a full battery, a day in ten minutes, everything at work."""
    directory = tmp_path_factory.mktemp("unit") / "run"
    wish = RunRequest(600, claim_port(0), directory, start=NOON, charge_pct=97)
    with Laptop(wish) as running:
        wait_for_level(running, EnergyLevel.FULL)
        at_work = {"appliance-inference", "timers"}
        wait_until(lambda: at_work <= set(running.runner.pids()), "all at work")
        yield running


def kill(laptop: Laptop, name: str) -> None:
    """`kill -9` one process and see that only it is replaced."""
    wait_until(lambda: name in laptop.runner.pids(), name)
    before = laptop.runner.pids()
    os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: laptop.runner.pids().get(name, before[name]) != before[name], f"new {name}")
    after = laptop.runner.pids()
    others = {n: pid for n, pid in before.items() if n != name and n not in COMES_AND_GOES}
    assert {n: pid for n, pid in after.items() if n in others} == others


@pytest.mark.parametrize(
    ("name", "row"),
    [("appliance-power", PowerReading), ("appliance-sensors", EnvironmentReading)],
)
def test_a_killed_writer_is_replaced_and_goes_on_writing(
    laptop: Laptop, name: str, row: type[PowerReading]
) -> None:
    store = laptop.open_store()
    kill(laptop, name)
    last = store.last(row)
    assert last is not None
    killed_at_s = last.stamp.uptime_s

    def wrote_again() -> bool:
        newest = store.last(row)
        return newest is not None and newest.stamp.uptime_s > killed_at_s

    wait_until(wrote_again, f"a new row of {name}")


def test_a_killed_camera_hands_out_pictures_again(laptop: Laptop) -> None:
    kill(laptop, "appliance-camera@demo")
    wait_until(lambda: pictures_come(laptop, "camera"), "a picture of the camera")


def test_killed_inference_looks_again(laptop: Laptop) -> None:
    kill(laptop, "appliance-inference")
    wait_until(lambda: pictures_come(laptop, "view"), "a picture that was looked at")


def test_the_belief_about_the_battery_survives_the_death_of_power(laptop: Laptop) -> None:
    store = laptop.open_store()
    before = store.last(EnergyBudget)
    kill(laptop, "appliance-power")

    def decided_again() -> bool:
        newest = store.last(EnergyBudget)
        assert newest is not None
        assert before is not None
        return newest.stamp.uptime_s > before.stamp.uptime_s

    wait_until(decided_again, "a new budget")
    after = store.last(EnergyBudget)
    assert after is not None
    assert after.level == EnergyLevel.FULL, after.reason


def test_a_killed_page_is_served_again(laptop: Laptop) -> None:
    kill(laptop, "appliance-web")
    port = laptop.settings.web.port
    url = f"http://127.0.0.1:{port}/api/status"
    wait_until(lambda: answers(url), "the page")


def answers(url: str) -> bool:
    """Whether a page can be had there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def test_a_database_damaged_in_flight_is_set_aside_and_work_goes_on(laptop: Laptop) -> None:
    path = laptop.settings.database
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"this is not a database any more" * 100)
    wait_until(lambda: list(path.parent.glob("unit.db.damaged-*")) != [], "the file set aside")
    kept = [p for p in path.parent.glob("unit.db.damaged-*") if p.name[-4:] not in ("-wal", "-shm")]
    assert kept[0].read_bytes().startswith(b"this is not a database any more")
    wait_until(lambda: read_budget(laptop) is not None, "a budget in the new database")


def pictures_come(laptop: Laptop, who: str) -> bool:
    settings = laptop.settings
    socket = settings.view_socket if who == "view" else settings.camera_socket("demo")
    try:
        answer = FrameClient(socket).pull(PictureRequest("jpeg"))
    except Exception:  # noqa: BLE001  (not there yet)
        return False
    return isinstance(answer, Picture)
