"""Levels become orders to PID 1: only what changed, in shed order, refusals tried again."""

from dataclasses import dataclass, field

import pytest

from appliance.errors import HostError
from appliance.model import EnergyLevel
from power.loads import Actuator, units


@dataclass
class FakeHost:
    """A PID 1 that takes orders, and refuses those that it is told to refuse."""

    orders: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)

    def start(self, unit: str) -> None:
        self._take(f"start {unit}")

    def stop(self, unit: str) -> None:
        self._take(f"stop {unit}")

    def power_off(self) -> None:
        self._take("poweroff")

    def new(self) -> list[str]:
        """The orders since the last call."""
        taken, self.orders = self.orders, []
        return taken

    def _take(self, order: str) -> None:
        if order in self.refuses:
            raise HostError(f"PID 1 refused the order `{order}`")
        self.orders.append(order)


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def actuator(host: FakeHost) -> Actuator:
    return Actuator(host, ["gate", "yard"], may_power_off=True)


START_ALL = [
    "start appliance-camera@yard",
    "start appliance-camera@gate",
    "start appliance-inference",
]
STOP_ALL = [
    "stop appliance-inference",
    "stop appliance-camera@gate",
    "stop appliance-camera@yard",
]


def test_the_units_of_a_site_stand_in_shed_order() -> None:
    assert list(units(["gate", "yard"])) == [order.split()[1] for order in STOP_ALL]


def test_cameras_start_before_inference_and_stop_after_it(
    host: FakeHost, actuator: Actuator
) -> None:
    actuator.obey(EnergyLevel.FULL, power_off=False)
    assert host.new() == START_ALL
    actuator.obey(EnergyLevel.HIBERNATE, power_off=False)
    assert host.new() == STOP_ALL


def test_two_cycles_order_a_unit_only_once(host: FakeHost, actuator: Actuator) -> None:
    actuator.obey(EnergyLevel.FULL, power_off=False)
    host.new()
    actuator.obey(EnergyLevel.FULL, power_off=False)
    actuator.obey(EnergyLevel.ECO, power_off=False)
    assert host.new() == []


def test_only_what_changed_is_ordered(host: FakeHost, actuator: Actuator) -> None:
    actuator.obey(EnergyLevel.FULL, power_off=False)
    host.new()
    actuator.obey(EnergyLevel.SENTINEL, power_off=False)
    assert host.new() == ["stop appliance-inference"]


def test_the_first_use_also_stops_what_may_not_run(host: FakeHost, actuator: Actuator) -> None:
    actuator.obey(EnergyLevel.SENTINEL, power_off=False)
    assert host.new() == ["stop appliance-inference", *START_ALL[:2]]


def test_a_refused_order_is_told_and_tried_again_and_the_rest_goes_on(
    host: FakeHost, actuator: Actuator
) -> None:
    actuator.obey(EnergyLevel.FULL, power_off=False)
    host.new()
    host.refuses = {"stop appliance-inference"}
    refusals = actuator.obey(EnergyLevel.HIBERNATE, power_off=False)
    assert [str(error) for error in refusals] == [
        "PID 1 refused the order `stop appliance-inference`"
    ]
    assert host.new() == STOP_ALL[1:]
    host.refuses = set()
    assert actuator.obey(EnergyLevel.HIBERNATE, power_off=False) == []
    assert host.new() == STOP_ALL[:1]


def test_power_off_comes_after_the_loads_and_once(host: FakeHost, actuator: Actuator) -> None:
    actuator.obey(EnergyLevel.OFF, power_off=True)
    actuator.obey(EnergyLevel.OFF, power_off=True)
    assert host.new() == [*STOP_ALL, "poweroff"]


def test_a_refused_power_off_is_tried_again(host: FakeHost, actuator: Actuator) -> None:
    host.refuses = {"poweroff"}
    assert len(actuator.obey(EnergyLevel.OFF, power_off=True)) == 1
    host.refuses = set()
    actuator.obey(EnergyLevel.OFF, power_off=True)
    assert host.new()[-1] == "poweroff"


def test_a_laptop_is_never_powered_off(host: FakeHost) -> None:
    Actuator(host, [], may_power_off=False).obey(EnergyLevel.OFF, power_off=True)
    assert host.new() == ["stop appliance-inference"]
