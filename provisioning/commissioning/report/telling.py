"""`unitctl provision report`: where the newest report is, whether it is as it was signed, by whom.

Reads: a report, the unit's public key. Writes: through `tell`.
Never: says whose key it is where that is not known.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from appliance.parsing.small_file import read_small_file
from appliance.wording.sentence import say
from ota.reporting.file_names import PUBLIC
from provisioning.commissioning.report.verifying import verify
from provisioning.commissioning.report.writing import ReportError, find_newest
from provisioning.commissioning.unit import Unit

REPORTS, MOST_BYTES = "reports", 4096


def tell_report(unit: Unit, directory: Path | None, tell: Callable[[str], None]) -> int:
    """0: it is as it was signed; 1: it is not, or there is none. `directory` None: the newest of
    this unit.
    """
    path = directory or find_newest(unit.directory / REPORTS)
    if path is None:
        tell(say("this unit has no report yet: `unitctl provision acceptance` writes one"))
        return 1
    try:
        sha256 = verify(path)
    except ReportError as error:
        tell(str(error.args[0]))
        return 1
    tell(str(path))
    tell(say("it is as it was signed, by the key {sha256}", sha256=sha256))
    own = find_own(unit)
    if own is None:
        tell(say("the key of this unit cannot be read here: compare it with what the fleet knows"))
    elif own == sha256:
        tell(say("that is the key of this unit"))
    else:
        tell(say("that is not the key of this unit: compare it with what the fleet knows"))
    return 0


def find_own(unit: Unit) -> str | None:
    """SHA-256 of the public key of this unit; None where it cannot be read."""
    with suppress(OSError, ValueError):
        data = read_small_file(unit.settings().update.dir / PUBLIC, MOST_BYTES)
        der = serialization.load_pem_public_key(data).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(der).hexdigest()
    return None
