"""Orders to PID 1: the only command channel of the unit.

Reads and writes: runs `systemctl` (settings `[host]`), which polkit rules limit per service user.
Never: waits for a service to finish starting, and never writes a command into the database.
"""

import subprocess

from appliance.errors import HostError

TIMEOUT_S = 10


class Job:
    """A oneshot service that was started; its end is polled, not waited for."""

    def __init__(self, unit: str, process: subprocess.Popen[bytes]) -> None:
        self.unit = unit
        self._process = process

    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self._process.poll() is not None

    def abandon(self) -> None:
        """Stop polling; what PID 1 has started runs on."""
        if not self.is_over():
            self._process.kill()
            self._process.wait()


class Host:
    """PID 1 as one service may use it."""

    def __init__(self, systemctl: str) -> None:
        self._systemctl = systemctl

    def start(self, unit: str) -> None:
        """Ask PID 1 to start `unit`; returns at once."""
        self._order("start", unit)

    def stop(self, unit: str) -> None:
        """Ask PID 1 to stop `unit`; returns at once."""
        self._order("stop", unit)

    def power_off(self) -> None:
        """Ask PID 1 for a clean shutdown."""
        self._order("poweroff")

    def suspend(self) -> None:
        """Ask for sleep with the memory kept; returns before it begins."""
        self._order("suspend")

    def run(self, unit: str) -> Job:
        """Ask PID 1 to run the oneshot `unit`; returns at once; the job reports its end."""
        command = [self._systemctl, "--no-ask-password", "start", unit]
        quiet = subprocess.DEVNULL
        try:
            process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        except OSError as error:
            raise HostError(f"PID 1 did not take the order `start {unit}`: {error}") from error
        return Job(unit, process)

    def _order(self, *words: str) -> None:
        command = [self._systemctl, "--no-block", *words]
        said = " ".join(words)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HostError(f"PID 1 did not take the order `{said}`: {error}") from error
        if done.returncode:
            raise HostError(
                f"PID 1 refused the order `{said}`: {done.stderr.strip() or done.returncode}; "
                "check the polkit rules of the appliance"
            )
