"""Enters the fleet with a one-time token: the unit shows its key, and gets its certificate.

    place = claim(server, files, directory, request, now)

Reads: the unit's key. Writes: through entry.py.
Never: sends the private key, or keeps the token.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from appliance.strict_json import InputError
from appliance.wording.sentence import say
from ota.errors import LinkError
from ota.files import Files
from ota.reporting.entry import Expected, Place, keep
from ota.reporting.server import FleetServer
from ota.reporting.unit_key import read_key

PATH = "api/v1/claims"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """`serial`: of this box; `expected`: what the answer must be like."""

    token: str
    serial: str
    expected: Expected = field(default_factory=Expected)


def claim(
    server: FleetServer, files: Files, directory: Path, request: Claim, now: datetime
) -> Place:
    """`now`: by the unit's clock, UTC. Raises `RefusedError`, `LinkError`, `TrustError`,
    `UpdateError`, `OSError`; then nothing was kept.
    """
    key = read_key(files, directory)
    tree = {
        "format": FORMAT,
        "token": request.token,
        "serial": request.serial,
        "public_key": key.format_public().decode(),
    }
    data = json.dumps(tree).encode()
    signature = base64.b64encode(key.sign(data)).decode()
    answer = server.post(PATH, data, {"Claim-Signature": signature})
    try:
        return keep(files, directory, key, answer, request.expected, now)
    except (InputError, KeyError) as error:
        raise LinkError(
            say(
                "the answer of {address} is not that of a fleet's server ({error}): check "
                "[fleet] server",
                address=server.address,
                error=error,
            ),
            "fleet-link",
        ) from error
