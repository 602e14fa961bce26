"""Check: is there enough free space on the disk of the data directory?

Reads: the file system's figures. Writes: nothing.
Never: deletes; retention does that by age and size.
"""

import shutil

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store.store import Store

NAME = "disk"
LEAST_FREE_BYTES = 300e6
LEAST_FREE_PCT = 3.0


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    directory = settings.unit.data_dir
    if not directory.is_dir():
        return Finding(
            NAME, f"there is no {directory}", "create it, or correct `data_dir`", ok=False
        )
    usage = shutil.disk_usage(directory)
    free_pct = 100 * usage.free / usage.total
    return Finding(
        NAME,
        f"{usage.free / 1e9:.1f} GB free ({free_pct:.0f} %) under {directory}",
        "lower `snapshots_keep_mb`, and find out what else fills the disk",
        ok=usage.free >= LEAST_FREE_BYTES and free_pct >= LEAST_FREE_PCT,
    )
