"""Which unit runs at which level, and the actuator that orders it from PID 1.

Reads and writes: orders to PID 1 (appliance/host.py), nothing else.
Never: orders twice what is already ordered, and never lets one refused order hold up the next.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from appliance.errors import HostError
from appliance.model import EnergyLevel


class Orders(Protocol):
    """What the actuator needs of appliance.host.Host."""

    def start(self, unit: str) -> None:
        """Ask PID 1 to start `unit`."""

    def stop(self, unit: str) -> None:
        """Ask PID 1 to stop `unit`."""

    def power_off(self) -> None:
        """Ask PID 1 for a clean shutdown."""


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """One unit, or one per camera where the name has NAME in it, and the least level it needs."""

    unit: str
    lowest: EnergyLevel


# In shed order: the first is stopped first and started last.
LOADS = (
    UnitLoad("appliance-inference", EnergyLevel.ECO),
    UnitLoad("appliance-camera@NAME", EnergyLevel.SENTINEL),
)


def units(cameras: Iterable[str]) -> dict[str, EnergyLevel]:
    """Each unit of this site with the least level that it needs, in shed order."""
    names = tuple(cameras)
    found: dict[str, EnergyLevel] = {}
    for load in LOADS:
        per_camera = [load.unit.replace("NAME", name) for name in names]
        for unit in per_camera if "NAME" in load.unit else [load.unit]:
            found[unit] = load.lowest
    return found


class Actuator:
    """Turns a level into start and stop orders, and remembers what it has ordered."""

    def __init__(self, host: Orders, cameras: Iterable[str], may_power_off: bool) -> None:
        self._host = host
        self._units = units(cameras)
        self._may_power_off = may_power_off
        self._ordered: dict[str, bool] = {}
        self._powering_off = False

    def obey(self, level: EnergyLevel, power_off: bool) -> list[HostError]:
        """Order what changed; returns the refusals, which the next call tries again."""
        refusals = []
        for unit, lowest in self._units.items():
            if level < lowest:
                refusals += self._order(unit, run=False)
        for unit, lowest in reversed(list(self._units.items())):
            if level >= lowest:
                refusals += self._order(unit, run=True)
        return refusals + self._power_off(power_off)

    def forget(self) -> None:
        """Order everything anew: loads leave on their own when no budget reaches them."""
        self._ordered.clear()

    def _order(self, unit: str, run: bool) -> list[HostError]:
        if self._ordered.get(unit) is run:
            return []
        try:
            (self._host.start if run else self._host.stop)(unit)
        except HostError as error:
            self._ordered.pop(unit, None)
            return [error]
        self._ordered[unit] = run
        return []

    def _power_off(self, wanted: bool) -> list[HostError]:
        if not wanted or not self._may_power_off:
            self._powering_off = False
            return []
        if self._powering_off:
            return []
        try:
            self._host.power_off()
        except HostError as error:
            return [error]
        self._powering_off = True
        return []
