"""What must hold of switches, sources and heaters: each has its own, with a power and a time.

In: settings. Out: the places that break a rule, and why. Pure.
Never: checks a value by itself (its type and range); appliance/settings_file.py does that.
"""

from collections.abc import Iterator

from appliance.parsing.nearest import advise
from appliance.parsing.times import parse_hours
from appliance.sections.loads import RunsWhen, SwitchKind
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.settings_rules.places import Error, Place
from appliance.strict_json import InputError
from appliance.wording.sentence import say

BY_CAUSE = (RunsWhen.EVENT, RunsWhen.ALARM)
HEATERS = (RunsWhen.BATTERY_COLD, RunsWhen.FROST, RunsWhen.DEW)


def check_sources(settings: Settings) -> Iterator[Error]:
    """A source needs a switch of its own, times that can be kept, and room between its limits."""
    used: dict[str, str] = {}
    for name, source in settings.source.items():
        here = ("source", name)
        if source.switch:
            first = used.setdefault(source.switch, name)
            yield from check_source_switch(source.switch, (*here, "switch"), settings)
            if first != name:
                yield (
                    (*here, "switch"),
                    say("is that of [source.{first}]: each needs its own", first=first),
                )
        yield from check_source_limits(source, here)


def check_source_limits(source: SourceSettings, here: Place) -> Iterator[Error]:
    """A run must be able to give something, and a tank to be used."""
    if source.least_run_s > source.most_run_s:
        yield (
            (*here, "least_run_s"),
            say("must be at most most_run_s ({most_run_s:g})", most_run_s=source.most_run_s),
        )
    if source.switch and source.most_run_s <= source.warm_up_s:
        yield (
            (*here, "most_run_s"),
            say("must be above warm_up_s ({warm_up_s:g})", warm_up_s=source.warm_up_s),
        )
    if source.start_below_pct >= source.stop_above_pct:
        yield (
            (*here, "start_below_pct"),
            say(
                "must be below stop_above_pct ({stop_above_pct:g})",
                stop_above_pct=source.stop_above_pct,
            ),
        )
    if source.tank_kwh is not None and source.tank_l is not None:
        yield (*here, "tank_l"), say("must not stand beside tank_kwh: give one of the two")
    full_kwh = source.full_tank_kwh
    if full_kwh is not None and source.kept_kwh >= full_kwh:
        yield (
            (*here, "kept_kwh"),
            say("must be less than the tank holds ({full_kwh:g} kWh)", full_kwh=full_kwh),
        )


def check_source_switch(switch: str, where: Place, settings: Settings) -> Iterator[Error]:
    """It must be there, and no GPU host."""
    if switch not in settings.switch:
        yield where, say("names no switch: there is no [switch.{switch}]", switch=switch)
    elif settings.switch[switch].is_host:
        yield where, say("names a GPU host, [switch.{switch}] with full_w above 0", switch=switch)
    elif settings.switch[switch].kind is SwitchKind.WAKE_ON_LAN:
        yield (
            where,
            say(
                "names [switch.{switch}] by wake-on-lan: what starts a source must stop it too",
                switch=switch,
            ),
        )
    elif settings.switch[switch].runs_when is not RunsWhen.LEVEL:
        yield (
            where,
            say("names [switch.{switch}], which has a `runs_when` of its own", switch=switch),
        )


def check_heaters(settings: Settings) -> Iterator[Error]:
    """What a heater takes is counted; a GPU host has rules of its own."""
    for name, switch in settings.switch.items():
        if switch.runs_when in HEATERS and not switch.idle_w:
            yield ("switch", name, "idle_w"), say("must be the heater's power: the plan counts it")
        if switch.runs_when is not RunsWhen.LEVEL and switch.is_host:
            yield ("switch", name, "runs_when"), say("must be 'level' for a GPU host")


def check_event_switches(settings: Settings) -> Iterator[Error]:
    """What an event or an alarm switches on is counted against the budget, and waits for what can
    happen.
    """
    for name, switch in settings.switch.items():
        if switch.runs_when not in BY_CAUSE:
            continue
        if not switch.idle_w:
            yield (
                ("switch", name, "idle_w"),
                say("must be its power: the energy budget must allow it"),
            )
        for camera in switch.event_cameras:
            if camera not in settings.camera:
                text = say("names no camera: {advice}", advice=advise(camera, settings.camera))
                yield ("switch", name, "event_cameras"), text
        try:
            parse_hours(switch.event_hours)
        except InputError as error:
            yield ("switch", name, "event_hours"), say("is wrong: {error}", error=error)


def check_supply(switch: str, where: Place, settings: Settings) -> Iterator[Error]:
    """It must be a plain switch, which is on at its level."""
    own = settings.switch.get(switch)
    if switch and own is None:
        yield where, say("names no switch: there is no [switch.{switch}]", switch=switch)
    elif own is not None and (own.runs_when is not RunsWhen.LEVEL or own.is_host):
        yield (
            where,
            say(
                "names [switch.{switch}], which is no plain switch: `runs_when` or `full_w`",
                switch=switch,
            ),
        )
    elif switch in settings.source_switches:
        yield where, say("names [switch.{switch}], which starts a source", switch=switch)
