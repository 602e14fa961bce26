"""One thing that happened and may make an alarm. Pure.

Reads and writes: nothing.
Never: decides whether it makes one; appliance/alarms/rules.py does.
"""

from dataclasses import dataclass
from datetime import datetime

from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`at`: when it began. `place`: the camera, or the fault's source; what is of one rule and one
    place joins one alarm. `code`: a fault's. `zone`: the zone or line of an event. `level`: of the
    unit when it is told.
    """

    kind: AlarmKind
    at: datetime
    place: str
    text: str
    level: EnergyLevel
    code: str = ""
    label: str = ""
    zone: str = ""
    event_id: str = ""
    snapshot: str | None = None
