"""What `make image` built, and what of it a unit of these tests has.

Reads: IMAGE of the environment, which names another disk.
"""

import os
from pathlib import Path

from provisioning.emulator.demonstration import BUILT

IMAGE = Path(os.environ.get("IMAGE") or BUILT).absolute()
BUILD = IMAGE.parents[1]  # what `make image` built it in
BIGGER_DISK_GIB = 12
