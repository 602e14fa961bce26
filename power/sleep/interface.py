"""The interface between the power cycle and the sleep controller, and its form for a unit that
never sleeps.

Reads and writes: nothing. power/sleep/controller.py implements it.
Never: allows more than the guard.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyLevel, PowerReading, Sleep, Stamp, Wake
from power.guard.verdict import Verdict


@dataclass(frozen=True, slots=True)
class PermissionRequest:
    """What the cycle has before the orders. `by_voltage`: a low voltage is confirmed, so that a
    power-off cannot wait. `reading` is fresh or None.
    """

    verdict: Verdict
    by_voltage: bool
    battery: BatteryState
    reading: PowerReading | None
    now: Stamp


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer before the orders: the guard's verdict, lowered while the energy check runs or an
    order to sleep is out; whether the check has just passed, and whether such an order is out.
    """

    verdict: Verdict
    check_passed: bool = False
    sleep_ordered: bool = False


@dataclass(frozen=True, slots=True)
class SleepReport:
    """The answer after the orders: rows to store, the end of the status sentence (or ""), and the
    faults that are open now.
    """

    rows: tuple[Sleep | Wake, ...] = ()
    status: str = ""
    faults: tuple[ApplianceError, ...] = ()


class SleepInterface(Protocol):
    """Four calls in each cycle, in this order. The first two wait for nothing."""

    def detect_return(self, now: Stamp) -> bool:
        """Whether the computer was suspended since the last call; asked after the poll."""

    def permit(self, request: PermissionRequest) -> Permission:
        """What is allowed now."""

    def permit_power_off(self, verdict: Verdict, request: PermissionRequest) -> bool:
        """Whether power-off may be ordered now, by the verdict of `permit`; prepares it. Asked when
        the loads have their orders: a disk and a clock that hang take some seconds.
        """

    def act(self, level: EnergyLevel, battery: BatteryState, now: Stamp) -> SleepReport:
        """Go one step towards sleep, after the loads have their orders."""


class NoSleep:
    """For a unit that never sleeps: each verdict stands, each order goes out at once."""

    def detect_return(self, _now: Stamp) -> bool:
        return False

    def permit(self, request: PermissionRequest) -> Permission:
        return Permission(request.verdict)

    def permit_power_off(self, verdict: Verdict, _: PermissionRequest) -> bool:
        return verdict.power_off

    def act(self, *_: object) -> SleepReport:
        return SleepReport()


def limit_to_hibernate(verdict: Verdict, why: str) -> Verdict:
    """The verdict, or HIBERNATE with `why` where it allows more."""
    if verdict.max_level <= EnergyLevel.HIBERNATE:
        return verdict
    return replace(verdict, max_level=EnergyLevel.HIBERNATE, reason=why)
