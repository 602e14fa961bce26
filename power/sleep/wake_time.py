"""Wake time: when the unit goes to sleep, and when it is to be woken.

Reads and writes: nothing; pure. power/sleep/controller.py acts on it.
Never: sleeps where it may only stay up, or for longer than a day.

A wake in the dark is of no use: the energy check (power/sleep/boot_check.py) would send the
unit back. So the wake is set to when the plan expects sun and charge enough, else to the local
solar morning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.model import EnergyLevel, EnergyPlanStep, PowerReading, Sleep, Stamp
from appliance.settings import Settings, SleepMode
from appliance.store.tables import get_fresh_s
from appliance.wording.sentence import say
from power.guard.by_charge import compute_hibernate_below_pct

SLEEP_AFTER_S = 300.0  # so long the loads have had to end, and the level has lasted
WAKE_ABOVE_PCT = 12.0  # over the floor of HIBERNATE: between them lies a day of listening
SOONEST, FARTHEST, LONGEST = timedelta(minutes=30), timedelta(hours=12), timedelta(hours=24)
# After so many failed boots in a row, at least so many hours.
WAITS_H = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0)
MORNING_H, AFTERNOON_H = 9.0, 15.0  # local solar time: between them panels give their most
PLAN_HOLDS = timedelta(seconds=get_fresh_s(EnergyPlanStep))
PLAN_STEP = timedelta(minutes=15)
ALARM_SLACK_S = 5.0
CHECK_TAKES = timedelta(minutes=15)  # the energy check


@dataclass(frozen=True, slots=True)
class WakeTime:
    """`at`: when to be woken. `enough_at`: when sun and charge should suffice, never before `at`
    but where that is too far ahead to be slept through.
    """

    at: datetime
    enough_at: datetime
    reason: str

    @property
    def expected(self) -> datetime:
        """When the unit should be at work again."""
        return self.enough_at + CHECK_TAKES


def choose_sleep_mode(settings: Settings) -> SleepMode:
    """What HIBERNATE does to this computer; a power-off only where one is allowed."""
    mode = settings.host.sleep
    if mode is SleepMode.POWER_OFF and not settings.host.may_power_off:
        return SleepMode.STAY
    return mode


def is_sleep_due(
    level: EnergyLevel, low_since_s: float | None, now: Stamp, settings: Settings
) -> bool:
    """Whether HIBERNATE, or less, has lasted long enough to sleep over it."""
    if choose_sleep_mode(settings) is SleepMode.STAY or level > EnergyLevel.HIBERNATE:
        return False
    return low_since_s is not None and now.uptime_s - low_since_s >= SLEEP_AFTER_S


def is_wake_due(row: Sleep, now: Stamp) -> bool:
    """Whether the armed wake is over, by uptime, which goes on through suspend."""
    if row.wakes is None:
        return False
    planned_s = (row.wakes - row.stamp.utc).total_seconds()
    return now.uptime_s - row.stamp.uptime_s >= planned_s - ALARM_SLACK_S


def wake_pct(settings: Settings) -> float:
    """The charge (sigma taken off) that a unit which slept must have to stay up."""
    return compute_hibernate_below_pct(settings) + WAKE_ABOVE_PCT


def compute_needed_w(settings: Settings, reading: PowerReading | None = None) -> float:
    """What the sun must carry before it carries the unit: all that SENTINEL runs, or what is drawn
    already.
    """
    drawn_w = (reading.load_power_w if reading else None) or 0.0
    return max(settings.get_level_power_w(EnergyLevel.SENTINEL), drawn_w)


def choose_wake_time(
    now: datetime, plan: Sequence[EnergyPlanStep], failed_boots: int, settings: Settings
) -> WakeTime:
    """When to be woken: when the plan expects energy enough, else by the sun.

    Not within 30 min and not after 12 h; after failed boots later each time, at most a day.
    """
    wait_h = WAITS_H[min(failed_boots, len(WAITS_H) - 1)]
    first = now + max(SOONEST, timedelta(hours=wait_h))
    last = now + (LONGEST if failed_boots else FARTHEST)
    step = find_first_good(plan, first, now, settings)
    longitude_deg = settings.site.longitude_deg
    if step is None:
        enough_at, why = move_into_daylight(first, longitude_deg), say("by the height of the sun")
    else:
        enough_at = max(first, step.starts)
        why = say(
            "for when the plan expects {pv_power_w:.0f} W of PV power and a SOC of {low_pct:.0f} %",
            pv_power_w=step.pv_power_w,
            low_pct=get_low_pct(step),
        )
    at = enough_at if enough_at <= last else choose_latest(now, last, longitude_deg)
    if failed_boots:
        why = say(
            "{why}, and not before {wait_h:g} h because {failed}",
            why=why,
            wait_h=wait_h,
            failed=format_failed(failed_boots),
        )
    return WakeTime(at, enough_at, why)


def find_first_good(
    plan: Sequence[EnergyPlanStep], first: datetime, now: datetime, settings: Settings
) -> EnergyPlanStep | None:
    """The first step from `first` on that carries the unit and has charge enough to stay up."""
    least_pct, least_w = wake_pct(settings), compute_needed_w(settings)
    for step in plan:
        known = (
            timedelta() <= now - step.stamp.utc <= PLAN_HOLDS and step.starts + PLAN_STEP > first
        )
        if known and step.pv_power_w > least_w and get_low_pct(step) >= least_pct:
            return step
    return None


def get_low_pct(step: EnergyPlanStep) -> float:
    """The low end of the charge that the step expects; where it has no band, the charge itself."""
    return step.state_of_charge_pct if step.low_charge_pct is None else step.low_charge_pct


def move_into_daylight(at: datetime, longitude_deg: float) -> datetime:
    """`at` where it lies between nine and three of the local sun, else the next such nine."""
    hour = solar_hour(at, longitude_deg)
    if MORNING_H <= hour <= AFTERNOON_H:
        return at
    return at + timedelta(hours=(MORNING_H - hour) % 24)


def choose_latest(now: datetime, last: datetime, longitude_deg: float) -> datetime:
    """`last`, or if that is dark the light before it, where half of the wait is kept."""
    over_h = (solar_hour(last, longitude_deg) - AFTERNOON_H) % 24
    if over_h >= 24 - (AFTERNOON_H - MORNING_H):
        return last
    light = last - timedelta(hours=over_h)
    return light if light - now >= (last - now) / 2 else last


def solar_hour(at: datetime, longitude_deg: float) -> float:
    """Local mean solar time in hours; the sun itself is at most 16 min off."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return ((at - midnight) / timedelta(hours=1) + longitude_deg / 15) % 24


def format_failed(boots: int) -> str:
    """That many boots in words."""
    return (
        say("the last boot failed")
        if boots == 1
        else say("{boots} boots in a row failed", boots=boots)
    )
