"""Stands in for PID 1's timers on a laptop: starts the oneshots of systemd/*.timer in unit time.

Reads: the unit files and the settings' clock. Writes: nothing itself; orders go to `systemctl`.
Never: randomises or catches up, as PID 1 would; a missed time is skipped.
"""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from appliance import log, settings_file
from appliance.clock import Clock
from appliance.errors import HostError
from appliance.process import service
from appliance.process.host import Host
from provisioning.unit_files import Timer, read_timers


def find_next_due(timers: Iterable[Timer], after: datetime) -> tuple[datetime, Timer] | None:
    """The first time of day after `after` (UTC) at which a timer elapses."""
    due = [
        (moment, timer)
        for timer in timers
        for at in timer.times
        for day in (0, 1)
        if (moment := datetime.combine(after.date() + timedelta(days=day), at, UTC)) > after
    ]
    return min(due, key=lambda pair: pair[0]) if due else None


def wait_until(clock: Clock, moment: datetime) -> None:
    """Wait for a time of the unit. One wait may end early: fast time begins with a standstill."""
    never = threading.Event()
    while (left_s := (moment - clock.stamp().utc).total_seconds()) > 0:
        clock.wait(left_s, never)


def main() -> None:
    """Run until stopped."""
    arguments = service.make_parser("timers", takes_instance=False).parse_args()
    journal = log.setup("timers")
    settings = settings_file.load_settings(arguments.settings)
    clock, timers = settings.make_clock(), read_timers()
    host = Host(settings.host.systemctl)

    def start(timer: Timer) -> None:
        journal.info("starting", unit=timer.process.name)
        try:
            host.start(timer.process.name).wait()
        except HostError as error:
            journal.warning(str(error), unit=timer.process.name)

    for timer in timers:
        if timer.at_boot:
            start(timer)
    while due := find_next_due(timers, clock.stamp().utc):
        wait_until(clock, due[0])
        start(due[1])


if __name__ == "__main__":
    main()
