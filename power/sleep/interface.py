"""What the cycle asks of whoever puts the unit to sleep, and a stand-in for where nobody does.

Reads and writes: nothing. The one who acts is power/sleep/controller.py.
Never: allows more than the guard.
"""

from dataclasses import replace
from typing import Protocol

from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyLevel, PowerReading, Sleep, Stamp, Wake
from power.guard.guard import Verdict


class SleepInterface(Protocol):
    """Four calls in each cycle: first of all, before the orders, with them, after them.

    `rows` wait to be stored. `released`: the energy check has just passed. `says` is the end of
    the cycle's sentence.
    """

    rows: list[Sleep | Wake]
    released: bool
    says: str

    def returned(self, now: Stamp) -> bool:
        """Whether the computer was suspended since the last call; asked once a poll is in."""

    def judge(
        self, verdict: Verdict, battery: BatteryState, reading: PowerReading | None, now: Stamp
    ) -> Verdict:
        """The verdict, or less while the energy check lasts. `reading` is fresh or None."""

    def may_power_off(
        self, verdict: Verdict, by_voltage: bool, battery: BatteryState, now: Stamp
    ) -> bool:
        """Whether the power-off of the verdict, if it has one, may be ordered now."""

    def act(self, level: EnergyLevel, battery: BatteryState, now: Stamp) -> list[ApplianceError]:
        """What is left to do when the loads have their orders; returns what is wrong."""


class NoSleep:
    """For where nothing sleeps: every verdict stands, every order goes out at once."""

    def __init__(self) -> None:
        self.rows: list[Sleep | Wake] = []
        self.released = False
        self.says = ""

    def returned(self, _now: Stamp) -> bool:
        return False

    def judge(self, verdict: Verdict, *_: object) -> Verdict:
        return verdict

    def may_power_off(self, verdict: Verdict, *_: object) -> bool:
        return verdict.power_off

    def act(self, *_: object) -> list[ApplianceError]:
        return []


def limit_to_hibernate(verdict: Verdict, why: str) -> Verdict:
    """The verdict, or HIBERNATE with `why` where it allows more."""
    if verdict.max_level <= EnergyLevel.HIBERNATE:
        return verdict
    return replace(verdict, max_level=EnergyLevel.HIBERNATE, reason=why)
