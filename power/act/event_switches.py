"""Switches that events and alarms turn on for a bounded time: a siren, a lamp.

    report = event_switches.follow(budget, events, now, used_w=12.0, asked=requests)

Reads and writes: nothing; the actuator gives the orders, the cycle stores the rows.
Never: keeps one on below its level or below SENTINEL, for longer than it was asked to, or draws
more than the energy budget has left beside what is on already. Each "no" is a row with its reason,
as each order is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.model_alarms import AlarmSwitch
from appliance.model_cameras import EventBegun, SwitchOrder
from appliance.parsing.times import is_within, parse_hours
from appliance.sections.loads import EventSun, RunsWhen, SwitchSettings
from appliance.settings import Settings
from appliance.status.sunrise import is_sun_up
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone
from power.act.switch_causes import NewCauses, SwitchCause, list_causes

BY_CAUSE = (RunsWhen.EVENT, RunsWhen.ALARM)


@dataclass(frozen=True, slots=True)
class SwitchState:
    """One of them: on or off, since when (uptime), and for how long."""

    on: bool = False
    changed_s: float = -1e9
    on_s: float = 0.0


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
            name: one for name, one in settings.switch.items() if one.runs_when in BY_CAUSE
        }
        self._states = dict.fromkeys(self._switches, SwitchState())
        self._events, self._asked = NewCauses(), NewCauses()

    def __bool__(self) -> bool:
        return bool(self._switches)

    def has(self, kind: RunsWhen) -> bool:
        """Whether one of them waits for events, or for alarms."""
        return any(one.runs_when is kind for one in self._switches.values())

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
        self,
        budget: EnergyBudget,
        events: Sequence[EventBegun],
        now: Stamp,
        *,
        used_w: float,
        asked: Sequence[AlarmSwitch] = (),
    ) -> EventSwitchReport:
        """One cycle. `events`: the newest, the mute ones left out; `asked`: the newest requests of
        alarms; `used_w`: what all else that is on draws of the budget, inference left out.
        """
        rows: list[SwitchOrder] = []
        new, new_asked = self._events.take(events, now), self._asked.take(asked, now)
        for name, switch in self._switches.items():
            was_on = self._states[name].on
            if was_on:
                rows += self._end(name, switch, budget, now)
            for cause in list_causes(name, switch, new, new_asked):
                if self._states[name].on:
                    rows += tell_on(name, cause, now)
                elif cause.is_asked or not was_on:
                    left_w = budget.power_w - used_w - self.power_w
                    refusal = self._refuse(switch, self._states[name], budget, now, left_w=left_w)
                    rows.append(self._begin(name, cause, now, refusal))
        return EventSwitchReport({name: one.on for name, one in self._states.items()}, tuple(rows))

    def _begin(self, name: str, cause: SwitchCause, now: Stamp, refusal: str) -> SwitchOrder:
        if refusal:
            text = say("{what}: stays off, {refusal}", what=cause.what, refusal=refusal)
            return SwitchOrder(now, name, runs=False, reason=text, event_id=cause.cause_id)
        self._states[name] = SwitchState(on=True, changed_s=now.uptime_s, on_s=cause.on_s)
        text = say("{what}: on for {on_s:g} s", what=cause.what, on_s=cause.on_s)
        return SwitchOrder(now, name, runs=True, reason=text, event_id=cause.cause_id)

    def _end(
        self, name: str, switch: SwitchSettings, budget: EnergyBudget, now: Stamp
    ) -> list[SwitchOrder]:
        state = self._states[name]
        why = ""
        if budget.level < find_lowest(switch):
            why = say("the level is {level}", level=budget.level)
        elif now.uptime_s - state.changed_s >= state.on_s:
            why = say("its {on_s:g} s are over", on_s=state.on_s)
        if not why:
            return []
        self._states[name] = replace(state, on=False, changed_s=now.uptime_s)
        return [SwitchOrder(now, name, runs=False, reason=say("off: {why}", why=why))]

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
            return say(
                "the level is {level}, it runs from {lowest}",
                level=budget.level,
                lowest=lowest,
            )
        if switch.idle_w > left_w:
            return say(
                "it takes {idle_w:g} W and the budget has {left_w:.3g} W left",
                idle_w=switch.idle_w,
                left_w=max(0.0, left_w),
            )
        if now.uptime_s - state.changed_s < switch.least_off_s and state.changed_s >= 0:
            return say("it was on less than {least_off_s:g} s ago", least_off_s=switch.least_off_s)
        return self._refuse_time(switch, now.utc)

    def _refuse_time(self, switch: SwitchSettings, utc: datetime) -> str:
        if not is_within(parse_hours(switch.event_hours), utc.astimezone(self._zone).time()):
            return say("it is not {event_hours}", event_hours=switch.event_hours)
        if switch.event_sun is EventSun.ANY:
            return ""
        site = self._settings.site
        up = is_sun_up(utc, latitude_deg=site.latitude_deg, longitude_deg=site.longitude_deg)
        if up is (switch.event_sun is EventSun.UP):
            return ""
        return say("the sun is up") if up else say("the sun is down")


def find_lowest(switch: SwitchSettings) -> EnergyLevel:
    """The lowest level at which it may be on: below SENTINEL the unit may sleep for hours, and
    nobody would switch it off.
    """
    return max(switch.runs_from, EnergyLevel.SENTINEL)


def tell_on(name: str, cause: SwitchCause, now: Stamp) -> list[SwitchOrder]:
    """The answer to an alarm that asks for what is on already; an event waits for none."""
    if not cause.is_asked:
        return []
    text = say("{what}: is on already, and not for longer", what=cause.what)
    return [SwitchOrder(now, name, runs=True, reason=text, event_id=cause.cause_id)]
