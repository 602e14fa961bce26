"""Which rules an occurrence meets: `[alarm.NAME]` of the settings. Pure.

    for name, rule in find_rules(settings.alarm, occurrence, local_time): ...

Reads and writes: nothing.
Never: looks at what was sent before; bundles and limits do.
"""

from collections.abc import Iterator, Mapping
from datetime import time

from appliance.alarms.occurrences import Occurrence
from appliance.model_alarms import AlarmKind
from appliance.parsing.times import is_within, parse_hours
from appliance.sections.alarms import AlarmSettings

OF_FAULTS = (AlarmKind.FAULT, AlarmKind.FAULT_OVER)


def find_rules(
    rules: Mapping[str, AlarmSettings], occurrence: Occurrence, local_time: time
) -> Iterator[tuple[str, AlarmSettings]]:
    """`local_time`: of the site, when it happened."""
    for name, rule in rules.items():
        if is_met(rule, occurrence, local_time):
            yield name, rule


def is_met(rule: AlarmSettings, occurrence: Occurrence, local_time: time) -> bool:
    """Whether kind, place, label, code, hours and level are those of the rule."""
    return (
        rule.on is occurrence.kind
        and is_named(rule, occurrence)
        and occurrence.level >= rule.runs_from
        and is_within(parse_hours(rule.hours), local_time)
    )


def is_named(rule: AlarmSettings, occurrence: Occurrence) -> bool:
    if occurrence.kind in OF_FAULTS:
        return names(rule.faults, occurrence.code)
    return (
        names(rule.cameras, occurrence.place)
        and names(rule.zones, occurrence.zone)
        and names(rule.labels, occurrence.label)
    )


def names(wanted: tuple[str, ...], found: str) -> bool:
    """Whether a list of the settings names it; an empty one names all."""
    return not wanted or found in wanted
