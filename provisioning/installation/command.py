"""The command `provisioning/install`: runs the steps one after the other, or reports differences.

Reads: its arguments. Writes: what each step reports and does, in sentences.
Never: goes on after a step that failed.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from provisioning.installation.accounts import Accounts, Directories
from provisioning.installation.files import Files
from provisioning.installation.machine import InstallError, Step, is_booted
from provisioning.installation.packages import Packages
from provisioning.installation.program import Program
from provisioning.installation.services import Services, note_change
from provisioning.installation.settings_file import SettingsFile
from provisioning.installation.usual_ports import UsualPorts
from provisioning.installation.web_server import WebServer

RELEASE = Path(__file__).resolve().parents[2]
LOGINS = Path("/var/lib/appliance/access/access.db")
NO_LOGINS = (
    "nobody can act on the page yet: set a PIN for the touchscreen with `sudo unitctl access pin "
    "set`, or a login for the network with `sudo unitctl access account add NAME --role technician`"
)
CHROOT = "systemd does not run here (a chroot): the unit starts when this system is booted"
DESCRIPTION = """Installs the unit's software on this computer (Debian 12 or 13, Ubuntu 24.04), or
brings an installation up to date with this release. Run it as root from the release's directory.
It may be run again at any time: what is as it should be is left alone, and an installation that
was interrupted is completed."""
EPILOG = """exit codes:
  0  everything is as it should be
  1  a step failed; or, with --check, something differs
  2  wrong arguments, or not root

examples:
  provisioning/install --settings unit.toml       with your own settings
  provisioning/install --wheels build/wheels      without a network; `make wheels` makes them
  provisioning/install --check                    changes nothing"""


def main(words: Sequence[str] | None = None) -> None:
    asked = make_parser().parse_args(words)
    if os.geteuid() != 0:
        fail("must be run as root: sudo provisioning/install", 2)
    for path in (asked.settings, asked.wheels):
        if path is not None and not path.exists():
            fail(f"{path} does not exist", 2)
    os.umask(0o022)  # services of other users read what is installed
    settings = SettingsFile(RELEASE, asked.settings)
    steps = list_steps(settings, asked.wheels)
    try:
        differences = report(steps) if asked.check else install(steps)
    except InstallError as error:
        fail(str(error), 1)
    for note in [*settings.list_notes(), *list_notes(check=asked.check)]:
        print(f"note: {note}")
    if not differences:
        print("everything is as it should be; nothing was changed")
    sys.exit(1 if asked.check and differences else 0)


def make_parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="provisioning/install",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument(
        "--check", action="store_true", help="change nothing; report each difference"
    )
    result.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="settings of this unit, used where /etc/appliance/unit.toml is absent "
        "(default: an example, with which nothing is started)",
    )
    result.add_argument(
        "--wheels",
        type=Path,
        metavar="DIR",
        help="directory of wheels to install from, instead of a package index in the network",
    )
    return result


def list_steps(settings: SettingsFile, wheels: Path | None) -> list[Step]:
    """All steps, in their order."""
    return [
        Packages(),
        WebServer(),
        Files(RELEASE),
        Accounts(RELEASE),
        settings,
        Directories(RELEASE),
        Program(RELEASE, wheels),
        UsualPorts(),
        Services(lambda: not settings.is_example()),
    ]


def report(steps: list[Step]) -> list[str]:
    """Print all differences and return them."""
    differences = [one for step in steps for one in step.list_differences()]
    for one in differences:
        print(f"differs: {one}")
    return differences


def install(steps: list[Step]) -> list[str]:
    """Mend what differs, step by step; returns what differed. Raises `InstallError`."""
    mended = []
    for step in steps:
        differences = step.list_differences()
        if not differences:
            continue
        for one in differences:
            print(f"mending: {one}", flush=True)
        if step is not steps[-1]:
            note_change()
        step.apply()
        left = step.list_differences()
        if left:
            raise InstallError(f"still not as it should be: {'; '.join(left)}")
        mended += differences
    return mended


def list_notes(*, check: bool) -> list[str]:
    if check:
        return []
    notes = [] if LOGINS.exists() else [NO_LOGINS]
    return notes if is_booted() else [CHROOT, *notes]


def fail(text: str, code: int) -> None:
    print(f"provisioning/install: {text}", file=sys.stderr)
    sys.exit(code)
