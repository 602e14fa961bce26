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
from appliance.wording.sentence import say

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
    return not find_mismatch(rule, occurrence, local_time)


def find_mismatch(rule: AlarmSettings, occurrence: Occurrence, local_time: time) -> str:
    """Why a rule does not hold; "" where it does."""
    if rule.on is not occurrence.kind:
        return say("is for `{on}`, not for `{kind}`", on=rule.on.value, kind=occurrence.kind.value)
    if why := find_other_name(rule, occurrence):
        return why
    if occurrence.level < rule.runs_from:
        return say(
            "holds from {runs_from} on, and the level was {level}",
            runs_from=rule.runs_from,
            level=occurrence.level,
        )
    if not is_within(parse_hours(rule.hours), local_time):
        at = f"{local_time:%H:%M}"
        return say("holds {hours}, and it was {at}", hours=rule.hours, at=at)
    return ""


def find_other_name(rule: AlarmSettings, occurrence: Occurrence) -> str:
    """Which of its lists does not name the occurrence; "" where all do."""
    checks = {
        "cameras": occurrence.place,
        "zones": occurrence.zone,
        "labels": occurrence.label,
    }
    if occurrence.kind in OF_FAULTS:
        checks = {"faults": occurrence.code}
    for key, found in checks.items():
        wanted: tuple[str, ...] = getattr(rule, key)
        if wanted and found not in wanted:
            return say(
                "`{key}` names {wanted}, and not {found}",
                key=key,
                wanted=", ".join(wanted),
                found=found or "none",
            )
    return ""
