"""Which report the fleet has acknowledged last, and the one that still waits to be.

    sent.json           {"format": 1, "acknowledged": SHA-256 of that report's bytes, "number": 7}
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
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from ota.files import Files, replace

SENT, WAITING = "sent.json", "waiting-report"
MOST_SENT_BYTES, MOST_REPORT_BYTES = 1024, 512 * 1024
FORMAT = 1
HASH_DIGITS, MOST_NUMBER = 64, 2**53


@dataclass(frozen=True, slots=True)
class SignedReport:
    """`signature`: base64 of DER."""

    data: bytes
    signature: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def number(self) -> int:
        """As it stands in the report."""
        return int(json.loads(self.data)["number"])


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The last report that the fleet has; number 0 and None where there is none."""

    number: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class SentFile:
    """All raise `OSError`."""

    files: Files
    directory: Path

    def read_acknowledged(self) -> Acknowledged:
        """None was, where the file is damaged: the fleet then asks its operator."""
        with suppress(InputError, KeyError, FileNotFoundError):
            data = self.files.read(self.directory / SENT, most_bytes=MOST_SENT_BYTES)
            tree = strict_json.parse_object(data, most_bytes=MOST_SENT_BYTES)
            sha256 = strict_json.require_text(tree["acknowledged"], "acknowledged", HASH_DIGITS)
            number = strict_json.require_whole_number(tree["number"], "number", 1, MOST_NUMBER)
            return Acknowledged(number, sha256)
        return Acknowledged(0, None)

    def describe_next(self) -> dict[str, Any]:
        """What the next report says of its place in the chain."""
        last = self.read_acknowledged()
        return {"number": last.number + 1, "follows": last.sha256}

    def note_acknowledged(self, report: SignedReport) -> None:
        """First this, then nothing waits: a cut between the two sends a report once more."""
        tree = {"format": FORMAT, "acknowledged": report.sha256, "number": report.number}
        replace(self.files, self.directory / SENT, json.dumps(tree).encode() + b"\n")
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
