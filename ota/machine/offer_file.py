"""The offer that an update follows, kept beside the journal until its end.

Reads and writes: offer.json in the update directory, whole, on the disk when a call returns; one of
an older version, which has no window, is read as well.
Never: gives an offer whose manifest is not the one that was verified.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from ota.errors import TrustError
from ota.files import Files, replace
from ota.manifest import MOST_BYTES, parse_manifest
from ota.offer import Offer
from ota.trust.assignment import require_window

COMMITTED = "committed.json"  # beside the offer: that of the release that runs
MOST = 8 * MOST_BYTES  # bytes of the file: JSON writes a letter of the manifest with up to six


@dataclass(frozen=True, slots=True)
class OfferFile:
    files: Files
    path: Path

    def write(self, offer: Offer) -> None:
        """Keep it; raises `OSError`."""
        tree = {
            "manifest": offer.manifest_bytes.decode(),
            "sha256": offer.manifest_sha256,
            "wave": offer.wave,
            "until": offer.until.isoformat() if offer.until else None,
            "allow_downgrade": offer.allow_downgrade,
            "source": offer.source,
            "offline": offer.offline,
            "window": offer.window,
        }
        replace(self.files, self.path, json.dumps(tree).encode())

    def follow(self, offer: Offer) -> None:
        """The same release under other terms: what is kept follows. Raises `OSError`."""
        kept = self.read(offer.manifest_sha256)
        if kept and (kept.until, kept.window) != (offer.until, offer.window):
            self.write(offer)

    def read(self, digest: str) -> Offer | None:
        """The offer whose manifest has that hash; None where it is missing or damaged."""
        try:
            data = self.files.read(self.path, most_bytes=MOST)
            return build_offer(strict_json.parse_object(data, most_bytes=MOST), digest)
        except (OSError, InputError, TrustError, KeyError, ValueError, TypeError):
            return None


def build_offer(tree: dict[str, Any], digest: str) -> Offer | None:
    manifest = str(tree["manifest"]).encode()
    if sha256(manifest).hexdigest() != digest:
        return None
    return Offer(
        manifest=parse_manifest(manifest),
        manifest_bytes=manifest,
        manifest_sha256=digest,
        wave=str(tree["wave"]),
        until=strict_json.require_time(tree["until"], "until") if tree["until"] else None,
        allow_downgrade=tree["allow_downgrade"] is True,
        source=str(tree["source"]),
        offline=tree["offline"] is True,
        window=require_window(tree.get("window", "")),
    )
