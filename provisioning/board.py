"""The laptop's stand-in for the computer's mainboard: suspend, real-time clock alarm, power button.

Reads: the alarm that the unit armed (settings `[host] rtc`), commands on a socket. Writes: the
number of the boot, and orders to supervisord.
Never: touches the simulated plant or the database: it is the hardware between the two.

Its commands, sent by provisioning/systemctl.py: `suspend`, `poweroff` and `reboot` (orders of the
unit), `power-button` (a person), `power-cut` (the battery disconnects: no process can react).
"""

import argparse
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Any

from appliance import log, settings_file
from appliance.errors import StoreError
from appliance.model import EnergyBudget
from appliance.parsing.arguments import PATH
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.wording.site_time import format_site_time
from ota.disk import Disk
from ota.slots.directory import DirectorySlots
from ota.slots.find import DIRECTORY
from provisioning import systemctl
from provisioning.unit_files import read_boot_list

GUARD = "appliance-power"
ALARMS = "appliance-alarm"  # PID 1 starts it by its socket; here it stays
MQTT, PUSH, PROXY = "appliance-mqtt", "appliance-push", "appliance-proxy"
AT_BOOT = tuple(name for name in read_boot_list() if name != ALARMS)
TIMERS = "timers"  # PID 1's timers wait some minutes: until there is a first budget
SIMULATED_CAMERAS = "simulated-cameras"
MAILBOX = "mailbox"  # of the alarms' demonstration (alarm_demo.py)
NOT_OF_THE_UNIT = ("plant", "board", SIMULATED_CAMERAS, MAILBOX)  # not the unit's programs
CHECK_EVERY_S = 0.05
GRACE_S = 0.5  # real seconds from an order to the freeze, as logind replies before it acts
PATIENCE_S = 25.0


class Power(Enum):
    """What the computer does."""

    OFF = "off"
    ON = "on"
    SUSPENDED = "suspended"


