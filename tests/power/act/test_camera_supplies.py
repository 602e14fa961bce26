"""The supply of a camera that gives nothing: off and on, with growing pauses, and no more."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from appliance.model import EnergyLevel
from appliance.sections.cameras import CameraSettings
from appliance.sections.loads import SwitchSettings
from appliance.settings import Settings
from power.act.camera_supplies import MOST_TRIES, OFF_S, PAUSES_S, CameraSupplies, SupplyReport
from tests.stand_ins.fakes import FakeClock


@dataclass
class Site:
    """One camera behind one switch."""

    level: EnergyLevel = EnergyLevel.ECO
    dead_since_s: float | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    report: SupplyReport = field(default_factory=SupplyReport)
    offs_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        camera = CameraSettings(source="rtsp://10.0.0.9/stream", supply="poe")
        settings = replace(
            Settings(), camera={"gate": camera}, switch={"poe": SwitchSettings(idle_w=1.0)}
        )
        self.supplies = CameraSupplies(settings)

    def die(self) -> "Site":
        self.dead_since_s = self.clock.uptime_s
        return self

    def pass_time(self, seconds: float) -> "Site":
        for _ in range(round(seconds / 10)):
            self.clock.advance(10)
            now = self.clock.stamp()
            since_s = self.dead_since_s
            deaths = {} if since_s is None else {"gate": now.uptime_s - since_s}
            was_off = bool(self.report.off)
            self.report = self.supplies.follow(deaths, self.level, now)
            if self.report.off and not was_off:
                self.offs_s.append(now.uptime_s)
        return self


def test_a_camera_dead_for_three_minutes_has_its_supply_off_for_a_moment() -> None:
    site = Site().die().pass_time(170)
    assert site.report.off == frozenset()
    site.pass_time(10)
    assert site.report.off == {"poe"}
    [row] = site.report.rows
    assert (row.switch, row.runs) == ("poe", False)
    assert row.reason == "off for 20 s, try 1 of 5: camera gate has given nothing for 3 min"
    site.pass_time(OFF_S)
    assert site.report.off == frozenset()
    assert site.report.rows[0].reason == "on again: the supply of camera gate"


def test_the_tries_are_few_with_growing_pauses_and_then_it_is_told() -> None:
    site = Site().die().pass_time(2 * 86_400)
    assert len(site.offs_s) == MOST_TRIES
    between = [later - earlier for earlier, later in pairwise(site.offs_s)]
    assert between == pytest.approx([pause + OFF_S for pause in PAUSES_S], abs=10)
    [fault] = site.report.faults
    assert fault.code == "camera-supply-gate"
    assert "5 times" in str(fault)
    assert site.report.off == frozenset(), "it is left on"


def test_a_camera_that_came_back_for_ten_minutes_has_all_its_tries_again() -> None:
    site = Site().die().pass_time(2 * 86_400)
    site.dead_since_s = None
    site.pass_time(700)
    assert site.report.faults == ()
    site.die().pass_time(200)
    assert len(site.offs_s) == MOST_TRIES + 1


def test_below_the_level_of_its_switch_nothing_is_tried() -> None:
    site = Site(level=EnergyLevel.SENTINEL).die().pass_time(3600)
    assert site.offs_s == []


def test_a_camera_that_lives_is_left_alone() -> None:
    assert Site().pass_time(3600).offs_s == []
