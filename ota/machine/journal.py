"""The journal of updates: append-only, each step on the disk before its act.

    journal = Journal(files, directory / "journal.jsonl")
    journal.read()                       # records, oldest first; damaged lines are counted
    journal.append(record)

Reads and writes: journal.jsonl in the update directory, one JSON object with its CRC-32 a line.
Never: takes a torn or damaged line for a step, or rewrites a line.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from appliance import strict_json
from appliance.model import Stamp
from appliance.model_updates import UpdateStep
from appliance.strict_json import InputError
from appliance.wording.sentence import Sentence
from appliance.wording.sentence_data import decode_sentence, encode_sentence
from ota.files import Files, append_line, replace
from ota.machine.progress import Record

JOURNAL = "journal.jsonl"  # in the update directory
LONGEST_LINE = 65_536  # bytes
MOST_BYTES = 8 * 1024**2  # of a journal that is read
COMPACT_BYTES = 512 * 1024  # from which it is compacted
KEPT_RECORDS = 400  # of the newest; commits and failures before them stay as well
KEPT_ENDS = 100
COUNTS = ("failed", "starts", "missing_bytes")  # facts that are whole numbers
MOST_COUNT = 2**53
LONGEST_UPTIME_S = 1e10


@dataclass(slots=True)
class Journal:
    """`damaged`: lines of the last `read` that could not be used."""

    files: Files
    path: Path
    damaged: int = 0

    def read(self) -> list[Record]:
        """All records that are whole, oldest first; of a file that is longer than any that is
        written here, those at its end. Raises `OSError`.
        """
        self.damaged = 0
        length = self.files.measure(self.path)
        if length is None:
            return []
        found = []
        start = max(0, length - MOST_BYTES)
        for line in self.files.read_at(self.path, start, MOST_BYTES).split(b"\n"):
            record = decode_line(line)
            if record is not None:
                found.append(record)
            elif line:
                self.damaged += 1
        return found

    def append(self, record: Record) -> None:
        """Write a record; it is on the disk when this returns. Raises `OSError`."""
        append_line(self.files, self.path, encode_line(record))

    def compact(self) -> None:
        """Where the file has grown long, keep what `Progress` needs and the newest."""
        if (self.files.measure(self.path) or 0) < COMPACT_BYTES:
            return
        records = self.read()
        ends = [one for one in records[:-KEPT_RECORDS] if is_end(one)][-KEPT_ENDS:]
        kept = [*ends, *records[-KEPT_RECORDS:]]
        replace(self.files, self.path, b"".join(encode_line(one) + b"\n" for one in kept))


def is_end(record: Record) -> bool:
    """Whether it is how an update ended, or what changes how that counts."""
    return record.step is UpdateStep.COMMIT or bool(
        record.facts.get("failed") or record.facts.get("order")
    )


def encode_line(record: Record) -> bytes:
    """A record as a line, without its line feed."""
    tree = {
        "at": record.stamp.utc.isoformat(timespec="milliseconds"),
        "boot_id": record.stamp.boot_id,
        "uptime_s": round(record.stamp.uptime_s, 3),
        "step": record.step.value,
        "release": record.release,
        "sha256": record.sha256,
        "reason": record.reason,
        "facts": dict(record.facts),
    }
    if isinstance(record.reason, Sentence):  # an earlier release reads its text
        tree["said"] = encode_sentence(record.reason)
    text = json.dumps(tree, sort_keys=True)
    return f"{crc32(text.encode()):08x} {text}".encode()


def decode_line(line: bytes) -> Record | None:
    """The record in a line; None where it is empty, torn or damaged."""
    checksum, _, text = line.partition(b" ")
    if len(line) > LONGEST_LINE or checksum != f"{crc32(text):08x}".encode():
        return None
    try:
        return build_record(strict_json.parse_object(text, most_bytes=LONGEST_LINE))
    except (InputError, ValueError, KeyError, TypeError):
        return None


def build_record(tree: dict[str, Any]) -> Record:
    uptime_s = strict_json.require_number(tree["uptime_s"], "uptime_s", 0, LONGEST_UPTIME_S)
    stamp = Stamp(strict_json.require_time(tree["at"], "at"), str(tree["boot_id"]), uptime_s)
    texts = {name: str(tree[name]) for name in ("release", "sha256", "reason")}
    said = decode_sentence(str(tree.get("said", "")))
    if said == texts["reason"]:
        texts["reason"] = said
    return Record(stamp, UpdateStep(tree["step"]), **texts, facts=require_facts(tree["facts"]))


def require_facts(facts: Any) -> dict[str, Any]:
    """The facts of a record: those that later steps count with are what they must be."""
    if not isinstance(facts, dict):
        raise InputError("facts is no object")
    for name in COUNTS:
        strict_json.require_whole_number(facts.get(name, 0), name, 0, MOST_COUNT)
    items = facts.get("items", {})
    if not isinstance(items, dict) or not all(isinstance(one, str) for one in items.values()):
        raise InputError("items are no texts")
    spoiled = facts.get("spoiled", [])
    if not isinstance(spoiled, list) or not all(isinstance(one, str) for one in spoiled):
        raise InputError("spoiled is no list of hashes")
    return facts
