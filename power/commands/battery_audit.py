"""`unitctl battery audit`: each device's set-points, what they should be, and which are wrong.

Reads: SetPoints and BatteryReading, as stored. Writes: standard output.
Never: asks a device; the power service reads them once an hour.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.chemistry import count_cells, get_profile
from appliance.commands.opening import get_timezone, open_unit
from appliance.commands.printing import BAD, DIM, GOOD, PLAIN, Line, Section, show, show_json
from appliance.model import BatteryReading, Stamp
from appliance.model_set_points import SetPoints
from appliance.settings import ChargerSettings, Settings
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.counts import format_count
from power import devices
from power.audit.cells import count_measured_cells
from power.audit.finding import AuditResult, Finding, judge_words
from power.audit.set_points import OTHER_CELLS, audit_set_points, find_first_uvp_v
from power.protocol.profile import Profile

STYLES = {AuditResult.WRONG: BAD, AuditResult.RIGHT: GOOD}
NOT_YET = "not read yet, which the power service does once an hour: compare by hand"
NOT_GIVEN = "this model gives no set-points (docs/power-devices.md says why): compare by hand"


@dataclass(frozen=True, slots=True)
class AuditedDevice:
    """One device with its findings; `read_at` None where it has not said what it is set to, and
    `note` why.
    """

    title: str
    read_at: datetime | None
    findings: Sequence[Finding]
    note: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Print the audit; 1 where something is wrong."""
    with open_unit(arguments) as (settings, store):
        audited = list(audit_devices(settings, store))
    wrong = sum(one.result is AuditResult.WRONG for item in audited for one in item.findings)
    if arguments.json:
        show_json({"wrong": wrong, "devices": [build_document(one) for one in audited]})
    else:
        show([build_section(one, settings) for one in audited])
        verdict = f"{format_count(wrong, 'set-point')} wrong" if wrong else "nothing is wrong"
        print(f"\n{verdict}; the unit changes nothing in a device")
    return 1 if wrong else 0


def audit_devices(settings: Settings, store: Store) -> Iterator[AuditedDevice]:
    """The battery of the settings, each charge controller, and each BMS that gives set-points."""
    battery = settings.battery
    packs = {name: store.last(SetPoints, device=f"bms {name}") for name in settings.bms}
    uvp_v = find_first_uvp_v(filter(None, packs.values()))
    yield AuditedDevice("battery of the settings", None, list(audit_cells(settings, store)))
    for name, charger in settings.charger.items():
        title = f"charger {name}"
        stored = store.last(SetPoints, device=title)
        found = stored or make_unknown(title, charger, store.clock.stamp())
        findings = audit_set_points(found, battery, uvp_v)
        profile = devices.find_charger(charger.model)
        yield describe_device(title, profile, stored, findings)
    for name, bms in settings.bms.items():
        pack = packs[name]
        findings = audit_set_points(pack, battery) if pack else []
        yield describe_device(f"bms {name}", devices.find_battery(bms.model), pack, findings)


def describe_device(
    title: str, profile: Profile, stored: SetPoints | None, findings: Sequence[Finding]
) -> AuditedDevice:
    """One device of the settings; with a note where it has said nothing."""
    note = "" if stored else NOT_YET if profile.gives_set_points else NOT_GIVEN
    read_at = stored.stamp.utc if stored else None
    return AuditedDevice(f"{title} ({profile.name})", read_at, findings, note)


def audit_cells(settings: Settings, store: Store) -> Iterator[Finding]:
    """The number of cells in series, as each BMS measures it."""
    cells, title = count_cells(settings.battery), get_profile(settings.battery).title
    yield judge_words("cells in series", set_to=f"{cells} of {title}", should_be=str(cells))
    for name in settings.bms:
        pack = store.last(BatteryReading, device=name)
        measured = pack and count_measured_cells(pack)
        if measured:
            harm = "" if measured == cells else OTHER_CELLS
            yield judge_words(
                f"measured by bms {name}", set_to=str(measured), should_be=str(cells), harm=harm
            )


def make_unknown(title: str, charger: ChargerSettings, now: Stamp) -> SetPoints:
    """The set-points of a controller that does not give them."""
    has_output = devices.find_charger(charger.model).has_load_output
    on_output = has_output and not charger.loads_on_battery
    return SetPoints(now, title, charger.model, loads_on_output=on_output)


def build_section(one: AuditedDevice, settings: Settings) -> Section:
    """A table of one device."""
    zone = get_timezone(settings)
    read = f", read {one.read_at.astimezone(zone):%Y-%m-%d %H:%M}" if one.read_at else ""
    rows = [list_cells(finding) for finding in one.findings]
    set_width, should_width = (
        max((len(row[column]) for row in rows), default=0) for column in (0, 1)
    )
    lines = []
    for finding, (set_to, should_be, result) in zip(one.findings, rows, strict=True):
        text = f"{set_to:<{set_width}}  {should_be:<{should_width}}  {result}"
        style = STYLES.get(finding.result, DIM if not finding.harm else PLAIN)
        lines.append(Line(finding.name, text, style))
    if one.note:
        lines.append(Line("", one.note, DIM))
    return Section(f"{one.title}{read}", lines)


def list_cells(finding: Finding) -> tuple[str, str, str]:
    """What stands beside the name: as set, as it should be, and how it was judged."""
    result = finding.result.value
    if finding.result is AuditResult.WRONG:
        result = f"WRONG: {finding.harm}"
    return finding.set_to, f"should be {finding.should_be}", result


def build_document(one: AuditedDevice) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "device": one.title,
        "read_at": encode_time(one.read_at) if one.read_at else None,
        "note": one.note,
        "findings": [
            {
                "name": finding.name,
                "set_to": finding.set_to,
                "should_be": finding.should_be,
                "result": finding.result.value,
                "harm": finding.harm,
            }
            for finding in one.findings
        ],
    }
