"""Switches that events turn on for a bounded time: a siren, a lamp.

    report = event_switches.follow(budget, events, now, used_w=12.0)

Reads and writes: nothing; the actuator gives the orders, the cycle stores the rows.
Never: keeps one on below its level or below SENTINEL, for longer than `event_on_s`, or draws more
than the energy budget has left beside what is on already. Each "no" is a row with its reason, as
each order is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.model_cameras import EventBegun, SwitchOrder
from appliance.parsing.times import is_within, parse_hours
from appliance.sections.loads import EventSun, RunsWhen, SwitchSettings
from appliance.settings import Settings
from appliance.status.sunrise import is_sun_up
from appliance.wording.rule_zone import find_zone_name
from appliance.wording.site_time import find_zone

FRESH_S = 30.0  # an event that began longer ago switches nothing on


@dataclass(frozen=True, slots=True)
class SwitchState:
    """One of them: on or off, and since when (uptime)."""

    on: bool = False
    changed_s: float = -1e9


@dataclass(frozen=True, slots=True)
class EventSwitchReport:
    """What their switches are ordered to, by name, and the rows that say why."""

    switches: Mapping[str, bool]
    rows: tuple[SwitchOrder, ...] = ()


class EventSwitches:
    """The states of all switches of events."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zone = find_zone(settings.site.timezone)
        self._switches = {
            name: one for name, one in settings.switch.items() if one.runs_when is RunsWhen.EVENT
        }
        self._states = dict.fromkeys(self._switches, SwitchState())
        self._seen: dict[str, Stamp] = {}

    def __bool__(self) -> bool:
        return bool(self._switches)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._switches)

    @property
    def power_w(self) -> float:
        """What those that are on draw."""
        return sum(self._switches[name].idle_w for name, state in self._states.items() if state.on)

    def list_on(self) -> list[str]:
        """The names of those that are on."""
        return [name for name, state in self._states.items() if state.on]

    def follow(
        self, budget: EnergyBudget, events: Sequence[EventBegun], now: Stamp, *, used_w: float
    ) -> EventSwitchReport:
        """One cycle. `events`: the newest, the mute ones left out; `used_w`: what all else that is
        on draws of the budget.
        """
        rows: list[SwitchOrder] = []
        new = self._take_new(events, now)
        for name, switch in self._switches.items():
            state = self._states[name]
            cause = next((one for one in new if is_meant(one, switch)), None)
            if state.on:
                rows += self._end(name, switch, budget, now)
            elif cause:
                left_w = budget.power_w - used_w - self.power_w
                refusal = self._refuse(switch, state, budget, now, left_w=left_w)
                rows.append(self._begin(name, switch, cause, now, refusal))
        return EventSwitchReport({name: one.on for name, one in self._states.items()}, tuple(rows))

    def _take_new(self, events: Sequence[EventBegun], now: Stamp) -> list[EventBegun]:
        """Those that have not been taken before and began a moment ago in this boot."""
        self._seen = {
            key: at for key, at in self._seen.items() if now.uptime_s - at.uptime_s < 2 * FRESH_S
        }
        new = [
            one
            for one in events
            if one.event_id not in self._seen
            and one.stamp.boot_id == now.boot_id
            and now.uptime_s - one.stamp.uptime_s <= FRESH_S
        ]
        self._seen |= {one.event_id: one.stamp for one in new}
        return new

    def _begin(
        self, name: str, switch: SwitchSettings, cause: EventBegun, now: Stamp, refusal: str
    ) -> SwitchOrder:
        what = f"{cause.label} at {cause.camera}{f', {cause.rule}' if cause.rule else ''}"
        if refusal:
            return SwitchOrder(
                now,
                name,
                runs=False,
                reason=f"{what}: stays off, {refusal}",
                event_id=cause.event_id,
            )
        self._states[name] = SwitchState(on=True, changed_s=now.uptime_s)
        text = f"{what}: on for {switch.event_on_s:g} s"
        return SwitchOrder(now, name, runs=True, reason=text, event_id=cause.event_id)

    def _end(
        self, name: str, switch: SwitchSettings, budget: EnergyBudget, now: Stamp
    ) -> list[SwitchOrder]:
        state = self._states[name]
        why = ""
        if budget.level < find_lowest(switch):
            why = f"the level is {budget.level.name}"
        elif now.uptime_s - state.changed_s >= switch.event_on_s:
            why = f"its {switch.event_on_s:g} s are over"
        if not why:
            return []
        self._states[name] = replace(state, on=False, changed_s=now.uptime_s)
        return [SwitchOrder(now, name, runs=False, reason=f"off: {why}")]

    def _refuse(
        self,
        switch: SwitchSettings,
        state: SwitchState,
        budget: EnergyBudget,
        now: Stamp,
        *,
        left_w: float,
    ) -> str:
        """Why it stays off; "" where it may be on."""
        if budget.level < (lowest := find_lowest(switch)):
            return f"the level is {budget.level.name}, it runs from {lowest.name}"
        if switch.idle_w > left_w:
            return f"it takes {switch.idle_w:g} W and the budget has {max(0.0, left_w):g} W left"
        if now.uptime_s - state.changed_s < switch.least_off_s and state.changed_s >= 0:
            return f"it was on less than {switch.least_off_s:g} s ago"
        return self._refuse_time(switch, now.utc)

    def _refuse_time(self, switch: SwitchSettings, utc: datetime) -> str:
        if not is_within(parse_hours(switch.event_hours), utc.astimezone(self._zone).time()):
            return f"it is not {switch.event_hours}"
        if switch.event_sun is EventSun.ANY:
            return ""
        site = self._settings.site
        up = is_sun_up(utc, latitude_deg=site.latitude_deg, longitude_deg=site.longitude_deg)
        if up is (switch.event_sun is EventSun.UP):
            return ""
        return f"the sun is {'up' if up else 'down'}"


def find_lowest(switch: SwitchSettings) -> EnergyLevel:
    """The lowest level at which it may be on: below SENTINEL the unit may sleep for hours, and
    nobody would switch it off.
    """
    return max(switch.runs_from, EnergyLevel.SENTINEL)


def is_meant(event: EventBegun, switch: SwitchSettings) -> bool:
    """Whether an event is one of those that switch it on."""
    return (
        (not switch.event_labels or event.label in switch.event_labels)
        and (not switch.event_cameras or event.camera in switch.event_cameras)
        and (not switch.event_zones or find_zone_name(event.rule) in switch.event_zones)
    )
