"""Starts again what ended because of the settings: `python -m appliance.process.restart_failed`.

PID 1 runs it when the settings file changes (systemd/appliance-settings.path).

Reads: the settings, and from PID 1 which services of the unit ended with exit code 2. Writes:
orders to PID 1, and one sentence.
Never: starts a service that runs, or one that the power service has not started itself; switches,
power modes and limits are left to the power service.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from appliance import log, settings_file
from appliance.errors import ApplianceError, HostError
from appliance.process.host import TIMEOUT_S, Host
from appliance.process.service import WRONG_SETTINGS, find_exit_code, make_parser
from appliance.settings import Settings
from appliance.wording.sentence import say

NAME = "settings"
RESIDENT = re.compile(
    r"appliance-(power|sensors|inference|hints|mqtt|push|cameras?@[A-Za-z0-9:_.\\-]+)\.service"
)
STATES = "--state=failed,auto-restart"


def restart_failed(settings: Settings) -> str:
    """Start them all; returns one sentence. Raises `HostError`."""
    host = Host(settings.host.systemctl)
    failed = list(list_failed(settings.host.systemctl))
    for unit in failed:
        host.start(unit).wait()
    if failed:
        return f"{settings.path} is valid now: {', '.join(failed)} started again"
    return f"{settings.path} is valid; what runs uses it after `systemctl restart appliance.target`"


def list_failed(systemctl: str) -> Iterator[str]:
    """The services that ended with the exit code for wrong settings and wait for their mending."""
    listed = read(systemctl, "list-units", "--all", "--plain", "--no-legend", STATES)
    units = [line.split()[0] for line in listed.splitlines() if line.strip()]
    for unit in filter(RESIDENT.fullmatch, units):
        shown = read(systemctl, "show", "--property=ExecMainStatus", "--value", unit)
        if shown.strip() == str(WRONG_SETTINGS):
            yield unit


def read(systemctl: str, *words: str) -> str:
    """What `systemctl` prints; raises `HostError`."""
    try:
        done = subprocess.run(
            [systemctl, *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise HostError(
            say("PID 1 does not say which services have failed: {error}", error=error)
        ) from error
    return done.stdout


def main(path: Path | None) -> None:
    """Exit codes as for every service."""
    own = log.setup(NAME)
    try:
        own.info(restart_failed(settings_file.load_settings(path)))
    except ApplianceError as error:
        own.warning(str(error), error.message_id, fault=error.code)
        sys.exit(find_exit_code(error))


if __name__ == "__main__":
    main(make_parser(NAME, takes_instance=False).parse_args().settings)
