"""`unitctl fleet`: the unit in its fleet: the serial of this box, and how it enters.

Reads: settings, the unit's key and what the fleet gave it. Writes: through ota/reporting/.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse
import json

from appliance.parsing.arguments import PATH
from ota.commands.fleet_claim import add_claim_arguments, run_claim
from ota.commands.fleet_key import add_key_arguments, run_key

HELP = "enter a fleet with a token, and show what the fleet knows of this unit"
EPILOG = "exit codes: 0 fine; 1 the fleet refuses, or does not answer; 2 settings or usage"
ACTIONS = {
    "status": "show the serial of this box, its key, and which report the fleet has",
    "claim": "enter the fleet with a one-time token, or with files to carry",
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
            add_claim_arguments(action)
        if name == "key":
            add_key_arguments(action)


def run(arguments: argparse.Namespace) -> int:
    works = {"claim": run_claim, "key": run_key, "status": show}
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
