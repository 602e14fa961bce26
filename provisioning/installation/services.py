"""Step 6, the last: systemd and its helpers read what has changed; the unit is enabled and started.

Reads: what PID 1 says. Writes: orders to PID 1, udev, the journal, the kernel.
Never: starts a unit with settings that are still the example's, nor lets a boot start it.

That files have changed is noted in /run before the first change and until the new ones are in use,
so that an installation that was interrupted is completed by the next; a reboot does the same.
"""

import os
from collections.abc import Callable
from pathlib import Path

from provisioning.installation.machine import ask, is_booted, run

TARGET = "appliance.target"
CHANGED = Path("/run/appliance-install-changed")
SYSCTL_FILE = "/etc/sysctl.d/50-appliance.conf"
SYSCTL = Path("/proc/sys/vm/dirty_expire_centisecs")  # read-only in a container
UDEV = Path("/run/udev/control")
UDEV_SUBSYSTEMS = ("tty", "usb-serial", "rtc")


def note_change() -> None:
    CHANGED.touch()


class Services:
    """`may_start`: whether the unit has settings of its own."""

    def __init__(self, may_start: Callable[[], bool]) -> None:
        self._may_start = may_start

    def list_differences(self) -> list[str]:
        found = []
        if self._may_start() and ask("systemctl", "is-enabled", TARGET) != "enabled":
            found.append(f"{TARGET} is not enabled")
        if is_booted() and CHANGED.exists():
            found.append("changed files are not in use yet")
        if is_booted() and self._may_start() and not is_running():
            found.append(f"{TARGET} is not started")
        return found

    def apply(self) -> None:
        if self._may_start():
            run("systemctl", "enable", TARGET, what=f"{TARGET} cannot be enabled")
        run("journalctl", "--update-catalog", what="the journal's catalogue cannot be renewed")
        if not is_booted():
            return
        self._reload()
        if self._may_start():
            order = "restart" if CHANGED.exists() and is_running() else "start"
            run("systemctl", order, "--no-block", TARGET, what=f"{TARGET} cannot be started")
        CHANGED.unlink(missing_ok=True)

    def _reload(self) -> None:
        what = "systemd cannot read the new files"
        run("systemctl", "daemon-reload", what=what)
        if CHANGED.exists():
            run("systemctl", "try-restart", "systemd-journald.service", what=what)
        if UDEV.exists():
            only = [f"--subsystem-match={name}" for name in UDEV_SUBSYSTEMS]
            run("udevadm", "control", "--reload", what=what)
            run("udevadm", "trigger", *only, what=what)
        if os.access(SYSCTL, os.W_OK):
            run("/usr/lib/systemd/systemd-sysctl", SYSCTL_FILE, what=what)


def is_running() -> bool:
    """Whether the unit runs, or is about to: PID 1 has an order for it."""
    if ask("systemctl", "is-active", TARGET) == "active":
        return True
    return ask("systemctl", "show", "--property=Job", "--value", TARGET) not in ("", "0")
