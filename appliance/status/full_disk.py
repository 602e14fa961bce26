"""The fault that no service can store: the disk of the database has no space left.

Reads: the figures of the data directory's file system. Writes: nothing.
Never: counts what the file system keeps back for root as free.
"""

import shutil

from appliance.settings import Settings
from appliance.status.freshness import Document
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say

LEAST_FREE_BYTES = 1_000_000  # the database's log grows by some 100 kB between two checkpoints
CODE = "disk"  # of the sensors' warning, which comes much earlier and is stored


def find_full_disk(store: Store, settings: Settings) -> list[Document]:
    """The fault as of now; empty where there is space, or where nobody can tell."""
    directory = settings.unit.data_dir
    try:
        free_bytes = shutil.disk_usage(directory).free
    except OSError:
        return []
    if free_bytes >= LEAST_FREE_BYTES:
        return []
    now = encode_time(store.clock.stamp().utc)
    text = say(
        "the disk of {directory} is full: nothing is recorded, and what is not shown as of "
        "now is unknown; delete what does not belong to the appliance, or lower "
        "`snapshots_keep_mb`",
        directory=directory,
    )
    return [{"code": CODE, "source": "page", "text": text, "since": now, "at": now}]
