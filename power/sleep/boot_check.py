"""The energy check at a boot, and after a sleep: who woke the unit, and whether it may stay up.

Reads and writes: nothing; pure. power/sleep/boot_record.py keeps the record,
power/sleep/controller.py acts.
Never: lets a load start before the check has passed, or counts a clean end as a failure.

A boot fails when it ends without a record before it was well for 15 min (a low-voltage disconnect
while booting), when the energy check sends it back, or when the guard has to end it as early as
that.
"""

from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from appliance.model import AFTER_CUT, BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.settings import Settings
from appliance.wording.sentence import as_sentence, say
from power.guard.proven_charge import compute_lower_bound_pct
from power.guard.verdict import format_duration
from power.plan.ladder import TARGET_HELD, compute_entry_pct
from power.sleep.wake_time import compute_needed_w, format_failed, wake_pct

FIRST = say("the first start")
BY_CLOCK, EARLY, LATE = (
    say("the clock of the computer"),
    say("before its time"),
    say("after its time"),
)
AT_NO_HOUR = say("at an hour that the clock does not know")
BY_HAND, AFTER_STOP = say("without a wake"), say("after a shutdown")
AFTER_TEST = say("after a wake test")
ALARM_SLACK, LATE_AFTER = timedelta(minutes=2), timedelta(minutes=30)
LONGEST_NAP = timedelta(days=3)  # of a plan: what is hoped for later was planned by a wrong clock
SUN_FOR_S = WELL_FOR_S = 900.0
SUN_READINGS = 3  # so many at least, however slow the polls
POOR_FOR_S = 20.0  # one reading alone sends no unit back
NO_READING_S = 180.0  # then the guard decides alone
LONGEST_CHECK_S = 3600.0
DISTRUSTED_FROM = 3  # failed boots in a row, then the charge alone is no proof


class BootEnd(Enum):
    """How a boot ended, as far as it could be written down."""

    RUNNING = "running"
    ASLEEP = "asleep"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class SleepRecord:
    """What was written down before a sleep."""

    since: datetime
    level: EnergyLevel
    _: KW_ONLY
    wakes: datetime | None
    hoped: datetime | None
    armed: str
    reason: str
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot, or one waking from suspend. `asleep_since` is None where no sleep came before it.

    `failed`: boots in a row that failed, before this one and with it once it is `counted`.
    `checked`: the energy check is over. `well`: it was up for 15 min. `nap`: the last sleep.
    """

    boot_id: str
    began: datetime
    cause: str
    asleep_since: datetime | None = None
    failed: int = 0
    counted: bool = False
    checked: bool = False
    well: bool = False
    end: BootEnd = BootEnd.RUNNING
    nap: SleepRecord | None = None


@dataclass(frozen=True, slots=True)
class EnergyCheck:
    """How far the energy check is, by uptime. `sunny`: readings in a row with sun enough."""

    began_s: float
    seen_s: float | None = None
    sunny_since_s: float | None = None
    sunny: int = 0
    sun_seen: bool = False
    poor_since_s: float | None = None


class CheckResult(Enum):
    """What the energy check says so far: wait, stay up, or go back to sleep."""

    WAIT = "wait"
    STAY = "stay"
    BACK = "back"


def begin_boot(before: Boot | None, now: Stamp) -> Boot:
    """The record to begin with: a new one, or this boot's own after a restart of the service."""
    if before is None:
        return Boot(now.boot_id, now.utc, FIRST)
    if before.end is BootEnd.ASLEEP:
        return begin_after_sleep(before, now)
    if before.boot_id == now.boot_id:
        return replace(before, end=BootEnd.RUNNING)
    broken = before.end is BootEnd.RUNNING and not before.well and not before.counted
    cause = AFTER_CUT if before.end is BootEnd.RUNNING else AFTER_STOP
    return Boot(now.boot_id, now.utc, cause, failed=before.failed + broken, nap=before.nap)


def is_end_of_sleep(before: Boot | None, now: Stamp) -> bool:
    """Whether the computer was off for a sleep until this boot. A service that starts again in the
    boot in which the sleep was ordered does not know whether there was one.
    """
    return before is not None and before.end is BootEnd.ASLEEP and before.boot_id != now.boot_id


