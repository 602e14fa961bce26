"""What the trust part hands on: the release that is meant for this unit, verified.

Reads and writes: nothing.
Never: exists for a release on which image repository and director do not agree.
"""

from dataclasses import dataclass
from datetime import datetime

from ota.manifest import ReleaseManifest


@dataclass(frozen=True, slots=True)
class Offer:
    """`manifest_bytes` are what was verified, `manifest_sha256` names the release exactly. `until`:
    the assignment ends then, None: never. `allow_downgrade`: signed for this unit; without it a
    release below the ratchet is refused. `source`: the mirror that gave it. `offline`: from a
    stick, with metadata that only a technician may use. `window`: hours of the rollout, site time,
    "" for any.
    """

    manifest: ReleaseManifest
    manifest_bytes: bytes
    manifest_sha256: str
    wave: str
    until: datetime | None
    allow_downgrade: bool
    source: str
    offline: bool = False
    window: str = ""
