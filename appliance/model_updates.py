"""Rows of updates (what one does and why, when the unit asked for it) and of the mobile link (its
state, what its watchdog did, what went over it on each day).

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


class LinkPhase(Enum):
    """How far the modem is. UNKNOWN: ModemManager does not answer."""

    UNKNOWN = "unknown"
    OFF = "off"  # by the energy level
    NO_MODEM = "no modem"
    NO_SIM = "no sim"
    LOCKED = "locked"
    FAILED = "failed"
    SEARCHING = "searching"
    REGISTERED = "registered"
    CONNECTED = "connected"


class LinkAct(Enum):
    """What the watchdog does, in the order in which it is tried."""

    RECONNECT = "reconnect"
    RESET = "reset"
    POWER_CYCLE = "power cycle"


@dataclass(frozen=True, slots=True)
class LinkState:
    """The mobile link now. `reason`: one sentence.

    `signal_pct`: as the modem reports it, 0 to 100. `is_metered`: NetworkManager's word.
    `reached`: when a server last answered. `month_bytes`: since the budget began, both ways;
    `budget_bytes`: None where there is none. `waits`: what is not urgent waits for the
    next month. `supply_off`: the power service is asked to have the modem's switch off. `next_on`:
    when the next window opens. `resets`: acts of the watchdog in the last 24 hours.
    """

    stamp: Stamp
    phase: LinkPhase
    reason: Said
    interface: str = ""
    operator: str = ""
    technology: str = ""
    signal_pct: float | None = None
    is_metered: bool | None = None
    reached: datetime | None = None
    month_bytes: int = 0
    budget_bytes: int | None = None
    waits: bool = False
    supply_off: bool = False
    next_on: datetime | None = None
    resets: int = 0


@dataclass(frozen=True, slots=True)
class LinkReset:
    """The watchdog acted."""

    stamp: Stamp
    act: LinkAct
    reason: Said


@dataclass(frozen=True, slots=True)
class LinkDay:
    """What went over the interface on one day (UTC, "2026-12-01"), and how far it was counted.

    `counted_received_bytes`, `counted_sent_bytes`: the kernel's counters then. `epoch`: they count
    from 0 in each of them: the boot and the number of the interface.
    """

    stamp: Stamp
    day: str
    received_bytes: int
    sent_bytes: int
    epoch: str
    counted_received_bytes: int
    counted_sent_bytes: int