def begin_after_sleep(before: Boot, now: Stamp) -> Boot:
    """The unit is back from a sleep, in a new boot or in the same one."""
    nap = before.nap
    cause = BY_HAND if nap is None else classify_wake(nap, now.utc)
    since = nap.since if nap else None
    return Boot(now.boot_id, now.utc, cause, since, before.failed, nap=nap)


def classify_wake(nap: SleepRecord, utc: datetime) -> str:
    """Who woke the unit, judged by when; nothing in the computer shows it. A clock that says less
    than when the sleep began has lost its time.
    """
    if nap.wakes is None:
        return BY_HAND
    if nap.is_test:
        return AFTER_TEST
    if utc < nap.since:
        return AT_NO_HOUR
    if utc < nap.wakes - ALARM_SLACK:
        return EARLY
    return BY_CLOCK if utc <= nap.wakes + LATE_AFTER else LATE


def record_sent_back(boot: Boot, now: Stamp) -> Boot:
    """After a failed check. A boot before its hour, in the dark, does not count as failed; without
    the hour each one does.
    """
    nap = boot.nap if boot.asleep_since else None
    if nap is None or nap.hoped is None or not nap.since <= now.utc < nap.hoped - ALARM_SLACK:
        return count_failure(boot)
    return boot if nap.hoped - nap.since <= LONGEST_NAP else count_failure(boot)


def count_failure(boot: Boot) -> Boot:
    """Count the boot as failed: once only, and not when it was well for 15 min."""
    if boot.counted or boot.well:
        return boot
    return replace(boot, counted=True, failed=boot.failed + 1)


def compute_sufficient_pct(boot: Boot, settings: Settings) -> float | None:
    """The charge (sigma taken off) that is enough without sun; None where no charge is.

    Who starts a unit by hand with a healthy battery wants it at work. What slept for want of
    energy, or failed, needs enough for a night.
    """
    if boot.failed >= DISTRUSTED_FROM:
        return None
    if boot.cause not in (BY_CLOCK, LATE, AT_NO_HOUR) and not boot.failed:
        return settings.energy.sentinel_from_pct
    return max(compute_entry_pct(settings.energy.eco_from_pct, settings.energy), wake_pct(settings))


def run_check(
    check: EnergyCheck,
    boot: Boot,
    battery: BatteryState,
    reading: PowerReading | None,
    now: Stamp,
    settings: Settings,
) -> tuple[EnergyCheck, CheckResult, str]:
    """One step of the energy check, with its reason. `reading` is fresh or None.

    An unknown charge or a silent charger is left to the guard after a while: no endless sleep.
    """
    is_late = now.uptime_s - check.began_s >= LONGEST_CHECK_S
    least_pct = compute_lower_bound_pct(battery)
    if reading is None or least_pct is None:
        return wait_for_charger(check, now)
    enough_pct = compute_sufficient_pct(boot, settings)
    if enough_pct is not None and least_pct >= enough_pct:
        why = say(
            "at least {least_pct:.0f} % in the battery, {enough_pct:.0f} is enough",
            least_pct=least_pct,
            enough_pct=enough_pct,
        )
        return check, CheckResult.STAY, why
    check = count_reading(check, battery, reading, settings)
    need = format_need(least_pct, reading, boot, settings)
    if is_passed(check, reading, least_pct, settings):
        return check, CheckResult.STAY, say("the energy check is passed: {need}", need=need)
    fails = is_late or is_hopeless(check, reading)
    result = CheckResult.BACK if fails else CheckResult.WAIT
    return (
        check,
        result,
        say("the energy check ({cause}): {need}", cause=as_sentence(boot.cause), need=need),
    )


