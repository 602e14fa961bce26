"""Check: is there room on the disk for the data of the next days?

Reads: the free space beside the database. Writes: nothing.
Never: counts what the update itself has fetched: that is cleared after its end.
"""

import shutil

from appliance.wording.sentence import say
from ota.health.sight import Items, Sight

LEAST_BYTES = 200_000_000


def look(sight: Sight) -> Items:
    free = shutil.disk_usage(sight.settings.unit.data_dir).free
    text = say(
        "{free_mb:.0f} MB are free, {least_mb:.0f} MB are needed",
        free_mb=free / 1e6,
        least_mb=LEAST_BYTES / 1e6,
    )
    return {say("disk space"): "" if free >= LEAST_BYTES else text}
