"""Rows of the sources of energy beside the sun: what each does, and the plan that counts on them.

Reads and writes: nothing.
Never: computes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from appliance.model import Stamp
from appliance.wording.sentence import Said


class SourcePhase(Enum):
    """What a source does. `there`: it gives power, and nobody starts or stops it."""

    OFF = "off"
    STARTING = "starting"
    GIVING = "giving"
    THERE = "there"


class SourceCause(Enum):
    """Why it was started."""

    GUARD = "guard"
    PLAN = "plan"
    CHARGE = "charge"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source, a generator or shore power, and what it has given since it is counted.

    `cause` is None while it is off. `changed_s`: uptime of the last start or stop, or of the boot.
    `gave_s`: uptime at which it was last seen to give in this run; None where it has not.
    `power_w`: what it gives now at the battery, None where that is not measured. `idle_s`: time
    since its last run. `failures`: starts in a row that gave nothing, `failure`: in which
    way the last of them; `locked`: no more until a person unlocks it. `cost` in the
    currency of the settings.
    """

    stamp: Stamp
    source: str
    phase: SourcePhase = SourcePhase.OFF
    cause: SourceCause | None = None
    reason: Said = ""
    changed_s: float = 0.0
    gave_s: float | None = None
    power_w: float | None = None
    run_s: float = 0.0
    energy_wh: float = 0.0
    cost: float = 0.0
    starts: int = 0
    fuel_left_kwh: float | None = None
    idle_s: float = 0.0
    failures: int = 0
    failure: Said = ""
    locked: bool = False
    worth_per_kwh: float | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether it is ordered to run."""
        return self.phase in (SourcePhase.STARTING, SourcePhase.GIVING)


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """The plan that counts on `sources` (their names, separated by spaces) beside the sun: as
    `EnergyPolicy`, which counts on the sun alone.
    """

    stamp: Stamp
    starts: datetime
    ends: datetime
    facts: Mapping[str, float]
    worth: bytes
    reason: Said
    sources: str
