"""The wake test: a sleep of this computer that somebody watched, after which its clock woke it.

Reads: wake-test.json, the request of `unitctl power test-sleep` in the run directory, what the
computer is. Writes: wake-test.json in the data directory; takes the request away.
Never: calls a computer tested that was woken by hand or did not sleep, or another one than that
which was tested; begins a test for which nobody waits any more.

A clock that takes an alarm and does not wake its computer looks sound until the first sleep: then
the unit is down until somebody comes. So a unit sleeps only after one watched test.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.model import EnergyLevel
from appliance.parsing.small_file import read_small_file
from appliance.process.service import Service
from appliance.settings import Settings, SleepMode
from appliance.store.decoding import decode_time
from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_time
from appliance.strict_json import parse_object
from appliance.wording.sentence import say
from power.sleep.boot_check import Boot, SleepRecord
from power.sleep.bounded import BoundedCalls
from power.sleep.wake_time import WakeTime, choose_sleep_mode

WAKES_AFTER = timedelta(minutes=5)
EARLIEST = timedelta(seconds=65)  # some clocks keep an alarm to the minute
ON_TIME = timedelta(minutes=5)  # a boot takes a minute or two; later, a person was faster
LOADS_OFF_S = 60.0  # what runs has had this time to end
PATIENCE_S = 1200.0  # a person waits beside the unit for so long; then the request is over
SLEPT_SHARE = 0.5  # of a sleep: a computer that stayed up has cycles all the time
# Real seconds, where a demonstration's clock is fast: its processes are not.
FAST_NAP_S, FAST_LATE_S, FAST_PATIENCE_S = 20.0, 20.0, 60.0
WOKE = say("its clock woke it")
STAYED_UP = say("the computer was told to sleep and stayed up")
STARTED_ANEW = say("it started anew and did not come back from its sleep")
# What to do about each failure; one that is not here is a clock that does not wake its computer.
REMEDIES: Mapping[str, str] = {
    STAYED_UP: say(
        "look with `systemd-inhibit --list` and `journalctl -b -k` for what keeps it from "
        "suspending"
    ),
    STARTED_ANEW: say(
        "look in `journalctl -b -1 -k` for how its suspend ended, bring its firmware up to "
        "date, or set sleep = 'power-off'"
    ),
}
WAKE_IN_FIRMWARE = say("look for 'wake by RTC alarm' in the firmware")
POWERED_OFF = SleepMode.POWER_OFF
MOST_BYTES = 4096
# What tells one computer from another; the first that can be read of each line counts.
IDENTITY = (
    (Path("/sys/firmware/devicetree/base/serial-number"), Path("/sys/class/dmi/id/product_name")),
    (Path("/sys/firmware/devicetree/base/model"), Path("/sys/class/dmi/id/board_name")),
    (Path("/etc/machine-id"),),
)


class UntestedSleepError(ApplianceError):
    """The unit does not sleep: nobody has seen this computer wake by its clock."""

    code = "sleep-untested"


@dataclass(frozen=True, slots=True)
class WakeTest:
    """The last test. `woke`: its clock woke it. `computer`, `rtc` and `mode`: what was tested."""

    at: datetime
    woke: bool
    said: str
    computer: str
    rtc: str
    mode: SleepMode

    @property
    def remedy(self) -> str:
        """What to do where it failed."""
        return REMEDIES.get(self.said, WAKE_IN_FIRMWARE)

    def holds_for(self, settings: Settings, computer: str) -> bool:
        """Whether it proves that a sleep by these settings, on that computer, is woken from."""
        here = (computer, str(settings.host.rtc), choose_sleep_mode(settings))
        return self.woke and (self.computer, self.rtc, self.mode) == here


class WakeTests:
    """The wake test of one unit, and whether it may sleep."""

    def __init__(self, service: Service) -> None:
        self._service, self._settings = service, service.settings
        self._disk, self._computer = BoundedCalls(), identify_computer()
        self._last: WakeTest | None = None
        self._asked_s: float | None = None
        with suppress(TimeoutError):
            self._last = self._disk.run(lambda: read_test(self._settings.wake_test_file))

    @property
    def error(self) -> UntestedSleepError | None:
        """Why the unit does not sleep; None where it may, or is set not to."""
        settings, last = self._settings, self._last
        if choose_sleep_mode(settings) is SleepMode.STAY:
            return None
        if last is not None and last.holds_for(settings, self._computer):
            return None
        why = say("nobody has seen this computer wake by its clock")
        if last is not None and not last.woke:
            why = say("the last test failed: {said}; {remedy}", said=last.said, remedy=last.remedy)
        return UntestedSleepError(
            say(
                "HIBERNATE stays up with its loads off because {why}: run `unitctl power "
                "test-sleep` beside the unit, or set sleep = 'stay'",
                why=why,
            )
        )

    def take_request(self, now_s: float) -> bool:
        """Whether somebody has asked for a test, and still waits beside the unit."""
        with suppress(OSError):
            self._settings.wake_test_request.unlink()
            self._asked_s = now_s
        patience = stretch(timedelta(seconds=PATIENCE_S), FAST_PATIENCE_S, self._settings)
        is_old = self._asked_s is None or now_s - self._asked_s > patience.total_seconds()
        return not is_old and choose_sleep_mode(self._settings) is not SleepMode.STAY

    def end_request(self) -> None:
        """The test is over, or comes to nothing."""
        self._asked_s = None

    def note_return(self, boot: Boot, slept: SleepMode | None) -> None:
        """Judge a sleep that is over: any that its clock ended in time is a proof, unless a test
        has failed since; only a test can fail. `slept`: what the computer did; None: it stayed up.
        """
        nap = boot.nap
        if nap is None or boot.asleep_since is None or nap.wakes is None:
            return
        mode = POWERED_OFF if nap.level is EnergyLevel.OFF else choose_sleep_mode(self._settings)
        on_time = stretch(ON_TIME, FAST_LATE_S, self._settings)
        late = boot.began - nap.wakes
        said = find_failure(late, on_time=on_time, ordered=mode, slept=slept)
        woke, rtc = not said, str(self._settings.host.rtc)
        test = WakeTest(boot.began, woke, said or WOKE, self._computer, rtc, mode)
        has_failed = self._last is not None and not self._last.woke
        if nap.is_test or (test.woke and not has_failed):
            self._service.log.info(say("wake test: {said}", said=test.said))
            self._last = test
            self._keep(test)

    def note_start(self, boot: Boot, *, was_off: bool) -> None:
        """Judge the sleep that ends with this start of the service, if one does (`was_off`).

        Where there was no test at all, a sleep of an earlier release that is over counts: a unit
        that an update reaches has slept already.
        """
        nap = boot.nap
        if was_off:
            self.note_return(boot, POWERED_OFF)
        elif self._last is None and nap is not None and not nap.is_test:
            is_off = nap.level is EnergyLevel.OFF
            self.note_return(boot, POWERED_OFF if is_off else choose_sleep_mode(self._settings))

    def _keep(self, test: WakeTest) -> None:
        """Write it; where the disk does not take it, the test holds until the service ends."""
        with suppress(OSError, TimeoutError):
            self._disk.run(lambda: write_test(self._settings.wake_test_file, test))


def find_failure(
    late: timedelta, *, on_time: timedelta, ordered: SleepMode, slept: SleepMode | None
) -> str:
    """Why the clock did not wake the computer from the sleep that was ordered; "" where it did."""
    if slept is None:
        return STAYED_UP
    if not -EARLIEST <= late <= on_time:
        minutes = abs(late) / timedelta(minutes=1)
        when = say("after") if late > timedelta() else say("before")
        return say(
            "it was up {minutes:.0f} min {when} its alarm, so its clock did not wake it",
            minutes=minutes,
            when=when,
        )
    return "" if slept is ordered else STARTED_ANEW


def choose_slept(nap: SleepRecord | None, gap_s: float) -> SleepMode | None:
    """What the computer did where the service saw `gap_s` pass between two of its cycles: it was
    suspended for most of its sleep, or it was not.
    """
    if nap is None or nap.wakes is None:
        return None
    most_s = (nap.wakes - nap.since).total_seconds() * SLEPT_SHARE
    return SleepMode.SUSPEND if gap_s >= most_s else None


def choose_test_wake(now: datetime, settings: Settings) -> WakeTime:
    """The wake of a test."""
    nap = compute_nap(settings)
    return WakeTime(
        now + nap, now + nap, say("{nap_min:.0f} min ahead", nap_min=nap / timedelta(minutes=1))
    )


def compute_nap(settings: Settings) -> timedelta:
    """How long a test sleeps."""
    return stretch(WAKES_AFTER, FAST_NAP_S, settings)


def stretch(usual: timedelta, real_s: float, settings: Settings) -> timedelta:
    """Unit time: as usual, and in a demonstration at least so many real seconds."""
    return max(usual, timedelta(seconds=real_s * settings.clock.speed))


def identify_computer() -> str:
    """What this computer is: the same text at each boot, another on other hardware."""
    return " / ".join(filter(None, map(read_first, IDENTITY)))


def read_first(paths: tuple[Path, ...]) -> str:
    """The text of the first of these files that can be read; "" without one."""
    for path in paths:
        with suppress(OSError):
            return read_small_file(path, MOST_BYTES).decode(errors="replace").strip("\0\n ")
    return ""


def read_test(path: Path) -> WakeTest | None:
    """The last test; None where there was none, or its record cannot be read."""
    try:
        found = parse_object(read_small_file(path, MOST_BYTES), most_bytes=MOST_BYTES)
        return WakeTest(
            at=decode_time(found["at"]),
            woke=found["woke"] is True,
            said=str(found["said"]),
            computer=str(found["computer"]),
            rtc=str(found["rtc"]),
            mode=SleepMode(found["mode"]),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def write_test(path: Path, test: WakeTest) -> None:
    """Replace the record. Raises `OSError`."""
    values = {
        "at": encode_time(test.at),
        "woke": test.woke,
        "said": test.said,
        "computer": test.computer,
        "rtc": test.rtc,
        "mode": test.mode.value,
    }
    replace_file(path, (json.dumps(values, indent=1) + "\n").encode())
