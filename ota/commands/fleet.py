"""`unitctl fleet`: the unit in its fleet: the serial of this box, and how it enters.

Reads: settings, the unit's key and what the fleet gave it. Writes: through ota/reporting/.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from appliance.parsing.arguments import NAME, PATH
from ota.commands.fleet_key import add_key_arguments, run_key

if TYPE_CHECKING:
    from appliance.settings import Settings
    from ota.reporting.claim import Place

HELP = "enter a fleet with a token, and show what the fleet knows of this unit"
EPILOG = "exit codes: 0 fine; 1 the fleet refuses, or does not answer; 2 settings or usage"
PUSH = "appliance-push.service"
ACTIONS = {
    "status": "show the serial of this box, its key, and which report the fleet has",
    "claim": "enter the fleet with a one-time token",
    "key": "show where the unit's key is: TPM or file; make another one",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    parser.set_defaults(action="status")
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    for name, text in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text, epilog=EPILOG)
        action.set_defaults(action=name)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON"
        )
        action.add_argument(
            "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
        )
        if name == "claim":
            action.add_argument("token", type=NAME, help="as `fleet claim` has shown it")
        if name == "key":
            add_key_arguments(action)


def run(arguments: argparse.Namespace) -> int:
    works = {"claim": enter, "key": run_key, "status": show}
    return works[arguments.action](arguments)


def show(arguments: argparse.Namespace) -> int:
    """Who the unit is towards the fleet."""
    found = describe(arguments)
    if arguments.json:
        print(json.dumps(found, indent=1))
        return 0
    print(f"serial of this box  {found['serial']}")
    print(f"unit, group         {found['unit']}, {found['group']}")
    print(f"fleet's server      {found['server'] or 'none ([fleet] server)'}")
    print(f"certificate         {'there' if found['has_certificate'] else 'none'}")
    print(f"last report there   {tell_reports(found)}")
    return 0


def describe(arguments: argparse.Namespace) -> dict[str, object]:
    from appliance.commands.opening import load_unit_settings  # noqa: PLC0415
    from appliance.process.unit_identity import read_identity  # noqa: PLC0415
    from ota.disk import Disk  # noqa: PLC0415
    from ota.reporting.file_names import CERTIFICATE  # noqa: PLC0415
    from ota.reporting.sent import SentFile  # noqa: PLC0415

    settings = load_unit_settings(arguments)
    sent = SentFile(Disk(), settings.update.dir)
    waiting = sent.read_waiting()
    return {
        "serial": read_identity(settings),
        "unit": settings.unit.name,
        "group": settings.update.group,
        "server": settings.fleet.server,
        "has_certificate": (settings.update.dir / CERTIFICATE).exists(),
        "acknowledged_sha256": sent.read_acknowledged().sha256,
        "waiting_sha256": waiting.sha256 if waiting else None,
    }


def tell_reports(found: dict[str, object]) -> str:
    has = "yes" if found["acknowledged_sha256"] else "none yet"
    return f"{has}; one waits for the link" if found["waiting_sha256"] else has


def enter(arguments: argparse.Namespace) -> int:
    """Bring the token to the fleet's server; tell what to set."""
    from appliance.commands.opening import load_unit_settings  # noqa: PLC0415

    settings = load_unit_settings(arguments)
    place = claim_place(settings, arguments.token)
    start_push(settings)
    if arguments.json:
        print(json.dumps({"unit": place.name, "group": place.group}, indent=1))
    else:
        print(f"this unit is in the fleet as {place.name}, group {place.group}")
    if (place.name, place.group) != (settings.unit.name, settings.update.group):
        print(
            f'set in {settings.path}: [unit] name = "{place.name}", [update] group = '
            f'"{place.group}"; reports under another name are refused',
            file=sys.stderr,
        )
    return 0


def start_push(settings: "Settings") -> None:
    """With the new certificate; a service that was not started for want of one is now."""
    from appliance.errors import HostError  # noqa: PLC0415
    from appliance.process.host import Host  # noqa: PLC0415

    if not settings.fleet.push:
        return
    try:
        Host(settings.host.systemctl).restart(PUSH).wait()
    except HostError as error:
        print(f"{error}; hints are heard after a restart", file=sys.stderr)


def claim_place(settings: "Settings", token: str) -> "Place":
    """Raises `ApplianceError`."""
    from appliance.errors import SettingsError  # noqa: PLC0415
    from appliance.process.unit_identity import read_identity  # noqa: PLC0415
    from ota.commands.acting import acting_as_owner  # noqa: PLC0415
    from ota.disk import Disk  # noqa: PLC0415
    from ota.reporting.claim import claim  # noqa: PLC0415
    from ota.reporting.server import FleetServer  # noqa: PLC0415

    if not settings.fleet.server:
        raise SettingsError(
            f"{settings.path} names no server of a fleet: set `server` in [fleet] (docs/fleet.md)"
        )
    directory, serial = settings.update.dir, read_identity(settings)
    Disk().make_directory(directory)
    with acting_as_owner(directory):
        return claim(FleetServer(settings.fleet), Disk(), directory, token=token, serial=serial)
