"""The cycle of the push service: the hints, and the connection that brings them.

Reads and writes: what ota/push/cycle.py does.
Never: calls a link that is down a fault: a unit in the field has none for days.
"""

from dataclasses import dataclass, field
from pathlib import Path

from appliance.process.service import Service
from appliance.settings import Settings
from appliance.wording.sentence import say
from ota.push.cycle import PushCycle, PushError
from ota.push.link import Link
from ota.push.secrets import is_in_fleet

PATIENCE_S = 120.0


@dataclass(slots=True)
class Watch:
    service: Service
    push: PushCycle
    link: Link
    well_s: float = field(init=False)  # when the broker did not refuse the unit last

    def __post_init__(self) -> None:
        self.well_s = self.service.clock.stamp().uptime_s

    def cycle(self) -> str:
        """What waits; a broker that refuses the unit is a fault."""
        self.link.check()
        sentence = self.push.cycle()
        now_s, trouble = self.service.clock.stamp().uptime_s, self.link.trouble
        if not (trouble and self.link.is_refused):
            self.well_s = now_s
        elif now_s - self.well_s > PATIENCE_S:
            self.service.report_fault(PushError(trouble))
        return (
            say("{sentence}; {trouble}", sentence=sentence, trouble=trouble)
            if trouble
            else say("{sentence}; connected to {where}", sentence=sentence, where=self.link.where)
        )


def find_idleness(settings: Settings, directory: Path) -> str:
    """Why there is nothing to do, "" where there is. `directory`: of the unit's certificate."""
    if not settings.fleet.push:
        return say("no broker is named in [fleet] push: the unit asks by itself in its time")
    if not settings.update.mirrors:
        return say("no mirror is set ([update] mirrors): there is nobody to ask")
    if not is_in_fleet(directory):
        return say("the unit has no certificate of its fleet yet: `unitctl fleet claim`")
    return ""
