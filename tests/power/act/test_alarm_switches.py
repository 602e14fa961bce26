"""Sirens and lamps by alarms: each request is answered, and none is on for longer than asked."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from appliance.alarms.channels.switch_requests import find_switch_answer, make_switch_request
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_alarms import AlarmSwitch
from appliance.model_cameras import EventBegun, SwitchOrder
from appliance.sections.alarms import ChannelKind, ChannelSettings
from appliance.sections.loads import EventSun, RunsWhen, SwitchSettings
from appliance.settings import Settings
from power.act.event_switches import EventSwitches
from tests.stand_ins.fakes import FakeClock

SIREN = SwitchSettings(runs_when=RunsWhen.ALARM, idle_w=6.0, least_off_s=300.0)
CHANNEL = ChannelSettings(kind=ChannelKind.SWITCH, switch="siren", on_s=40.0)


@dataclass
class Yard:
    """One siren, a lamp of events, and the alarms that ask for the siren."""

    switch: SwitchSettings = SIREN
    level: EnergyLevel = EnergyLevel.ECO
    power_w: float = 25.0
    clock: FakeClock = field(default_factory=FakeClock)
    rows: list[SwitchOrder] = field(default_factory=list)
    asked: list[AlarmSwitch] = field(default_factory=list)

    def __post_init__(self) -> None:
        lamp = replace(SIREN, runs_when=RunsWhen.EVENT)
        settings = replace(Settings(), switch={"siren": self.switch, "lamp": lamp})
        self.switches = EventSwitches(settings)

    def ask(self, **changes: object) -> AlarmSwitch:
        made = make_switch_request(
            f"alarm-{len(self.asked)}", CHANNEL, now=self.clock.stamp(), reason="person at the gate"
        )
        self.asked.append(replace(made, **changes))  # type: ignore[arg-type]
        return self.asked[-1]

    def pass_time(self, seconds: float = 2.0, events: tuple[EventBegun, ...] = ()) -> bool:
        """Two seconds a cycle; whether the siren is on at the end."""
        for _ in range(round(seconds / 2)):
            self.clock.advance(2.0)
            now = self.clock.stamp()
            until = now.utc + timedelta(minutes=3)
            budget = EnergyBudget(now, self.level, self.power_w, until, 400.0, "because")
            report = self.switches.follow(budget, events, now, used_w=10.0, asked=self.asked)
            self.rows += report.rows
        return report.switches["siren"]


def test_an_alarm_has_it_on_for_the_seconds_of_its_channel_and_is_answered() -> None:
    yard = Yard()
    request = yard.ask()
    assert find_switch_answer(request, yard.rows, yard.clock.stamp()) is None
    assert yard.pass_time()
    answer = find_switch_answer(request, yard.rows, yard.clock.stamp())
    assert answer is not None
    assert answer.sent
    assert answer.text == "person at the gate: on for 40 s"
    assert yard.pass_time(38)
    assert not yard.pass_time(4)
    assert yard.rows[-1].reason == "off: its 40 s are over"


@pytest.mark.parametrize("level", [EnergyLevel.SENTINEL, EnergyLevel.HIBERNATE, EnergyLevel.OFF])
def test_below_its_level_it_stays_off_and_the_alarm_is_told(level: EnergyLevel) -> None:
    yard = Yard(level=level)
    request = yard.ask()
    assert not yard.pass_time()
    answer = find_switch_answer(request, yard.rows, yard.clock.stamp())
    assert answer is not None
    assert (answer.sent, answer.refused) == (False, True)
    assert f"the level is {level.name}" in answer.text


def test_it_goes_off_at_once_when_the_level_falls() -> None:
    yard = Yard()
    yard.ask()
    assert yard.pass_time()
    yard.level = EnergyLevel.SENTINEL
    assert not yard.pass_time()


def test_it_takes_no_power_that_the_budget_has_not() -> None:
    yard = Yard(power_w=15.0)
    request = yard.ask()
    assert not yard.pass_time()
    answer = find_switch_answer(request, yard.rows, yard.clock.stamp())
    assert answer is not None
    assert "the budget has 5 W left" in answer.text


def test_a_second_alarm_while_it_is_on_is_answered_and_makes_it_no_longer() -> None:
    yard = Yard()
    yard.ask()
    assert yard.pass_time(20)
    second = yard.ask()
    yard.pass_time()
    answer = find_switch_answer(second, yard.rows, yard.clock.stamp())
    assert answer is not None
    assert answer.sent
    assert "is on already" in answer.text
    assert not yard.pass_time(22)


def test_two_alarms_of_one_moment_are_both_answered() -> None:
    yard = Yard()
    first, second = yard.ask(), yard.ask()
    assert yard.pass_time()
    for one in (first, second):
        answer = find_switch_answer(one, yard.rows, yard.clock.stamp())
        assert answer is not None
        assert answer.sent
    third = yard.ask()
    yard.pass_time(60)
    assert find_switch_answer(third, yard.rows, yard.clock.stamp()) is not None


def test_what_was_asked_long_ago_or_in_another_boot_switches_nothing_on() -> None:
    yard = Yard()
    old = yard.ask()
    yard.clock.advance(40)
    yard.ask(stamp=replace(yard.clock.stamp(), boot_id="another"))
    assert not yard.pass_time(30)
    assert yard.rows == []
    answer = find_switch_answer(old, yard.rows, yard.clock.stamp())
    assert answer is not None
    assert answer.refused
    assert "has not answered" in answer.text


@pytest.mark.parametrize("on_s", [1e9, float("inf")])
def test_a_row_that_asks_for_days_gets_an_hour(on_s: float) -> None:
    yard = Yard()
    yard.ask(on_s=on_s)
    assert yard.pass_time(3600)
    assert not yard.pass_time(10)


def test_an_event_switches_no_siren_of_alarms_and_an_alarm_no_lamp_of_events() -> None:
    yard = Yard()
    event = EventBegun(yard.clock.stamp(), "e1", "gate", "person", "")
    assert not yard.pass_time(events=(event,))
    assert [one.switch for one in yard.rows] == ["lamp"]
    yard.ask(switch="lamp")
    yard.pass_time(200)
    assert all(one.event_id in ("e1", None) for one in yard.rows)


def test_the_hours_and_the_sun_of_its_owner_hold_for_alarms_too() -> None:
    for change in ({"event_hours": "06:00-22:00"}, {"event_sun": EventSun.UP}):
        yard = Yard(replace(SIREN, **change))
        yard.ask()
        assert not yard.pass_time()
        assert "stays off" in yard.rows[-1].reason
