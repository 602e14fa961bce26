"""Check: is there room on the disk for the data of the next days?

Reads: the free space beside the database. Writes: nothing.
Never: counts what the update itself has fetched: that is cleared after its end.
"""

import shutil

from ota.health.sight import Items, Sight

LEAST_BYTES = 200_000_000


def look(sight: Sight) -> Items:
    free = shutil.disk_usage(sight.settings.unit.data_dir).free
    text = f"{free / 1e6:.0f} MB are free, {LEAST_BYTES / 1e6:.0f} MB are needed"
    return {"disk space": "" if free >= LEAST_BYTES else text}
