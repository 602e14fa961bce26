"""`unitctl power test-sleep`: one sleep of the unit that somebody watches; then it may sleep alone.

Reads: the settings, wake-test.json. Writes: a request to the power service; standard output.
Never: gives an order itself: the test goes the way of every sleep.
"""

import argparse
import time
from datetime import timedelta
from pathlib import Path

from appliance.commands.opening import load_unit_settings
from appliance.errors import ApplianceError
from appliance.settings import Settings, SleepMode
from appliance.wording.site_time import format_site_time
from power.sleep.wake_test import WakeTest, compute_nap, identify_computer, read_test
from power.sleep.wake_time import choose_sleep_mode

PATIENCE_S = 20 * 60.0
EVERY_S = 2.0
SECONDS_BELOW = 120.0
ASKED = """The unit ends its loads, sleeps for {lasts} (sleep = '{mode}') and is woken by its clock.
Stay beside it and touch nothing. If it is not up {latest} from now, its clock does not wake it:
switch it on by hand."""
LATEST = timedelta(minutes=7)  # after the sleep: a minute for the loads, and the boot
AFTER_POWER_OFF = """This connection ends with the sleep. When the unit is up again:
  unitctl power test-sleep --result"""


class WakeTestError(ApplianceError):
    """The test cannot be asked for."""


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    mode = choose_sleep_mode(settings)
    if mode is SleepMode.STAY:
        raise WakeTestError("nothing to test: by its settings this unit never sleeps")
    before = read_test(settings.wake_test_file)
    if arguments.result:
        return print_result(before, settings)
    ask(settings.wake_test_request)
    lasts = compute_nap(settings) / settings.clock.speed
    words = {"lasts": format_lasting(lasts), "latest": format_lasting(lasts + LATEST)}
    print(ASKED.format(mode=mode.value, **words), flush=True)
    if mode is SleepMode.POWER_OFF:
        print(AFTER_POWER_OFF)
        return 0
    return print_result(wait_for_result(before, settings), settings)


def ask(request: Path) -> None:
    """Leave the request for the power service. Raises `WakeTestError`."""
    try:
        request.touch()
    except OSError as error:
        raise WakeTestError(
            f"{request} cannot be written ({error.strerror}): use sudo, and see whether "
            "appliance-power runs"
        ) from error


def format_lasting(lasts: timedelta) -> str:
    """Real time, as a person beside the unit waits."""
    seconds = lasts.total_seconds()
    return f"{seconds:.0f} s" if seconds < SECONDS_BELOW else f"{seconds / 60:.0f} min"


def wait_for_result(before: WakeTest | None, settings: Settings) -> WakeTest | None:
    """The result of a new test; None where none comes."""
    ends_s = time.monotonic() + PATIENCE_S  # does not go on while the computer is suspended
    while time.monotonic() < ends_s:
        time.sleep(EVERY_S)
        found = read_test(settings.wake_test_file)
        if found is not None and found != before:
            return found
    settings.wake_test_request.unlink(missing_ok=True)
    return None


def print_result(test: WakeTest | None, settings: Settings) -> int:
    """Say how it ended; 0 where the unit may sleep now."""
    if test is None:
        print("There was no test yet, or it did not come to an end: `unitctl faults` may say why.")
        return 1
    at = format_site_time(test.at, settings.site.timezone, "%Y-%m-%d %H:%M")
    print(f"Test of {at}, sleep = '{test.mode.value}': {test.said}.")
    if test.holds_for(settings, identify_computer()):
        print("The unit may sleep.")
        return 0
    if test.woke:
        print("It was another computer, another clock or another `sleep`: test again.")
    else:
        print(f"{test.remedy[0].upper()}{test.remedy[1:]}, or set sleep = 'stay'.")
    return 1
