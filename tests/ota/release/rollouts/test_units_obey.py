"""The real client of a unit before the tree of a rollout."""

from dataclasses import replace
from datetime import datetime, time

import pytest

from appliance.sections.network import UpdateSettings
from ota.disk import Disk
from ota.machine.gate import judge
from ota.mirrors.directory import DirectoryMirror
from ota.offer import Offer
from ota.trust.assignment import UnitIdentity
from ota.trust.client import TrustClient
from tests.ota.release.conftest import Desk
from tests.ota.release.test_units_take_it import make_unit
from tests.stand_ins.update_unit import FULL_BATTERY

START = ("rollout", "start", "december", "r2", "--group", "all", "--window", "22:00-05:00")


class RealUnit:
    """The trust of one unit, with the clock of the desk."""

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk = desk
        identity = UnitIdentity(name, "all", "x86-64")
        mirror = DirectoryMirror(str(desk.tree))
        self.client = TrustClient(make_unit(desk), Disk(), [mirror], identity, self.read_clock)

    def read_clock(self) -> datetime:
        return self.desk.now

    def ask(self) -> Offer | None:
        return self.client.ask()

    def find_reason(self) -> str:
        assert self.ask() is None
        assert self.client.answer is not None
        return f"{self.client.answer.reason_code}: {self.client.answer.text}"


@pytest.fixture
def unit(desk: Desk) -> RealUnit:
    desk.do(*START, "--first", "field-7")
    return RealUnit(desk, "field-7")


def test_a_unit_of_the_wave_takes_it_in_the_window_of_the_rollout(unit: RealUnit) -> None:
    offer = unit.ask()
    assert offer is not None
    assert (offer.manifest.release, offer.wave, offer.window) == ("r2", "first", "22:00-05:00")
    for at, is_open in ((time(21), False), (time(23), True)):
        facts = replace(FULL_BATTERY, local_time=at)
        verdict = judge(facts, UpdateSettings(), needs_wh=2.0, window=offer.window)
        assert verdict.is_open is is_open
        assert is_open or verdict.reason.endswith("the window of its rollout, 22:00-05:00")


def test_a_unit_that_is_not_in_the_wave_takes_nothing(desk: Desk, unit: RealUnit) -> None:
    assert unit.ask() is not None
    (desk.directory / "ota").rename(desk.directory / "other")
    assert RealUnit(desk, "field-8").find_reason().startswith("nothing-assigned")


def test_a_paused_rollout_is_an_answer_with_its_reason(desk: Desk, unit: RealUnit) -> None:
    desk.do("rollout", "pause", "december", "--reason", "rain in the north")
    assert unit.find_reason() == "paused: The rollout is paused: rain in the north"
    desk.do("rollout", "resume", "december")
    assert unit.ask() is not None
    desk.do("rollout", "stop", "december", "--reason", "it beeps")
    assert unit.find_reason() == "paused: The rollout is paused: it beeps"


def test_the_pause_of_a_wave_that_failed_tells_the_figures(desk: Desk, unit: RealUnit) -> None:
    units = desk.directory / "units.json"
    units.write_text(
        '[{"name": "field-7", "group": "all", "running_release": "r1",'
        ' "failed_releases": ["r2"], "reported_at": null}]'
    )
    desk.do("rollout", "advance", "december", "--units", units)
    assert unit.find_reason() == (
        "paused: The rollout is paused: wave first (1 of 5): 1 of 1 (all units so far) failed with "
        "r2, more than 5 %: field-7"
    )


def test_an_older_unit_that_knows_no_pause_finds_the_time_over(
    desk: Desk, unit: RealUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ota.trust.assignment.find_pause", lambda _: None)
    desk.do("rollout", "pause", "december", "--reason", "rain")
    assert unit.find_reason().startswith("assignment-over")
