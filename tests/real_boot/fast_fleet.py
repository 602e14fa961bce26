"""The command `fleet`, with packs that are larger and made in seconds.

Everything else of it is the release engineer's. At its own level zstd takes minutes for an
operating system.
"""

from ota.payload import frames
from ota.release.__main__ import main

LEVEL = 1

if __name__ == "__main__":
    frames.LEVEL = LEVEL
    main()