def wait_for_charger(check: EnergyCheck, now: Stamp) -> tuple[EnergyCheck, CheckResult, str]:
    """The step without a reading or a known charge."""
    took_s = now.uptime_s - check.began_s
    check = replace(check, sunny_since_s=None, sunny=0, poor_since_s=None)
    if took_s >= NO_READING_S and not check.sun_seen:
        return check, CheckResult.STAY, say("the charge of the battery is unknown")
    result = CheckResult.BACK if took_s >= LONGEST_CHECK_S else CheckResult.WAIT
    return check, result, say("the energy check waits for the charger")


def is_hopeless(check: EnergyCheck, reading: PowerReading) -> bool:
    """Whether there was no sun yet, and too little of it for some readings."""
    poor_s = 0.0 if check.poor_since_s is None else reading.stamp.uptime_s - check.poor_since_s
    return not check.sun_seen and poor_s >= POOR_FOR_S


def count_reading(
    check: EnergyCheck, battery: BatteryState, reading: PowerReading, settings: Settings
) -> EnergyCheck:
    """Count one reading; seen twice it counts once."""
    seen_s = reading.stamp.uptime_s
    if check.seen_s == seen_s:
        return check
    carried = does_sun_cover_load(reading, settings)
    if carried is None:
        return replace(check, seen_s=seen_s, sunny_since_s=None, sunny=0)
    if not carried or not can_reach_threshold(battery, reading, settings):
        poor_s = seen_s if check.poor_since_s is None else check.poor_since_s
        return replace(check, seen_s=seen_s, sunny_since_s=None, sunny=0, poor_since_s=poor_s)
    since_s = seen_s if check.sunny_since_s is None else check.sunny_since_s
    return EnergyCheck(check.began_s, seen_s, since_s, check.sunny + 1, sun_seen=True)


def is_passed(
    check: EnergyCheck, reading: PowerReading, least_pct: float, settings: Settings
) -> bool:
    """Sun above the load for 15 min, and charge enough at the end of it."""
    if check.sunny_since_s is None or check.sunny < SUN_READINGS:
        return False
    sunny_s = reading.stamp.uptime_s - check.sunny_since_s
    return sunny_s >= SUN_FOR_S and least_pct >= wake_pct(settings)


def does_sun_cover_load(reading: PowerReading, settings: Settings) -> bool | None:
    """Whether the sun gives more than SENTINEL draws; None where that is unknown.

    Where only a battery is read, its current shows it: what flows in is left over. A controller
    that holds its target voltage throttles the panels: there is more sun than it shows.
    """
    amps = reading.battery_current_a
    if reading.charge_stage in TARGET_HELD and amps is not None and amps >= 0:
        return True
    if reading.pv_power_w is not None:
        return reading.pv_power_w > compute_needed_w(settings, reading)
    if amps is not None and reading.battery_voltage_v is not None:
        left_w = amps * reading.battery_voltage_v
        return left_w > compute_needed_w(settings) - settings.computer.idle_w
    return None


def can_reach_threshold(battery: BatteryState, reading: PowerReading, settings: Settings) -> bool:
    """Whether the charge can reach the threshold before the check ends, sigma left aside."""
    spare_w = max(0.0, (reading.pv_power_w or 0.0) - settings.computer.idle_w)
    gain_pct = spare_w * SUN_FOR_S / 3600 / battery.capacity_wh * 100
    charge_pct = battery.state_of_charge_pct or 0.0
    return charge_pct + gain_pct >= wake_pct(settings)


def format_need(least_pct: float, reading: PowerReading, boot: Boot, settings: Settings) -> str:
    """The charge and sun that there are, and those that it takes."""
    sun_w = reading.pv_power_w
    sun = (
        say("the PV power is unknown")
        if sun_w is None
        else say("{sun_w:.0f} W of PV power", sun_w=sun_w)
    )
    need = say(
        "{least_pct:.0f} % and {sun}, it takes {wake_pct:.0f} % and {needed_w:.0f} W for {time}",
        least_pct=max(0.0, least_pct),
        sun=sun,
        wake_pct=wake_pct(settings),
        needed_w=compute_needed_w(settings, reading),
        time=format_duration(SUN_FOR_S),
    )
    if boot.failed >= DISTRUSTED_FROM:
        need = say("{need}; {failed}", need=need, failed=format_failed(boot.failed))
    return need
