"""When a layer that came out damaged may be fetched again: a link may be paid by volume. Pure.

    find_pause(progress, manifest, now)      # "app 3 came out damaged 3 times ...", "" to go on

Reads and writes: nothing.
Never: fetches the same bytes at each check-in because a disk, or a mirror, spoils them.
"""

from datetime import datetime, timedelta

from appliance.wording.sentence import say
from ota.errors import LinkError, UpdateError
from ota.machine.progress import Progress, Spoiled
from ota.manifest import Layer, ReleaseManifest

LONGEST_DAYS = 16
SPOILS = frozenset(("content-damaged", "chunk-mismatch", "index-mismatch", "payload-mismatch"))


def spoils(error: UpdateError) -> bool:
    """Whether what was fetched for it was for nothing."""
    return not isinstance(error, LinkError) and error.reason_code in SPOILS


def find_pause(progress: Progress, manifest: ReleaseManifest, now: datetime) -> str:
    """Why a layer of the release is not fetched yet; "" where all may be."""
    for layer in manifest.layers:
        found = progress.spoiled.get(layer.sha256)
        if found is not None and (left := find_rest(found, now)):
            return describe(layer, manifest.release, found, left)
    return ""


def find_rest(found: Spoiled, now: datetime) -> timedelta | None:
    """How long it still waits: not at all after the first time, then 1, 2, 4 ... days. None: it may
    be fetched; also where the clock was set back, since nobody knows for how long.
    """
    if found.count < 2:
        return None
    pause = timedelta(days=min(2 ** (found.count - 2), LONGEST_DAYS))
    passed = now - found.stamp.utc
    return pause - passed if timedelta() <= passed < pause else None


def describe(layer: Layer, release: str, found: Spoiled, left: timedelta) -> str:
    name = f"{layer.kind.value} {layer.name}".strip()
    hours = max(1, round(left.total_seconds() / 3600))
    return say(
        "{name} of release {release} was fetched {count} times and came out damaged each "
        "time: it is fetched again in {hours} h, since the link may be paid by volume; "
        "look at the disk (`dmesg`) and at what the mirrors serve, then `unitctl update "
        "retry {release}`",
        name=name,
        release=release,
        count=found.count,
        hours=hours,
    )
