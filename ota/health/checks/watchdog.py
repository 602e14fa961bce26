"""Check: is the hardware watchdog armed, which restarts a computer that hangs?

Reads: /sys/class/watchdog. Writes: nothing.
Never: opens the watchdog itself: that would arm it.
"""

from contextlib import suppress
from pathlib import Path

from appliance.wording.sentence import say
from ota.health.sight import Items, Sight

WATCHDOGS = Path("/sys/class/watchdog")


def look(sight: Sight, directory: Path = WATCHDOGS) -> Items:  # noqa: ARG001
    states = [read_state(one) for one in sorted(directory.glob("watchdog*"))]
    if not states:
        return {}
    return {say("hardware watchdog"): "" if "active" in states else say("it is not armed")}


def read_state(device: Path) -> str:
    with suppress(OSError):
        return (device / "state").read_text().strip()
    return ""
