"""The states of the sleep controller, and the values that it carries from cycle to cycle.

Reads and writes: nothing; pure.
Never: decides a transition; power/sleep/controller.py does.

    state                from                              when
    CHECKING             start, ORDERED                    a boot, or a return from suspend
    AWAKE                CHECKING, SENT_BACK               the energy check has passed
    SENT_BACK            CHECKING                          the energy check has failed
    WAITING_FOR_CHECKIN  AWAKE, SENT_BACK                  HIBERNATE lasts, or the check has
                                                           failed; the sleep is prepared
    ORDERED              WAITING_FOR_CHECKIN               the check-in is over or has had 60 s
    POWER_OFF_WAITING    each but the two below            the guard wants power-off
    POWER_OFF_ORDERED    POWER_OFF_WAITING                 the check-in is over or has had 60 s,
                                                           or a low voltage is confirmed

From the last four the unit goes back to the first three (to which, `CheckProgress.state` says) when
the order is refused, the level rises, the check passes or the guard takes its power-off back. PID 1
takes no order back, so ORDERED and POWER_OFF_ORDERED hold for at least `ORDER_HOLDS_S`.
"""

from dataclasses import dataclass, replace
from enum import Enum

from appliance.clock import Clock
from appliance.model import EnergyLevel, Sleep, Stamp
from appliance.process.host import Job, Order
from power.sleep.boot_check import EnergyCheck

CHECKIN_S = 60.0
ORDER_HOLDS_S = 120.0  # a computer that is still up after this was not put to sleep


class SleepState(Enum):
    """What the sleep controller is doing."""

    CHECKING = "the energy check runs; no load starts"
    AWAKE = "the energy check has passed"
    SENT_BACK = "the energy check has failed; the unit sleeps as soon as a wake can be armed"
    WAITING_FOR_CHECKIN = "the sleep is prepared and the check-in runs"
    ORDERED = "PID 1 has the order to suspend, or to power off for a sleep"
    POWER_OFF_WAITING = "the guard's power-off is prepared and the check-in runs"
    POWER_OFF_ORDERED = "PID 1 may have the guard's order to power off"


POWER_OFF_STATES = (SleepState.POWER_OFF_WAITING, SleepState.POWER_OFF_ORDERED)


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """The energy check, None when it has passed; `sent_back` is why it failed in this boot.

    A failed check goes on until the order is out: the sun may come after all.
    """

    check: EnergyCheck | None
    sent_back: str = ""

    @property
    def state(self) -> SleepState:
        """The state of a unit that prepares no sleep."""
        if self.check is None:
            return SleepState.AWAKE
        return SleepState.SENT_BACK if self.sent_back else SleepState.CHECKING


PASSED = CheckProgress(None)


@dataclass(frozen=True, slots=True)
class PendingSleep:
    """A prepared sleep or power-off: its row, its check-in, its order and when that went out."""

    row: Sleep
    checkin: Job | None = None
    ordered_at: Stamp | None = None
    order: Order | None = None

    def is_order_out(self, clock: Clock) -> bool:
        """Whether an order may still be carried out: PID 1 takes none back."""
        if self.ordered_at is None:
            return False
        return (clock.age_s(self.ordered_at) or 0.0) <= ORDER_HOLDS_S

    def end_checkin(self, clock: Clock) -> bool:
        """Whether the check-in is over; it is abandoned when its time is."""
        if self.checkin is None or self.checkin.is_over():
            return True
        if (clock.age_s(self.row.stamp) or 0.0) < CHECKIN_S:
            return False
        self.checkin.abandon()
        return True

    def abandon_checkin(self) -> None:
        """Wait for it no longer."""
        if self.checkin is not None:
            self.checkin.abandon()


@dataclass(frozen=True, slots=True)
class CycleTimes:
    """When the last cycle began, and by uptime: since when the level is HIBERNATE or less, or more
    than that, and before when no sleep is tried again.
    """

    last_cycle: Stamp
    low_since_s: float | None = None
    up_since_s: float | None = None
    retry_at_s: float = 0.0


def note_level(times: CycleTimes, level: EnergyLevel, now_s: float) -> CycleTimes:
    """The times after a cycle at `level`."""
    if level <= EnergyLevel.HIBERNATE:
        low_since_s = now_s if times.low_since_s is None else times.low_since_s
        return replace(times, low_since_s=low_since_s, up_since_s=None)
    up_since_s = now_s if times.up_since_s is None else times.up_since_s
    return replace(times, low_since_s=None, up_since_s=up_since_s)
