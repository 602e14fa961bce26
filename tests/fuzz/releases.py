"""Manifests of releases and the offer that is kept of one, as any bytes and with any values.

Reads: bytes. Writes: a file in memory.
Never: lets anything but `TrustError` out of a manifest, or an offer that the gate cannot judge.

The first byte picks the file, the second whether the rest is the file or changes to a right one.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from ota.errors import TrustError
from ota.machine.offer_file import OfferFile
from ota.manifest import MOST_BYTES, ReleaseManifest, format_manifest, parse_manifest
from ota.trust.ratchet import parse_time
from tests.fuzz.json_edits import edit
from tests.stand_ins.recording_files import RecordingFiles

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PATH = Path("/offer.json")
PAYLOAD = {
    "pack": "packs/ab/ab.pack",
    "pack_bytes": 10,
    "index": "indexes/ab/ab.index",
    "index_bytes": 9,
    "index_sha256": "ab" * 32,
    "needs_sha256": "",
}
LAYER = {"name": "", "version": "1", "sha256": "cd" * 32, "size_bytes": 20, "payloads": [PAYLOAD]}
MANIFEST: dict[str, Any] = {
    "format": 1,
    "release": "2026.6.1",
    "sequence": 3,
    "issued": NOW.isoformat(),
    "machines": ["x86-64"],
    "min_os": 0,
    "data_schema": 30,
    "energy_wh": 2.5,
    "notes": "mends the page",
    "layers": [
        {"kind": "os", **LAYER},
        {"kind": "model", **LAYER, "name": "nano"},
    ],
}
OFFER: dict[str, Any] = {
    "manifest": json.dumps(MANIFEST),
    "sha256": "",
    "wave": "first",
    "until": NOW.isoformat(),
    "allow_downgrade": False,
    "source": "https://updates.example.org",
    "offline": False,
}


def run_input(data: bytes) -> None:
    """One execution."""
    if len(data) < 2:
        return
    judge, right = (judge_manifest, MANIFEST) if data[0] % 2 else (judge_offer, OFFER)
    judge(data[2:] if data[1] % 2 else json.dumps(edit(right, data[2:])).encode())


def judge_manifest(data: bytes) -> None:
    try:
        manifest = parse_manifest(data)
    except TrustError:
        return
    judge_parsed(manifest)


def judge_parsed(manifest: ReleaseManifest) -> None:
    """It can be written and read again, and no path of it leaves the tree."""
    assert len(data := format_manifest(manifest)) < 4 * MOST_BYTES
    assert parse_manifest(data) == manifest
    for layer in manifest.layers:
        for payload in layer.payloads:
            assert not {"", ".", ".."} & {*payload.pack.split("/"), *payload.index.split("/")}


def judge_offer(data: bytes) -> None:
    files = RecordingFiles()
    files.write(PATH, data)
    offer = OfferFile(files, PATH).read(find_digest(data))
    if offer is None:
        return
    assert offer.until is None or offer.until >= NOW or parse_time(offer.until.isoformat())
    OfferFile(files, PATH).write(offer)
    again = OfferFile(files, PATH).read(offer.manifest_sha256)
    assert again == offer


def find_digest(data: bytes) -> str:
    """Of the manifest in an offer, so that it is the one that was verified."""
    try:
        return sha256(str(json.loads(data)["manifest"]).encode()).hexdigest()
    except (ValueError, KeyError, TypeError, RecursionError):
        return "0" * 64
