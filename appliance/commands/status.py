"""`unitctl status`: one screen of what the unit is doing and why.

Reads: the status document. Writes: standard output.
Never: judges by itself; the figures and reasons are those of appliance/status/status_document.py.
"""

import argparse
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from time import sleep
from typing import Any, NoReturn

from appliance.commands.opening import format_local, open_unit
from appliance.commands.printing import BAD, DIM, GOOD, PLAIN, Line, Section, show, show_json
from appliance.errors import StoreError
from appliance.log import redact
from appliance.parsing.arguments import make_type
from appliance.parsing.values import parse_number
from appliance.settings import Settings
from appliance.status import status_document
from appliance.wording.counts import format_count

HELP = "show energy level, battery, sun, loads (W), and one sentence of each service"
EPILOG = (
    "exit codes: 0 fine; 1 a fault is open, there is no fresh energy budget, or the database "
    "cannot be read; 2 settings or usage"
)
MOMENT, DAY = "%Y-%m-%d %H:%M", "%a %H:%M"
SURPLUS = "surplus available"
RECENT = timedelta(hours=1)  # so long a sentence needs no time beside it
PASSED = timedelta(hours=24)  # so long a past night is shown
LOW = ("OFF", "HIBERNATE")
WATCH_S = 5.0
CLEAR = "\x1b[H\x1b[2J"
NEEDS_A_PERSON = ("operator", "slot", "space", "trust")  # what an update may wait for
FIGURE = re.compile(r"\{.*\}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the status document")
    how.add_argument(
        "--watch",
        type=make_type(parse_number, 1, 3600),
        nargs="?",
        const=WATCH_S,
        metavar="SECONDS",
        help=f"show it again every {WATCH_S:g} or so many seconds, until Ctrl-C",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.watch:
        watch(lambda: show_once(arguments), arguments.watch, sleep)
    return show_once(arguments)


def watch(
    show_one: Callable[[], object], every_s: float, wait: Callable[[float], None]
) -> NoReturn:
    """Show the screen again and again, until Ctrl-C; what cannot be read now may be read later."""
    while True:
        if sys.stdout.isatty():
            print(CLEAR, end="")
        try:
            show_one()
        except StoreError as error:
            print(redact(str(error)))
        print(flush=True)
        wait(every_s)


def show_once(arguments: argparse.Namespace) -> int:
    """Print it; the exit code."""
    with open_unit(arguments) as (settings, store):
        document = status_document.build(store, settings)
    if arguments.json:
        show_json(document)
    else:
        show(build_sections(document, settings))
    return 0 if is_well(document) else 1


def is_well(document: dict[str, Any]) -> bool:
    """Whether no fault is open and an energy budget holds."""
    return bool(document["summary"]["state"] != "fault")


def build_sections(document: dict[str, Any], settings: Settings) -> list[Section]:
    """The document as a screen, the faults on top."""
    unit = document["unit"]
    speed = f", {unit['speed']:g} times real time" if unit["speed"] != 1 else ""
    title = f"{unit['name']}, {format_local(unit['at'], settings)} {unit['timezone']}{speed}"
    summary = document["summary"]
    well = GOOD if summary["state"] == "well" else BAD
    return [
        Section(summary["sentence"], [Line("unit", title)], well),
        Section("FAULTS", [describe_fault(fault, settings) for fault in document["faults"]], BAD),
        Section("Energy", describe_energy(document, settings)),
        Section("Loads", describe_loads(document)),
        Section("Services", describe_services(document, settings)),
    ]


def describe_fault(fault: dict[str, Any], settings: Settings) -> Line:
    since = format_local(fault["since"], settings, "%Y-%m-%d %H:%M")
    return Line(fault["source"], f"{fault['text']} (since {since})", BAD)


def describe_energy(document: dict[str, Any], settings: Settings) -> list[Line]:
    """Level, nights, battery, sun, computer, events: one line each."""
    return [
        describe_level(document["energy"], settings),
        *describe_night(document, settings),
        format_held("battery", document["battery"], describe_battery, settings),
        *describe_full(document["battery"], settings),
        *describe_packs(document["packs"], settings),
        format_held("sun", document["sun"], describe_sun, settings),
        *describe_sources(document["sources"]),
        format_held("computer", document["computer"], describe_computer, settings),
        Line("events", describe_events(document["events"], settings)),
        *describe_update(document["update"]),
        *describe_unreadable(document["unreadable_rows"]),
    ]


def describe_update(update: dict[str, Any]) -> list[Line]:
    """Updates, where the unit has ever asked for one."""
    style = BAD if update["waits_for"] in NEEDS_A_PERSON else PLAIN
    return [Line("update", update["sentence"], style)] if update["since"] else []


def describe_unreadable(tables: list[dict[str, Any]]) -> list[Line]:
    """The stored rows that could not be read; nothing where there are none."""
    texts = [f"{one['rows']} of {one['table']} ({one['first']}: {one['column']})" for one in tables]
    advice = "cannot be read and count as unknown; `unitctl doctor` says more"
    return [Line("rows", f"{', '.join(texts)} {advice}", BAD)] if texts else []


def describe_level(energy: dict[str, Any] | None, settings: Settings) -> Line:
    if energy is None:
        return Line("level", "no energy budget yet: the power service has not decided", BAD)
    if not energy["fresh"]:
        old = format_local(energy["at"], settings)
        text = f"no energy budget now; the last one was {energy['level']}, made {old}"
        return Line("level", text, BAD)
    is_told = not energy["sun_is_free"] or SURPLUS in energy["reason"]
    free = "" if is_told else f"; {SURPLUS}"
    text = f"{energy['level']}, up to {energy['power_w']:g} W: {energy['reason']}{free}"
    return Line("level", text, GOOD)


def describe_night(document: dict[str, Any], settings: Settings) -> list[Line]:
    """The last sleep while it matters, and what is planned where something is."""
    lines = []
    sleep, outlook = document["sleep"], document["outlook"]
    if sleep and sleep["woke"]:
        if has_passed(sleep["woke"], document["unit"]["at"]) < PASSED:
            lines.append(Line("slept", describe_sleep(sleep, settings)))
    elif sleep and document["energy"] and document["energy"]["level"] in LOW:
        lines.append(Line("sleep", describe_falling_asleep(sleep, settings)))
    if outlook and outlook["fresh"]:
        lines.append(Line("outlook", describe_outlook(outlook, settings)))
    return lines


def describe_sleep(sleep: dict[str, Any], settings: Settings) -> str:
    """The night, from its beginning to the last word on its end."""
    night = sleep["night"]
    began, woke = (format_local(at, settings, MOMENT) for at in (night["began"], sleep["woke"]))
    before, after = (
        format_known(pct, "{:.0f} %") for pct in (night["charge_pct"], sleep["charge_after_pct"])
    )
    times = format_count(night["went_back"], "time")
    went_back = f"; it woke and went back to sleep {times}" if night["went_back"] else ""
    failed = f"; failed boots: {sleep['failed_boots']}" if sleep["failed_boots"] else ""
    now = "stays on" if sleep["stays"] else "goes back to sleep"
    return (
        f"{began} to {woke}, SOC {before} before, {after} after: {night['reason']}{went_back}; "
        f"woken: {sleep['woke_by']}{failed}; it {now}: {sleep['stays_reason']}"
    )


def describe_falling_asleep(sleep: dict[str, Any], settings: Settings) -> str:
    since = format_local(sleep["since"], settings, MOMENT)
    until = "nothing will wake it"
    if sleep["until"]:
        until = f"until {format_local(sleep['until'], settings, MOMENT)}, by {sleep['armed']}"
    return f"ordered {since}, {until}: {sleep['reason']}"


def describe_outlook(outlook: dict[str, Any], settings: Settings) -> str:
    """The level planned for now, its changes, and how low the charge goes."""
    now, *later = outlook["next_levels"]
    levels = [
        now["level"],
        *(f"{one['level']} {format_local(one['from'], settings, DAY)}" for one in later),
    ]
    lowest = format_known(outlook["lowest_charge_pct"], "{:.0f} %")
    lowest_at = format_local(outlook["lowest_at"], settings, DAY)
    about = f"; {outlook['about']}" if outlook["about"] else ""
    until = format_local(outlook["until"], settings, DAY)
    return f"{', '.join(levels)}, until {until}; lowest SOC {lowest} {lowest_at}{about}"


def has_passed(since: str, now: str) -> timedelta:
    return datetime.fromisoformat(now) - datetime.fromisoformat(since)


def format_held(name: str, entry: dict[str, Any] | None, text: Any, settings: Settings) -> Line:
    """An entry's text while it holds, else since when nothing is known."""
    if entry is None:
        return Line(name, "nothing reported yet", DIM)
    if entry["at"] is None:
        return Line(name, "nothing reported yet", DIM)
    if not entry["fresh"]:
        return Line(name, f"unknown since {format_local(entry['at'], settings)}", BAD)
    return Line(name, text(entry))


def describe_battery(battery: dict[str, Any]) -> str:
    sigma = f" +- {battery['sigma_pct']:.0f}" if battery["sigma_pct"] is not None else ""
    charge = format_known(battery["state_of_charge_pct"], f"{{:.0f}}{sigma} %")
    blocked = ", charging is blocked" if battery["charge_blocked"] else ""
    hours = format_known(format_hours(battery["time_to_go_s"]), ", empty in {:.0f} h", absent="")
    return (
        f"{charge}, {format_known(battery['energy_wh'], '{:.0f} Wh')}, "
        f"{format_known(battery['voltage_v'], '{:.2f} V')}, "
        f"{format_known(battery['current_a'], '{:+.1f} A')}, "
        f"{format_known(battery['temperature_c'], '{:.0f} C')}{hours}{blocked} ("
        f"{battery['method']})"
    )


def describe_full(battery: dict[str, Any] | None, settings: Settings) -> list[Line]:
    """When the battery was last full, where that is known."""
    if battery is None or battery["full_at"] is None:
        return []
    return [Line("last full", format_local(battery["full_at"], settings, MOMENT))]


def describe_sources(sources: list[dict[str, Any]]) -> list[Line]:
    """What each second source does."""
    return [
        Line("source", f"{one['name']} {one['sentence']}", BAD if one["locked"] else PLAIN)
        for one in sources
    ]


def describe_packs(packs: list[dict[str, Any]], settings: Settings) -> list[Line]:
    """Each battery, and below it its cells; those that are apart stand in a line of their own."""
    lines: list[Line] = []
    for pack in packs:
        lines.append(format_held(pack["name"], pack, describe_pack, settings))
        cells = pack["cells"] or []
        if cells:
            lines.append(Line("cells", " ".join(f"{one['voltage_v']:.3f}" for one in cells), DIM))
        lines += [Line("", describe_cell(one), BAD) for one in cells if one["is_apart"]]
    return lines


def describe_cell(cell: dict[str, Any]) -> str:
    """A cell that is apart from the others."""
    side = "above" if cell["apart_v"] > 0 else "below"
    return (
        f"cell {cell['cell']} has {cell['voltage_v']:.3f} V, {abs(cell['apart_v']):.2f} V {side} "
        "the median of all cells"
    )


def describe_pack(pack: dict[str, Any]) -> str:
    low, high = pack["lowest_cell_voltage_v"], pack["highest_cell_voltage_v"]
    cells = f", cells {low:.3f} to {high:.3f} V" if low is not None and high is not None else ""
    no_charge = ", charging is blocked" if pack["charge_allowed"] is False else ""
    no_discharge = ", discharging is blocked" if pack["discharge_allowed"] is False else ""
    alarms = f", ALARM: {pack['alarms']}" if pack["alarms"] else ""
    return (
        f"reports {format_known(pack['state_of_charge_pct'], '{:.0f} %')}, "
        f"{format_known(pack['voltage_v'], '{:.2f} V')}, "
        f"{format_known(pack['current_a'], '{:+.1f} A')}{cells}, "
        f"{format_known(pack['lowest_temperature_c'], '{:.0f} C')}{no_charge}{no_discharge}{alarms}"
    )


def describe_sun(sun: dict[str, Any]) -> str:
    return (
        f"{format_known(sun['pv_power_w'], '{:.0f} W')} at "
        f"{format_known(sun['pv_voltage_v'], '{:.1f} V')}, "
        f"{format_known(sun['yield_today_wh'], '{:.0f} Wh')} today, "
        f"{sun['charge_stage'] or 'charge stage unknown'}"
    )


def describe_computer(computer: dict[str, Any]) -> str:
    free_gb = computer["disk_free_bytes"] / 1e9
    warm = format_known(computer["hottest_temperature_c"], "{:.0f} C, ", absent="")
    return f"{warm}{free_gb:.1f} GB free, disk {computer['disk_used_pct']:.0f} % used"


def describe_events(events: dict[str, Any], settings: Settings) -> str:
    newest = events["newest"]
    last = f", the newest: {newest['label']} at {newest['camera']}" if newest else ""
    when = f", {format_local(newest['at'], settings)}" if newest else ""
    return f"{events['last_24_h']} in 24 h{last}{when}"


def describe_loads(document: dict[str, Any]) -> list[Line]:
    """Each load, then the GPUs and their sum."""
    parts = [
        Line(part["name"], f"{part['power_w']:.1f} W{'' if part['measured'] else ' (modelled)'}")
        for part in document["load"]["parts"]
    ]
    chips = [
        Line(
            gpu["gpu"],
            f"{format_known(gpu['power_w'], '{:.1f} W')}, "
            f"{format_known(gpu['temperature_c'], '{:.0f} C')}",
        )
        for gpu in document["gpus"]
        if gpu["fresh"]
    ]
    total = Line("together", format_known(document["load"]["power_w"], "{:.1f} W"))
    return [*parts, total, *chips]


def describe_services(document: dict[str, Any], settings: Settings) -> list[Line]:
    now = document["unit"]["at"]
    return [describe_service(entry, now, settings) for entry in document["services"]]


def describe_service(entry: dict[str, Any], now: str, settings: Settings) -> Line:
    """Its sentence; with its time where it is of hours before, as that of the plan."""
    if entry["fresh"]:
        is_old = has_passed(entry["at"], now) > RECENT
        made = f" (reported {format_local(entry['at'], settings, DAY)})" if is_old else ""
        return Line(entry["service"], f"{entry['status']}{made}", PLAIN)
    old = f" (silent since {format_local(entry['at'], settings)})" if entry["at"] else ""
    return Line(entry["service"], f"{entry['status']}{old}", DIM)


def format_known(value: float | None, form: str, absent: str | None = None) -> str:
    """A figure with its unit; unknown: `absent`, or a question mark with the unit."""
    if value is None:
        return FIGURE.sub("?", form) if absent is None else absent
    return form.format(value)


def format_hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 3600
