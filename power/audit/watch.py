"""The battery's watch: each poll in, faults out. Set-points are judged anew whenever they change.

Reads and writes: nothing; it keeps what it has judged.
Never: writes to a device. What is wrong a person sets right.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from appliance.errors import ApplianceError
from appliance.model import BatteryReading, PowerReading
from appliance.model_set_points import SetPoints
from appliance.settings import BatterySettings
from appliance.wording.sentence import say
from power.audit.alarms import BatteryAlarms
from power.audit.cells import CellCountCheck
from power.audit.finding import AuditResult
from power.audit.set_points import audit_set_points, find_first_uvp_v

MOST_TOLD = 3


class SetPointFault(ApplianceError):  # noqa: N818  (named for what it is)
    """A device is set to what does not suit the battery."""

    code = "set-points"


class BatteryWatch:
    """`follow` with each poll."""

    def __init__(self, battery: BatterySettings) -> None:
        self._battery = battery
        self._alarms, self._cells = BatteryAlarms(battery), CellCountCheck(battery)
        self._judged: dict[str, tuple[SetPoints, float | None, str]] = {}

    def follow(
        self,
        reading: PowerReading | None,
        packs: Sequence[BatteryReading],
        set_points: Iterable[SetPoints],
        *,
        now_s: float,
    ) -> list[ApplianceError]:
        """All faults of this poll."""
        known = tuple(set_points)
        uvp_v = find_first_uvp_v(known)
        return [
            *self._alarms.follow(reading, packs, now_s),
            *self._cells.follow(packs),
            *(fault for one in known if (fault := self._find_fault(one, uvp_v))),
        ]

    def _find_fault(self, one: SetPoints, uvp_v: float | None) -> SetPointFault | None:
        before, its_uvp_v, text = self._judged.get(one.device, (None, None, ""))
        if before is None or (replace(before, stamp=one.stamp), its_uvp_v) != (one, uvp_v):
            text = describe_wrong(one, self._battery, uvp_v)
            self._judged[one.device] = one, uvp_v, text
        if not text:
            return None
        fault = SetPointFault(say("{device}: {text}", device=one.device, text=text))
        fault.code = f"set-points-{one.device.replace(' ', '-')}"
        return fault


def describe_wrong(one: SetPoints, battery: BatterySettings, bms_uvp_v: float | None) -> str:
    """What is wrong of it, the first things with their harm; empty where nothing is."""
    wrong = [
        finding.describe()
        for finding in audit_set_points(one, battery, bms_uvp_v)
        if finding.result is AuditResult.WRONG
    ]
    if not wrong:
        return ""
    more = len(wrong) - MOST_TOLD
    rest = say(". {more} more", more=more) if more > 0 else ""
    told = wrong[0]
    for also in wrong[1:MOST_TOLD]:
        told = say("{told}. Also: {also}", told=told, also=also)
    return say(
        "{told}{rest}. `unitctl battery audit` shows all; the unit changes nothing in a device",
        told=told,
        rest=rest,
    )
