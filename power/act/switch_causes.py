"""Why a siren or a lamp may go on: an event that has begun, or an alarm that asks for it. Pure.

    for cause in list_causes("siren", switch, events, asked): ...

Reads and writes: nothing.
Never: decides whether it goes on; power/act/event_switches.py does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from appliance.model import Stamp
from appliance.model_alarms import AlarmSwitch
from appliance.model_cameras import EventBegun
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.wording.rule_zone import find_zone_name

FRESH_S = 30.0  # what was asked longer ago switches nothing on
LONGEST_S = 3600.0  # as the settings allow; a row could hold anything
T = TypeVar("T", EventBegun, AlarmSwitch)


@dataclass(frozen=True, slots=True)
class SwitchCause:
    """`cause_id`: of the event or the request. `on_s`: for so long. `is_asked`: somebody waits for
    an answer, also where the switch is on already.
    """

    cause_id: str
    what: str
    on_s: float
    is_asked: bool = False


def list_causes(
    name: str, switch: SwitchSettings, events: Sequence[EventBegun], asked: Sequence[AlarmSwitch]
) -> Iterator[SwitchCause]:
    """All that is meant for one switch: the first of the events, each request of an alarm."""
    if switch.runs_when is RunsWhen.EVENT:
        event = next((one for one in events if is_meant(one, switch)), None)
        if event is not None:
            what = f"{event.label} at {event.camera}{f', {event.rule}' if event.rule else ''}"
            yield SwitchCause(event.event_id, what, switch.event_on_s)
    elif switch.runs_when is RunsWhen.ALARM:
        for one in asked:
            if one.switch == name:
                on_s = min(max(one.on_s, 1.0), LONGEST_S)
                yield SwitchCause(one.request_id, one.reason, on_s, is_asked=True)


def is_meant(event: EventBegun, switch: SwitchSettings) -> bool:
    """Whether an event is one of those that switch it on."""
    return (
        (not switch.event_labels or event.label in switch.event_labels)
        and (not switch.event_cameras or event.camera in switch.event_cameras)
        and (not switch.event_zones or find_zone_name(event.rule) in switch.event_zones)
    )


class NewCauses:
    """Those that have not been taken before and came a moment ago in this boot."""

    def __init__(self) -> None:
        self._seen: dict[str, Stamp] = {}

    def take(self, rows: Sequence[T], now: Stamp) -> list[T]:
        """The new ones among `rows`, each once."""
        self._seen = {
            key: at for key, at in self._seen.items() if now.uptime_s - at.uptime_s < 2 * FRESH_S
        }
        new = [
            one
            for one in rows
            if get_id(one) not in self._seen
            and one.stamp.boot_id == now.boot_id
            and now.uptime_s - one.stamp.uptime_s <= FRESH_S
        ]
        self._seen |= {get_id(one): one.stamp for one in new}
        return new


def get_id(row: EventBegun | AlarmSwitch) -> str:
    return row.event_id if isinstance(row, EventBegun) else row.request_id
