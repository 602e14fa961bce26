"""One order of the page: what is told meanwhile, and that the stick is off at the end of each."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import cast

import pytest

from appliance.clock import SystemClock
from appliance.errors import HostError
from appliance.log import SentenceLog
from appliance.process.host import Host, Job
from appliance.process.stick_order import (
    ASKED,
    ENDED,
    PROGRESS,
    StickProgress,
    find_directory,
    leave_order,
    read_progress,
)
from ota.stick.drives import Drives
from ota.stick.errors import StickError
from ota.stick.mounting import Mounts
from ota.stick.programs import HUNG, run
from ota.stick.taking import BUSY, STOPPED, Taking
from tests.ota.stick.real_stick import TREE, Shelf
from tests.stand_ins.fakes import FakeClock


@dataclass
class CheckIn:
    """PID 1 that runs a check-in: `looks` until it is over; `during`: what happens meanwhile."""

    looks: int = 3
    failed: bool = False
    during: Callable[[], None] = lambda: None
    begun: list[str] = field(default_factory=list)
    abandoned: bool = False

    def run(self, unit: str) -> Job:
        self.begun.append(unit)
        return cast("Job", self)

    def is_over(self) -> bool:
        self.during()
        self.looks -= 1
        return self.looks < 0

    def has_failed(self) -> bool:
        return self.failed

    def abandon(self) -> None:
        self.abandoned = True


@dataclass
class Desk:
    """The page and root's oneshot. `states`: what the check-in's service is in, one after another,
    then `inactive`.
    """

    run_dir: Path
    shelf: Shelf
    check_in: CheckIn = field(default_factory=CheckIn)
    states: list[str] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    clock: FakeClock = field(default_factory=FakeClock)

    def press(self) -> StickProgress:
        leave_order(self.run_dir, self.clock, "anna (network)")
        return self.run()

    def run(self) -> StickProgress:
        self.make(self.shelf.drives, self.shelf.mounts).run()
        assert not self.shelf.mounts.place.is_mount()
        found = read_progress(self.run_dir)
        assert found is not None
        return found

    def make(self, drives: Drives, mounts: Mounts) -> Taking:
        host = cast("Host", self.check_in)
        log = SentenceLog("stick")
        return Taking(
            self.run_dir, self.clock, host, drives, mounts, self.stop, log, self.find_state
        )

    def find_state(self) -> str:
        return self.states.pop(0) if self.states else "inactive"


@pytest.fixture
def desk(shelf: Shelf, tmp_path: Path) -> Desk:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    find_directory(run_dir).mkdir()
    return Desk(run_dir, shelf)


def test_the_updater_is_told_where_the_releases_are_and_then_that_it_is_over(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    seen: list[StickProgress | None] = []
    desk.check_in.during = lambda: seen.append(read_progress(desk.run_dir))
    found = desk.press()
    assert desk.check_in.begun == ["appliance-checkin.service"]
    assert seen[0] is not None
    assert (seen[0].phase, seen[0].stick) == ("takes", f"{desk.shelf.mounts.place}/updates")
    assert seen[0].is_under_way(desk.clock)
    assert (found.phase, found.ok, found.who) == (ENDED, True, "anna (network)")
    assert not found.is_under_way(desk.clock)
    assert not (desk.run_dir / ASKED).exists()


def test_a_long_check_in_is_no_silent_one(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.check_in.looks = 500
    under_way: list[bool] = []

    def look() -> None:
        found = read_progress(desk.run_dir)
        assert found is not None
        under_way.append(found.is_under_way(desk.clock))

    desk.check_in.during = look
    assert desk.press().ok
    assert all(under_way)


def test_a_check_in_that_fails_is_told_with_where_to_look(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.check_in.failed = True
    found = desk.press()
    assert (found.ok, "journalctl -u appliance-checkin" in found.said) == (False, True)


def test_a_check_in_that_runs_already_is_waited_for_but_not_for_long(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.states = ["activating"] * 5
    assert desk.press().ok
    desk.states = ["activating"] * 500
    found = desk.press()
    assert (found.ok, found.said) == (False, BUSY)
    assert len(desk.check_in.begun) == 1


def test_an_order_of_pid_1_to_stop_takes_the_stick_off(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.check_in.looks = 500
    desk.check_in.during = desk.stop.set
    found = desk.press()
    assert (found.phase, found.ok, found.said) == (ENDED, False, STOPPED)
    assert desk.check_in.abandoned


def test_a_program_that_breaks_takes_the_stick_off_as_well(desk: Desk) -> None:
    desk.shelf.plug(*TREE)

    def fail() -> None:
        raise ZeroDivisionError

    desk.check_in.during = fail
    with pytest.raises(ZeroDivisionError):
        desk.press()
    assert not desk.shelf.mounts.place.is_mount()
    found = read_progress(desk.run_dir)
    assert found is not None
    assert (found.phase, found.ok) == (ENDED, False)


def test_pid_1_that_refuses_is_told(desk: Desk) -> None:
    desk.shelf.plug(*TREE)

    def refuse() -> str:
        raise HostError("PID 1 refused the order `show`")

    taking = desk.make(desk.shelf.drives, desk.shelf.mounts)
    taking.find_state = refuse
    leave_order(desk.run_dir, desk.clock, "anna")
    taking.run()
    found = read_progress(desk.run_dir)
    assert found is not None
    assert (found.ok, found.said) == (False, "PID 1 refused the order `show`")


def test_an_order_is_obeyed_once_and_one_that_came_meanwhile_is_dropped(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.check_in.during = lambda: leave_order(desk.run_dir, desk.clock, "bert")
    assert desk.press().who == "anna (network)"
    assert desk.run().who == "anna (network)"
    assert len(desk.check_in.begun) == 1


def test_an_order_of_some_time_ago_or_of_somebody_else_is_not_obeyed(desk: Desk) -> None:
    leave_order(desk.run_dir, desk.clock, "anna")
    desk.clock.advance(130)
    taking = desk.make(desk.shelf.drives, desk.shelf.mounts)
    taking.run()
    assert read_progress(desk.run_dir) is None
    leave_order(desk.run_dir, desk.clock, "anna")
    os.chown(desk.run_dir / ASKED, 65534, 65534)
    taking.run()
    assert read_progress(desk.run_dir) is None
    assert not (desk.run_dir / ASKED).exists()


def test_a_link_is_no_order_and_what_it_leads_to_stays(desk: Desk) -> None:
    other = desk.run_dir / "other.json"
    leave_order(desk.run_dir, desk.clock, "anna")
    (desk.run_dir / ASKED).rename(other)
    (desk.run_dir / ASKED).symlink_to(other)
    desk.make(desk.shelf.drives, desk.shelf.mounts).run()
    assert read_progress(desk.run_dir) is None
    assert other.exists()
    assert not (desk.run_dir / ASKED).is_symlink()


def test_what_another_service_writes_is_no_progress(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.press()
    os.chown(find_directory(desk.run_dir) / PROGRESS, 65534, 65534)
    assert read_progress(desk.run_dir) is None


def test_a_program_that_hangs_is_left_behind() -> None:
    assert run(["sleep", "60"], limit_s=0.1).code == HUNG
    assert run(["sh", "-c", "echo wrong; exit 3"], limit_s=10).text == "wrong"


def test_without_systemd_the_sentence_says_so(tmp_path: Path, shelf: Shelf) -> None:
    stick = shelf.plug(*TREE)
    mounts = Mounts(tmp_path / "mount", run_by=("/nowhere/systemd-run",))
    (part,) = shelf.drives.list_parts()
    assert part.name == stick.name
    with pytest.raises(StickError, match="a stick is mounted by systemd"):
        mounts.mount(part)


def test_the_real_clock_judges_as_well(desk: Desk) -> None:
    desk.shelf.plug(*TREE)
    desk.clock = cast("FakeClock", SystemClock())
    desk.check_in.looks = 1
    assert desk.press().ok
