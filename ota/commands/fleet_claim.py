"""`unitctl fleet claim`: the unit enters the fleet, by a token, a claim code, or carried files.

Reads: settings, the unit's key, the answer. Writes: through ota/reporting/; the request to carry.
Never: begins with what is for another box, another fleet, or another time.
"""

import argparse
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.parsing.arguments import PATH

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.settings import Settings
    from ota.reporting.claim_code import ClaimCode
    from ota.reporting.entry import Place

PUSH = "appliance-push.service"


def add_claim_arguments(action: argparse.ArgumentParser) -> None:
    how = action.add_mutually_exclusive_group(required=True)
    text = "as `fleet claim` has shown it, or the text of its QR code in quotes"
    how.add_argument("token", nargs="?", help=text)
    text = "without a link: write a request to carry to the fleet"
    how.add_argument("--offline", type=PATH, metavar="FILE", help=text)
    text = "without a link: take the answer that was carried back"
    how.add_argument("--answer", type=PATH, metavar="FILE", help=text)
    text = "the unit leaves the fleet that it was in for this one"
    action.add_argument("--another-fleet", action="store_true", help=text)


def run_claim(arguments: argparse.Namespace) -> int:
    """Bring the token to the fleet's server, or the files; tell what to set."""
    from appliance.commands.opening import load_unit_settings  # noqa: PLC0415

    settings = load_unit_settings(arguments)
    if arguments.offline:
        ask(settings, arguments.offline, arguments.json)
        return 0
    place = enter(settings, arguments)
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


def ask(settings: "Settings", path: "Path", is_json: bool) -> None:
    """Raises `ApplianceError`, `OSError`."""
    from appliance.process.unit_identity import read_identity  # noqa: PLC0415
    from ota.commands.acting import acting_as_owner  # noqa: PLC0415
    from ota.disk import Disk  # noqa: PLC0415
    from ota.reporting.carried import make_request  # noqa: PLC0415

    files, directory, serial = Disk(), settings.update.dir, read_identity(settings)
    files.make_directory(directory)
    with acting_as_owner(directory):
        content = make_request(files, directory, serial, datetime.now(UTC))
    path.write_bytes(content)
    if is_json:
        print(json.dumps({"request": str(path), "serial": serial}, indent=1))
        return
    print(
        f"{path}: carry it to the fleet; there: fleet claim UNIT --request {path.name}; bring the "
        "answer back: unitctl fleet claim --answer FILE"
    )


def enter(settings: "Settings", arguments: argparse.Namespace) -> "Place":
    """Raises `ApplianceError`, `OSError`."""
    from appliance.process.unit_identity import read_identity  # noqa: PLC0415
    from ota.commands.acting import acting_as_owner  # noqa: PLC0415
    from ota.disk import Disk  # noqa: PLC0415
    from ota.reporting.carried import Carried, take_answer  # noqa: PLC0415
    from ota.reporting.entry import Expected  # noqa: PLC0415

    files, directory, serial = Disk(), settings.update.dir, read_identity(settings)
    now = datetime.now(UTC)
    files.make_directory(directory)
    if not arguments.answer:
        code = read_code(settings, arguments.token, now)
        with acting_as_owner(directory):
            return claim_by_code(settings, code, may_be_another_fleet=arguments.another_fleet)
    expected = Expected(may_be_another_fleet=arguments.another_fleet)
    content = read_answer(arguments.answer)
    with acting_as_owner(directory):
        return take_answer(files, directory, content, Carried(serial, expected), now)


def read_code(settings: "Settings", text: str, now: datetime) -> "ClaimCode":
    """Raises `SettingsError`, `UpdateError`."""
    from appliance.errors import SettingsError  # noqa: PLC0415
    from appliance.process.unit_identity import read_identity  # noqa: PLC0415
    from appliance.strict_json import InputError  # noqa: PLC0415
    from ota.reporting.claim_code import parse_code  # noqa: PLC0415

    try:
        code = parse_code(text)
    except InputError as error:
        raise SettingsError(f"what was typed {error}; nothing was sent") from error
    code.require_for(read_identity(settings), settings.fleet.server, now)
    if not settings.fleet.server:
        raise SettingsError(
            f"{settings.path} names no server of a fleet: set `server` in [fleet] (docs/fleet.md)"
        )
    return code


def claim_by_code(
    settings: "Settings", code: "ClaimCode", *, may_be_another_fleet: bool = False
) -> "Place":
    """Raises `ApplianceError`, `OSError`."""
    from appliance.process.unit_identity import read_identity  # noqa: PLC0415
    from ota.disk import Disk  # noqa: PLC0415
    from ota.reporting.claim import Claim, claim  # noqa: PLC0415
    from ota.reporting.entry import Expected  # noqa: PLC0415
    from ota.reporting.server import FleetServer  # noqa: PLC0415

    expected = Expected(code.authority, may_be_another_fleet)
    request = Claim(code.token, read_identity(settings), expected)
    server = FleetServer(settings.fleet)
    return claim(server, Disk(), settings.update.dir, request, datetime.now(UTC))


def read_answer(path: "Path") -> bytes:
    """Raises `SettingsError`."""
    from appliance.errors import SettingsError  # noqa: PLC0415
    from ota.reporting.carried import MOST_BYTES  # noqa: PLC0415

    with suppress(OSError), path.open("rb") as file:
        return file.read(MOST_BYTES)
    raise SettingsError(f"{path} cannot be read: name the file that was carried back")


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