class Mainboard:
    """One computer; `run` serves it until it is stopped."""

    def __init__(
        self, settings: Settings, supervisor: Any, commands: socket.socket, log: Callable[..., None]
    ) -> None:
        self._settings = settings
        self._commands = commands
        self._supervisor = supervisor
        self._log = log
        self._clock = settings.make_clock()
        self._alarm = settings.host.rtc / "wakealarm"
        self._boots = 0
        self._timers_pending = False
        self.power = Power.OFF
        settings.host.rtc.mkdir(parents=True, exist_ok=True)
        self._alarm.touch()

    def run(self, stop: Event) -> None:
        """Obey commands and check the clock until `stop` is set."""
        self._commands.settimeout(CHECK_EVERY_S)
        while not stop.is_set():
            try:
                command = self._commands.recv(64).decode()
            except TimeoutError:
                command = ""
            self._obey(command)
            self._check_clock()

    def _obey(self, command: str) -> None:
        """Execute a command, if it is possible in this state."""
        if command == "power-cut":
            self._cut()
        elif self.power is Power.ON and command == "poweroff":
            self._shut_down()
        elif self.power is Power.ON and command == "reboot":
            self._shut_down()
            self._start("an order to restart")
        elif self.power is Power.ON and command == "suspend":
            self._suspend()
        elif self.power is not Power.ON and command == "power-button":
            self._start("the power button")

    def _check_clock(self) -> None:
        """Fire the alarm if it is due, and start the timers once there is an energy budget."""
        alarm = self._read_alarm()
        if alarm is not None and self._clock.stamp().utc >= alarm:
            self._alarm.write_text("")  # one shot
            if self.power is not Power.ON:
                self._start("the alarm of the clock")
        if self._timers_pending and self.power is Power.ON and self._has_budget():
            self._timers_pending = False
            for name in (ALARMS, TIMERS) if self._settings.recipient else (TIMERS,):
                systemctl.send_order(self._supervisor, "start", name)

    # --- to sleep ------------------------------------------------------------------------------

    def _suspend(self) -> None:
        time.sleep(GRACE_S)
        self._signal(self._find_running(), signal.SIGSTOP)
        self.power = Power.SUSPENDED
        self._report_sleep("the computer is suspended")

    def _shut_down(self) -> None:
        """As PID 1 does: the power service stops last, then whatever is left is killed."""
        groups = self._find_running()
        others = [
            name
            for name in systemctl.list_names(self._supervisor, NOT_OF_THE_UNIT)
            if name != GUARD
        ]
        self._stop_programs(others)
        self._stop_programs([GUARD])
        self._signal(groups, signal.SIGKILL)
        self.power = Power.OFF
        self._report_sleep("the computer is off")

    def _cut(self) -> None:
        """Kill every process at once: frozen first, so that none can react."""
        groups = self._find_running()
        self._signal(groups, signal.SIGSTOP)
        self._wait(lambda: all(map(_is_frozen, groups.values())))
        names = systemctl.list_names(self._supervisor, NOT_OF_THE_UNIT)
        for name in names:
            systemctl.send_order(self._supervisor, "stop", name)
        self._signal(groups, signal.SIGKILL)
        self._wait_for_end(names)
        self.power = Power.OFF
        self._report_sleep("the power was cut")

    def _report_sleep(self, what: str) -> None:
        alarm = self._read_alarm()
        if alarm is None:
            button = f"{self._settings.host.systemctl} power-button"
            self._log(f"{what} and nothing is set to wake it; its button: {button}")
        else:
            at = format_site_time(alarm, self._settings.site.timezone, "%d %b %H:%M")
            self._log(f"{what}; its clock wakes it at {at}")

    # --- and back ------------------------------------------------------------------------------

    def _start(self, by: str) -> None:
        if self.power is Power.SUSPENDED:
            self._log(f"the computer wakes up by {by}")
            self._signal(self._find_running(), signal.SIGCONT)
        else:
            self._discard_commands()
            self._choose_system()
            self._boots += 1
            self._log(f"the computer boots by {by}", boot=self._boots)
            self._settings.boot_file.write_text(str(self._boots))
            for name in list_at_boot(self._settings):
                systemctl.send_order(self._supervisor, "start", name)
            self._timers_pending = True
        self.power = Power.ON

    def _choose_system(self) -> None:
        """What a boot loader does, where this run has two slots for operating systems."""
        slots = self._settings.update.dir / DIRECTORY
        if slots.is_dir():
            booted = DirectorySlots(slots, Disk()).boot()
            self._log(f"the boot loader takes slot {booted.booted}")

    def _discard_commands(self) -> None:
        """Drop commands that an earlier boot has sent."""
        self._commands.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                self._commands.recv(64)
        self._commands.settimeout(CHECK_EVERY_S)

    def _has_budget(self) -> bool:
        """Whether there is an energy budget of this boot."""
        with suppress(StoreError), closing(Store(self._settings.database, self._clock)) as store:
            return store.latest(EnergyBudget) is not None
        return False

    def _read_alarm(self) -> datetime | None:
        """The alarm that is set; 0 takes one back."""
        text = self._alarm.read_text().strip()
        if not text.isdecimal() or int(text) == 0:
            return None
        return datetime.fromtimestamp(int(text), UTC)

    # --- its processes -------------------------------------------------------------------------

    def _find_running(self) -> dict[str, int]:
        """The unit's programs that run, with their pids."""
        return systemctl.find_pids(self._supervisor, NOT_OF_THE_UNIT)

    def _signal(self, groups: dict[str, int], number: int) -> None:
        """To each program with all its children: supervisord gives each a group of its own."""
        for pid in groups.values():
            with suppress(ProcessLookupError):
                os.killpg(pid, number)

    def _stop_programs(self, names: Iterable[str]) -> None:
        for name in names:
            systemctl.send_order(self._supervisor, "stop", name)
        self._wait_for_end(names)

    def _wait_for_end(self, names: Iterable[str]) -> None:
        self._wait(lambda: not set(names) & set(self._find_running()))

    def _wait(self, is_so: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not is_so() and time.monotonic() < deadline_s:
            time.sleep(CHECK_EVERY_S)


def list_at_boot(settings: Settings) -> list[str]:
    """What a boot starts. One that would leave at once for want of a broker or a port is not
    started: supervisord takes an end within a second for a failure.
    """
    wanted = {MQTT: settings.mqtt.host, PUSH: settings.fleet.push, PROXY: settings.web.https_port}
    return [name for name in AT_BOOT if wanted.get(name, name)]


def _is_frozen(pid: int) -> bool:
    """Whether SIGSTOP has arrived (state T of proc(5)), or the process is gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "TtZX"


def main() -> None:
    """Run until stopped."""
    parser = argparse.ArgumentParser(prog="board", description="The mainboard of a laptop's unit.")
    parser.add_argument("--settings", type=PATH, required=True)
    parser.add_argument("--control", required=True, help="supervisord's socket")
    arguments = parser.parse_args()
    journal = log.setup("board")
    settings, stop = settings_file.load_settings(arguments.settings), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    path = systemctl.board_socket(arguments.control)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as commands:
        commands.bind(str(path))
        Mainboard(settings, systemctl.connect(arguments.control), commands, journal.info).run(stop)
    path.unlink()


if __name__ == "__main__":
    main()
