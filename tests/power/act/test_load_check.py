"""Orders are read back: what is not as ordered is told, and what should be off is tried again."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from appliance.errors import ApplianceError
from appliance.model import EnergyLevel
from appliance.process.host import Order
from appliance.sections.loads import SwitchKind, SwitchSettings
from appliance.settings import Settings
from power.act.load_check import LoadCheck
from power.act.loads import Actuator
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeHost
from tests.stand_ins.rig import make_bare_site

RELAY, RELAY_OFF = "appliance-switch@modem", "appliance-switch-off@modem"
GATE = "appliance-camera@gate"


@dataclass
class Unit:
    """An actuator on the fake clock, in cycles of ten seconds."""

    clock: FakeClock
    site: Settings
    host: FakeHost = field(default_factory=FakeHost)
    level: EnergyLevel = EnergyLevel.HIBERNATE

    def __post_init__(self) -> None:
        check = LoadCheck(self.host, self.site, lambda: self.clock.uptime_s)
        self.actuator = Actuator(self.host, self.site, check)
        self.faults: list[ApplianceError] = []

    def pass_time(self, seconds: float) -> list[str]:
        """Run cycles; returns the orders that came of them."""
        self.host.new()
        for _ in range(int(seconds / 10)):
            self.clock.advance(10)
            self.faults = self.actuator.apply(self.level, now=self.clock.stamp())
        return self.host.new()


@pytest.fixture
def relay(tmp_path: Path) -> Path:
    return tmp_path / "relay"


@pytest.fixture
def unit(clock: FakeClock, relay: Path) -> Unit:
    site = replace(
        make_bare_site(["gate"], may_power_off=True), switch={"modem": SwitchSettings(path=relay)}
    )
    unit = Unit(clock, site)
    unit.pass_time(10)
    return unit


def test_a_relay_that_comes_after_the_boot_with_its_load_on_is_switched_off(
    unit: Unit, relay: Path
) -> None:
    unit.host.states = {"appliance-switches-off": "failed", RELAY: "inactive"}
    assert f"restart {RELAY_OFF}" in unit.pass_time(100)
    (fault,) = unit.faults
    assert fault.code == "load-switch-modem"
    assert "should be off and is not since 02:01" in str(fault)
    assert str(relay) in str(fault)
    relay.write_text("0")
    unit.pass_time(20)
    assert unit.faults == []


def test_a_relay_that_was_away_when_it_was_stopped_is_tried_again_until_it_is_off(
    unit: Unit, relay: Path
) -> None:
    unit.host.states = {RELAY: "failed", RELAY_OFF: "failed"}
    orders = unit.pass_time(300)
    assert orders.count(f"restart {RELAY_OFF}") == 7
    assert [fault.code for fault in unit.faults] == ["load-switch-modem"]
    relay.write_text("1")
    assert f"restart {RELAY_OFF}" in unit.pass_time(40)
    relay.write_text("0")
    assert unit.pass_time(120) == []
    assert unit.faults == []


class SwitchingHost(FakeHost):
    """A PID 1 that runs the off switch: an active unit runs again by `restart` only."""

    relay: Path

    def start(self, *units: str) -> Order:
        self.switch_off(unit for unit in units if self.states.get(unit) != "active")
        return super().start(*units)

    def restart(self, *units: str) -> Order:
        self.switch_off(units)
        return super().restart(*units)

    def switch_off(self, units: Iterable[str]) -> None:
        for unit in units:
            assert unit == RELAY_OFF
            self.relay.write_text("0")
            self.states[unit] = "active"


def test_a_load_that_comes_on_a_second_time_is_switched_off_a_second_time(
    unit: Unit, relay: Path, clock: FakeClock
) -> None:
    host = SwitchingHost(states={RELAY: "inactive"})
    host.relay = relay
    again = Unit(clock, unit.site, host)
    for _ in range(2):
        relay.write_text("1")
        again.pass_time(100)
        assert relay.read_text() == "0"
    assert again.faults == []


def test_a_switch_that_cannot_be_read_is_off_when_its_command_has_succeeded(
    clock: FakeClock,
) -> None:
    own = SwitchSettings(kind=SwitchKind.COMMAND, on="/bin/on", off="/bin/off")
    unit = Unit(clock, replace(make_bare_site([], may_power_off=True), switch={"modem": own}))
    unit.host.states = {RELAY: "failed"}
    assert f"restart {RELAY_OFF}" in unit.pass_time(100)
    assert "its command" in str(unit.faults[0])
    unit.host.states = {RELAY: "failed", RELAY_OFF: "active"}
    unit.pass_time(20)
    assert unit.faults == []


def test_a_service_that_runs_against_its_order_is_stopped_again_and_reported(unit: Unit) -> None:
    unit.host.states = {GATE: "active"}
    assert unit.pass_time(190).count(f"stop {GATE}") == 3
    (fault,) = unit.faults
    assert fault.code == "load-camera-gate"
    assert "PID 1 has it running" in str(fault)
    unit.host.states = {GATE: "inactive"}
    unit.pass_time(20)
    assert unit.faults == []


def test_a_load_that_should_run_and_does_not_is_reported_and_left_to_pid_one(unit: Unit) -> None:
    unit.level = EnergyLevel.FULL
    unit.pass_time(10)
    unit.host.states = {GATE: "activating auto-restart"}
    assert unit.pass_time(110) == []
    assert unit.faults == []
    assert unit.pass_time(100) == []
    (fault,) = unit.faults
    assert "camera@gate should run and does not since" in str(fault)
    assert "it ends again and again" in str(fault)
    unit.host.states = {GATE: "active"}
    unit.pass_time(20)
    assert unit.faults == []


def test_while_all_is_well_pid_one_is_asked_once_a_minute(unit: Unit) -> None:
    unit.pass_time(60)
    before = unit.host.questions
    unit.pass_time(600)
    assert unit.host.questions - before == 10


def test_a_question_that_hangs_is_asked_once_and_holds_up_nothing(unit: Unit) -> None:
    unit.pass_time(60)
    before = unit.host.questions
    unit.host.hangs = True
    unit.pass_time(300)
    assert unit.host.questions == before + 1
    assert unit.faults == []
    unit.host.given[-1].give_up()
    unit.pass_time(10)
    assert [fault.code for fault in unit.faults] == ["host"]


def test_what_was_ordered_after_the_question_is_not_judged_by_its_answer(unit: Unit) -> None:
    unit.pass_time(60)
    unit.host.states = {GATE: "inactive"}
    unit.host.hangs = True
    unit.pass_time(60)
    unit.host.states = {GATE: "active"}
    unit.level = EnergyLevel.FULL
    for order in unit.host.given:
        order.hangs = False
    unit.host.hangs = False
    unit.pass_time(200)
    assert unit.faults == []
