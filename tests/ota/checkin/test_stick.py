"""A stick that was ordered at the page: the updater takes it while root says that it is mounted."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model import Stamp
from appliance.model_updates import UpdateStep
from appliance.process.stick_order import (
    ENDED,
    LOOKS,
    TAKES,
    StickProgress,
    find_directory,
    find_place,
    write_progress,
)
from appliance.settings import Settings
from ota.checkin.stick import obey_page
from ota.disk import Disk
from ota.machine.journal import JOURNAL, Journal
from ota.machine.orders import Orders, OrdersFile
from ota.machine.progress import Record
from tests.stand_ins.fakes import FakeClock

LOG = SentenceLog("test")


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    found = replace(settings, update=replace(settings.update, dir=tmp_path / "ota"))
    found.update.dir.mkdir(exist_ok=True)
    found.unit.run_dir.mkdir(exist_ok=True)
    find_directory(found.unit.run_dir).mkdir(exist_ok=True)
    return found


def say_so(own: Settings, phase: str = TAKES, stick: str = "updates", age_s: float = 0.0) -> None:
    now = SystemClock().stamp()
    stamp = Stamp(now.utc, now.boot_id, now.uptime_s - age_s)
    tree = str(find_place(own.unit.run_dir) / stick)
    write_progress(
        own.unit.run_dir, StickProgress("1", "anna", phase, "", stamp, stamp, stick=tree)
    )


def obey(own: Settings, clock: FakeClock) -> Orders:
    obey_page(own, clock, Disk(), LOG)
    return OrdersFile(Disk(), own.update.dir).read()


def begin_update(own: Settings) -> None:
    record = Record(SystemClock().stamp(), UpdateStep.GATE, "2", "ab" * 32, "waits", {})
    Journal(Disk(), own.update.dir / JOURNAL).append(record)


def test_it_is_taken_as_one_that_a_technician_types(own: Settings, clock: FakeClock) -> None:
    say_so(own)
    orders = obey(own, clock)
    assert orders.stick == str(find_place(own.unit.run_dir) / "updates")
    assert (orders.technician, bool(orders.asked_at)) == ("anna", True)
    assert orders.has_technician(clock.stamp().utc)
    clock.advance(12 * 3600 + 1)
    assert not orders.has_technician(clock.stamp().utc)


def test_a_hold_stays(own: Settings, clock: FakeClock) -> None:
    OrdersFile(Disk(), own.update.dir).write(Orders(hold="harvest"))
    say_so(own)
    assert obey(own, clock).hold == "harvest"


@pytest.mark.parametrize(
    ("phase", "stick", "age_s"),
    [(LOOKS, "updates", 0.0), (ENDED, "updates", 0.0), (TAKES, "updates", 90.0), (TAKES, "/", 0.0)],
)
def test_nothing_is_taken_that_is_not_mounted_now(
    own: Settings, clock: FakeClock, phase: str, stick: str, age_s: float
) -> None:
    say_so(own, phase, stick, age_s)
    assert obey(own, clock) == Orders()


def test_when_the_stick_is_gone_nobody_is_present_unless_an_update_is_under_way(
    own: Settings, clock: FakeClock
) -> None:
    say_so(own)
    obey(own, clock)
    say_so(own, ENDED)
    ended = obey(own, clock)
    assert (ended.stick, ended.technician, ended.present_until) == ("", "", None)
    say_so(own)
    obey(own, clock)
    begin_update(own)
    say_so(own, ENDED)
    waits = obey(own, clock)
    assert (waits.stick, waits.technician) == ("", "anna")
    assert waits.has_technician(clock.stamp().utc)


def test_a_stick_that_a_technician_has_typed_stays_his(own: Settings, clock: FakeClock) -> None:
    typed = Orders(stick="/mnt/updates", technician="root", present_until="2030-01-01T00:00:00Z")
    OrdersFile(Disk(), own.update.dir).write(typed)
    assert obey(own, clock) == typed


def test_a_disk_that_is_full_stops_no_check_in(
    own: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_so(own)

    class FullDisk(Disk):
        def write(self, *_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

    obey_page(own, clock, FullDisk(), LOG)
    assert OrdersFile(Disk(), own.update.dir).read() == Orders()
