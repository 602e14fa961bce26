"""Sirens and lamps by events: by label, place, time, level, and within the energy budget."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import EventBegun, SwitchOrder
from appliance.sections.loads import EventSun, RunsWhen, SwitchSettings
from appliance.settings import Settings
from power.act.event_switches import EventSwitches
from tests.stand_ins.fakes import FakeClock

SIREN = SwitchSettings(runs_when=RunsWhen.EVENT, idle_w=6.0, event_on_s=60.0, least_off_s=300.0)


@dataclass
class Yard:
    """One switch and what happens before the camera."""

    switch: SwitchSettings = SIREN
    level: EnergyLevel = EnergyLevel.ECO
    power_w: float = 25.0
    used_w: float = 10.0
    clock: FakeClock = field(default_factory=FakeClock)
    rows: list[SwitchOrder] = field(default_factory=list)
    events: list[EventBegun] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.switches = EventSwitches(replace(Settings(), switch={"siren": self.switch}))

    def begin(self, label: str = "person", camera: str = "gate", rule: str = "zone yard") -> "Yard":
        number = len(self.events)
        self.events.append(EventBegun(self.clock.stamp(), f"e{number}", camera, label, rule))
        return self

    def pass_time(self, seconds: float = 2.0) -> bool:
        """Two seconds a cycle; whether it is on at the end."""
        for _ in range(round(seconds / 2)):
            self.clock.advance(2.0)
            now = self.clock.stamp()
            until = now.utc + timedelta(minutes=3)
            budget = EnergyBudget(now, self.level, self.power_w, until, 400.0, "because")
            report = self.switches.follow(budget, self.events, now, used_w=self.used_w)
            self.rows += report.rows
        return report.switches["siren"]


def test_an_event_switches_it_on_for_its_time_and_each_order_is_a_row() -> None:
    yard = Yard()
    assert not yard.pass_time(10)
    assert yard.begin().pass_time()
    assert yard.switches.power_w == 6.0
    assert yard.pass_time(56)
    assert not yard.pass_time(8)
    on, off = yard.rows
    assert (on.runs, on.event_id) == (True, "e0")
    assert on.reason == "person at gate, zone yard: on for 60 s"
    assert (off.runs, off.reason) == (False, "off: its 60 s are over")


def test_one_event_switches_once_and_the_next_only_after_the_pause() -> None:
    yard = Yard()
    yard.begin().pass_time(80)
    assert not yard.begin().pass_time()
    assert "less than 300 s ago" in yard.rows[-1].reason
    yard.pass_time(300)
    assert yard.begin().pass_time()


@pytest.mark.parametrize(
    ("change", "is_on"),
    [
        ({"event_labels": ("person",)}, True),
        ({"event_labels": ("car",)}, False),
        ({"event_cameras": ("gate",)}, True),
        ({"event_cameras": ("barn",)}, False),
        ({"event_zones": ("yard",)}, True),
        ({"event_zones": ("street",)}, False),
        ({"event_hours": "01:00-04:00"}, True),
        ({"event_hours": "22:00-02:30"}, True),
        ({"event_hours": "06:00-22:00"}, False),
        ({"event_sun": EventSun.DOWN}, True),
        ({"event_sun": EventSun.UP}, False),
        ({"runs_from": EnergyLevel.FULL}, False),
    ],
)
def test_it_is_chosen_by_label_camera_zone_time_and_level(
    change: dict[str, object], is_on: bool
) -> None:
    yard = Yard(replace(SIREN, **change))  # type: ignore[arg-type]
    assert yard.clock.utc == datetime(2026, 4, 15, 2, 0, tzinfo=UTC)
    assert yard.begin(rule="zone yard: stayed 10 s").pass_time() is is_on


def test_it_never_takes_more_than_the_budget_has_left() -> None:
    yard = Yard(power_w=15.0, used_w=10.0)
    assert not yard.begin().pass_time()
    assert yard.rows[-1].reason.endswith("stays off, it takes 6 W and the budget has 5 W left")
    yard.power_w = 16.0
    assert yard.begin().pass_time()


def test_it_goes_off_at_once_with_its_level() -> None:
    yard = Yard()
    yard.begin().pass_time()
    yard.level = EnergyLevel.SENTINEL
    assert not yard.pass_time()
    assert yard.rows[-1].reason == "off: the level is SENTINEL"


def test_none_is_left_on_where_the_unit_may_sleep() -> None:
    yard = Yard(replace(SIREN, runs_from=EnergyLevel.HIBERNATE, event_on_s=3600.0))
    assert yard.begin().pass_time()
    yard.level = EnergyLevel.HIBERNATE
    assert not yard.pass_time()
    assert yard.rows[-1].reason == "off: the level is HIBERNATE"
    yard.pass_time(400)
    assert not yard.begin().pass_time()
    assert "it runs from SENTINEL" in yard.rows[-1].reason


def test_what_began_long_ago_or_in_another_boot_switches_nothing() -> None:
    yard = Yard()
    yard.begin()
    yard.clock.advance(60)
    assert not yard.pass_time()
    yard.begin()
    yard.clock.reboot()
    assert not yard.pass_time()
