"""Which power devices answer on which ports, and what of it the settings lack.

    reports = search(unit, ports, probe)                # the power service is stopped meanwhile
    plan = compare(settings, reports, removable=...)    # what to add, what to take away

Reads: serial lines, through power/probe. Writes: nothing but orders to PID 1.
Never: asks on a port that the power service holds.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from appliance.settings import BmsSettings, ChargerSettings, Settings
from appliance.settings_rules.places import Place
from power.probe import FoundDevice, PortReport, Probe
from power.probe.ports import find_lasting_name, is_same_port
from power.probe.questions import USUAL_TIMEOUTS, Timeouts
from power.probe.sections import (
    get_id,
    has_device,
    is_variant,
    list_named,
    name_sections,
)
from power.protocol.ports import TCP
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.paused_service import paused
from provisioning.commissioning.unit import Unit

SERVICE = "appliance-power.service"
KEPT_KEYS = ("loads_on_battery",)  # of a section whose device is replaced by another one
Search = Callable[[Unit, Sequence[str]], list[PortReport]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the settings. `silent`: sections, "charger.main", whose device is silent."""

    changes: dict[Place, Any]
    silent: tuple[str, ...] = ()
    ambiguous: tuple[FoundDevice, ...] = ()
    count: int = 0


def search_with_probe(
    unit: Unit, ports: Sequence[str], timeouts: Timeouts = USUAL_TIMEOUTS
) -> list[PortReport]:
    """Each port once, one after the other."""
    with paused(unit, SERVICE):
        probe = Probe(unit.clock, timeouts=timeouts)
        return [probe.scan(port) for port in ports]


def choose_ports(settings: Settings, found: Sequence[str], answers: Answers) -> list[str]:
    """Those that are answered, or all of this computer; and those of the settings."""
    own = answers.find("ports")
    if own is not None and not (
        isinstance(own, list) and own and all(isinstance(one, str) and one for one in own)
    ):
        raise answers.refuse(
            "ports",
            what="is no list of ports",
            advice='write ports = ["/dev/ttyUSB0"], or leave it out',
        )
    named = [one.port for one in settings.power_devices]
    chosen: list[str] = []
    for port in [find_lasting_name(one) for one in (own or found)] + named:
        if not any(is_same_port(port, one) for one in chosen):
            chosen.append(port)
    return chosen


def compare(
    settings: Settings, reports: Sequence[PortReport], answers: Answers, *, is_new: bool
) -> Plan:
    """`is_new`: this unit was never set up: sections that do not answer are an example's. Raises
    `SettingsError` where another model answers in the place of one that is not to be removed.
    """
    models = read_models(answers)
    found = [choose_model(one, models) for report in reports for one in report.devices]
    sections = name_sections(found)
    silent = list_silent(settings, [one.device for one in sections])
    kinds = {one.section for one in sections}
    gone = [one for one in silent if is_new and one.partition(".")[0] in kinds]
    left_by = [*silent, *list_foreign(settings, [one.device for one in sections])]
    gone += [one for one in left_by if one in (answers.find("remove") or []) and one not in gone]
    changes: dict[Place, Any] = {(*one.split("."),): None for one in gone}
    free = {kind: [one for one in gone if one.startswith(f"{kind}.")] for kind in kinds}
    taken = {kind: set(named) for kind, named in list_named(settings).items()}
    missing = [one for one in sections if not is_there(settings, one.device, gone)]
    certain = [one for one in missing if len(one.device.matches) == 1]
    for entry in certain:
        kind = entry.section
        old = free[kind].pop(0).partition(".")[2] if free[kind] else ""
        name = old or choose_name(taken[kind])
        taken[kind].add(name)
        present = list_named(settings)[kind].get(old)
        changes[kind, name] = make_section(entry.device, present)
    ambiguous = tuple(one.device for one in missing if one not in certain)
    left = tuple(one for one in silent if one not in gone)
    return Plan(changes, left, ambiguous, len(sections))


def read_models(answers: Answers) -> Collection[str]:
    """The models that the technician has read on labels."""
    models = answers.find("models")
    if models is None:
        return ()
    given = [models] if isinstance(models, str) else models
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        advice = '`unitctl power models` lists them: models = ["epever-tracer"]'
        raise answers.refuse("models", what="is no list of models", advice=advice)
    return given


def choose_model(device: FoundDevice, models: Collection[str]) -> FoundDevice:
    """Of several that a device may be, the one that is named."""
    named = tuple(one for one in device.matches if one.profile.name in models)
    return replace(device, matches=named) if len(named) == 1 else device


def list_silent(settings: Settings, found: Sequence[FoundDevice]) -> list[str]:
    """Sections at whose port nothing answers."""
    return [
        f"{kind}.{name}"
        for kind, named in list_named(settings).items()
        for name, one in named.items()
        if not any(is_same_port(one.port, device.port) for device in found)
    ]


def list_foreign(settings: Settings, found: Sequence[FoundDevice]) -> list[str]:
    """Sections in whose place another model answers."""
    return [
        f"{kind}.{name}"
        for kind, named in list_named(settings).items()
        for name, one in named.items()
        if any(
            is_same_port(one.port, device.port)
            and get_id(one, device) == device.best.device_id
            and not is_variant(one.model, device)
            for device in found
        )
    ]


def is_there(settings: Settings, device: FoundDevice, gone: Collection[str]) -> bool:
    """Whether the settings, without what goes, have that device."""
    left: dict[str, Any] = {
        kind: {name: one for name, one in named.items() if f"{kind}.{name}" not in gone}
        for kind, named in list_named(settings).items()
    }
    return has_device(replace(settings, **left), device)


def choose_name(taken: Collection[str]) -> str:
    """`main`, or `main-2` on."""
    names = ("main", *(f"main-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def make_section(
    device: FoundDevice, present: ChargerSettings | BmsSettings | None
) -> dict[str, Any]:
    """The section of a found device; `present`: of the one that it stands for now."""
    best = device.best
    section: dict[str, Any] = {"model": best.profile.name, "port": device.port}
    if best.device_id != best.profile.device_id:
        section["device_id"] = best.device_id
    if device.port.startswith(TCP):
        if best.mode.form.bridged:
            section["framing"] = "rtu"
    elif best.mode.form.baud != best.profile.serial.baud:
        section["baud"] = best.mode.form.baud
    kept = {key: getattr(present, key) for key in KEPT_KEYS if getattr(present, key, False)}
    return section | kept
