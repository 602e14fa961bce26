"""Which report the fleet has acknowledged last, and the one that still waits to be.

    sent.json           {"format": 1, "acknowledged": SHA-256 of that report's bytes, or null}
    waiting-report      the signature in base64, a line end, the report's bytes

A report that was sent without an answer is sent again as it was, before any newer one: so the
reports of one unit are a chain, and a chain that forks means two boxes with one identity.

Reads and writes: these two files, through `Files`.
Never: changes a report that was signed.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance import strict_json
from appliance.strict_json import InputError
from ota.files import Files, replace

SENT, WAITING = "sent.json", "waiting-report"
MOST_SENT_BYTES, MOST_REPORT_BYTES = 1024, 512 * 1024
FORMAT = 1
HASH_DIGITS = 64


@dataclass(frozen=True, slots=True)
class SignedReport:
    """`signature`: base64 of DER."""

    data: bytes
    signature: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class SentFile:
    """All raise `OSError`."""

    files: Files
    directory: Path

    def read_acknowledged(self) -> str | None:
        """None where none was, or the file is damaged: the fleet then asks its operator."""
        with suppress(InputError, FileNotFoundError):
            data = self.files.read(self.directory / SENT, most_bytes=MOST_SENT_BYTES)
            found = strict_json.parse_object(data, most_bytes=MOST_SENT_BYTES).get("acknowledged")
            return found if isinstance(found, str) and len(found) == HASH_DIGITS else None
        return None

    def note_acknowledged(self, sha256: str) -> None:
        """First this, then nothing waits: a cut between the two sends a report once more."""
        data = json.dumps({"format": FORMAT, "acknowledged": sha256}).encode()
        replace(self.files, self.directory / SENT, data + b"\n")
        self.drop_waiting()

    def read_waiting(self) -> SignedReport | None:
        with suppress(FileNotFoundError):
            data = self.files.read(self.directory / WAITING, most_bytes=MOST_REPORT_BYTES)
            signature, _, report = data.partition(b"\n")
            if report and signature.isascii():
                return SignedReport(report, signature.decode())
        return None

    def keep_waiting(self, report: SignedReport) -> None:
        data = report.signature.encode() + b"\n" + report.data
        replace(self.files, self.directory / WAITING, data)

    def drop_waiting(self) -> None:
        self.files.remove(self.directory / WAITING)
