"""The kernel's counters of a network interface, and which interface a modem has.

    read_counters(Path("/"), "wwan0", now)       # None: there is no such interface

Reads: /sys/class/net below a root that tests replace. Writes: nothing.
Never: reads an interface that the settings name with a path in it.
"""

import re
from pathlib import Path

from appliance.model import Stamp
from appliance.parsing.small_file import read_word
from sensors.link.traffic import Counters

NET = Path("sys/class/net")
INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]{1,15}")


def read_counters(root: Path, interface: str, now: Stamp) -> Counters | None:
    """What has gone over it since it is there; None where it is not there or cannot be read."""
    if not INTERFACE.fullmatch(interface) or interface in (".", ".."):
        return None
    place = root / NET / interface
    received = read_number(place / "statistics/rx_bytes")
    sent = read_number(place / "statistics/tx_bytes")
    number = read_number(place / "ifindex")
    if received is None or sent is None or number is None:
        return None
    return Counters(f"{now.boot_id}-{number}", received, sent)


def read_number(path: Path) -> int | None:
    """A whole number that a file of the kernel holds."""
    word = read_word(path)
    return int(word) if word is not None and word.isascii() and word.isdigit() else None
