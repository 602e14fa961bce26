"""Rows of updates: what an update does and why, and how the unit last asked for one.

Reads and writes: nothing.
Never: computes. The truth of an update is its own journal (ota/machine); these rows show it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.model import Stamp
from appliance.wording.sentence import Said


class UpdateStep(Enum):
    """The states of an update, in order; `ROLLBACK` instead of `COMMIT` where it failed.

    GATE waits for energy, window, clock and holds before the installation, GATE2 before the reboot
    or the swap. `REPORT`: its end is told to the fleet.
    """

    IDLE = "idle"
    OFFERED = "offered"
    PLAN = "plan"
    DOWNLOAD = "download"
    VERIFY = "verify"
    GATE = "gate"
    INSTALL = "install"
    ARM = "arm"
    GATE2 = "gate2"
    REBOOT = "reboot"
    TRIAL = "trial"
    HEALTH = "health"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class UpdateState:
    """One step of an update, or of none (`IDLE`).

    `release`: what it leads to, "" where there is none; `running_release`: what is committed, ""
    where the unit was never updated. `reason`: one sentence. `waits_for`: "energy", "window",
    "hold", "clock", "link", "space", "temperature"; "" where it does not wait. `progress_pct`: of
    the download.
    """

    stamp: Stamp
    step: UpdateStep
    release: str
    running_release: str
    reason: Said
    waits_for: str = ""
    progress_pct: float | None = None


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One time that the unit asked its mirrors. `mirror`: which answered, "" where none did.

    `text`: what came of it, in words. `next_at`: when it asks again.
    """

    stamp: Stamp
    mirror: str
    text: Said
    next_at: datetime | None = None
    received_bytes: int = 0


@dataclass(frozen=True, slots=True)
class UpdateHold:
    """Somebody ordered over MQTT or at the page that no update is installed (`holds`), or that this
    ends. `until` None: until further notice. What `unitctl update hold` holds is not in here.
    """

    stamp: Stamp
    holds: bool
    until: datetime | None
    who: str
    via: str
    reason: str
