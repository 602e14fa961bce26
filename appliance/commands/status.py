"""`unitctl status`: one screen of what the unit is doing and why.

Reads: the status document. Writes: standard output.
Never: judges by itself; the figures and reasons are those of appliance/status/document.py.
"""

import argparse
from datetime import datetime, timedelta
from typing import Any

from appliance.commands.opening import local, opened
from appliance.commands.printing import BAD, DIM, GOOD, PLAIN, Line, Section, show, show_json
from appliance.settings import Settings
from appliance.status import document as status

HELP = "show battery, sun, loads, and one sentence of each service"
EPILOG = (
    "exit codes: 0 fine; 1 a fault is open, there is no fresh energy budget, or the database "
    "cannot be read; 2 settings or usage"
)
MOMENT, DAY = "%Y-%m-%d %H:%M", "%a %H:%M"
PASSED = timedelta(hours=24)  # so long a night that passed is told of
LOW = ("OFF", "HIBERNATE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the status document")


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as (settings, store):
        document = status.build(store, settings)
    if arguments.json:
        show_json(document)
    else:
        show(sections(document, settings))
    return 0 if well(document) else 1


def well(document: dict[str, Any]) -> bool:
    """Whether no fault is open and an energy budget holds."""
    return not document["faults"] and bool(document["energy"] and document["energy"]["fresh"])


def sections(document: dict[str, Any], settings: Settings) -> list[Section]:
    """The document as a screen, the faults on top."""
    unit = document["unit"]
    speed = f", {unit['speed']:g} times real time" if unit["speed"] != 1 else ""
    title = f"{unit['name']}, {local(unit['at'], settings)} {unit['timezone']}{speed}"
    return [
        Section("FAULTS", [fault_line(fault, settings) for fault in document["faults"]], BAD),
        Section(title, energy_lines(document, settings)),
        Section("Loads", load_lines(document)),
        Section("Services", [service_line(entry, settings) for entry in document["services"]]),
    ]


def fault_line(fault: dict[str, Any], settings: Settings) -> Line:
    since = local(fault["since"], settings, "%Y-%m-%d %H:%M")
    return Line(fault["source"], f"{fault['text']} (since {since})", BAD)


def energy_lines(document: dict[str, Any], settings: Settings) -> list[Line]:
    """Level, nights, battery, sun, computer, events: one line each."""
    return [
        level_line(document["energy"], settings),
        *night_lines(document, settings),
        held("battery", document["battery"], battery_text, settings),
        *full_lines(document["battery"], settings),
        *[held(pack["name"], pack, pack_text, settings) for pack in document["packs"]],
        held("sun", document["sun"], sun_text, settings),
        held("computer", document["computer"], computer_text, settings),
        Line("events", events_text(document["events"], settings)),
    ]


def level_line(energy: dict[str, Any] | None, settings: Settings) -> Line:
    if energy is None:
        return Line("level", "no energy budget yet: the power service has not decided", BAD)
    if not energy["fresh"]:
        old = local(energy["at"], settings)
        return Line("level", f"no energy budget: the last, {energy['level']}, is of {old}", BAD)
    free = "; the sun is free" if energy["sun_is_free"] else ""
    text = f"{energy['level']}, {energy['power_w']:g} W: {energy['reason']}{free}"
    return Line("level", text, GOOD)


def night_lines(document: dict[str, Any], settings: Settings) -> list[Line]:
    """The last sleep while it matters, and what is planned where something is."""
    lines = []
    sleep, outlook = document["sleep"], document["outlook"]
    if sleep and sleep["woke"]:
        if passed(sleep["woke"], document["unit"]["at"]) < PASSED:
            lines.append(Line("slept", slept_text(sleep, settings)))
    elif sleep and document["energy"] and document["energy"]["level"] in LOW:
        lines.append(Line("sleep", falling_asleep_text(sleep, settings)))
    if outlook and outlook["fresh"]:
        lines.append(Line("outlook", outlook_text(outlook, settings)))
    return lines


def slept_text(sleep: dict[str, Any], settings: Settings) -> str:
    """The night, from its beginning to the last word on its end."""
    night = sleep["night"]
    began, woke = (local(at, settings, MOMENT) for at in (night["began"], sleep["woke"]))
    before, after = (
        known(pct, "{:.0f} %") for pct in (night["charge_pct"], sleep["charge_after_pct"])
    )
    went_back = f"; it woke and went back {night['went_back']}x" if night["went_back"] else ""
    failed = f"; failed boots: {sleep['failed_boots']}" if sleep["failed_boots"] else ""
    now = "stays up" if sleep["stays"] else "goes back to sleep"
    return (
        f"{began} to {woke}, {before} before, {after} after: {night['reason']}{went_back}; "
        f"woken: {sleep['woke_by']}{failed}; it {now}: {sleep['stays_reason']}"
    )


def falling_asleep_text(sleep: dict[str, Any], settings: Settings) -> str:
    since = local(sleep["since"], settings, MOMENT)
    until = "nothing will wake it"
    if sleep["until"]:
        until = f"until {local(sleep['until'], settings, MOMENT)}, by {sleep['armed']}"
    return f"ordered {since}, {until}: {sleep['reason']}"


def outlook_text(outlook: dict[str, Any], settings: Settings) -> str:
    """The level planned for now, its changes, and how low the charge goes."""
    now, *later = outlook["next_levels"]
    levels = [
        now["level"],
        *(f"{one['level']} {local(one['from'], settings, DAY)}" for one in later),
    ]
    lowest = known(outlook["lowest_charge_pct"], "{:.0f} %")
    lowest_at = local(outlook["lowest_at"], settings, DAY)
    about = f"; {outlook['about']}" if outlook["about"] else ""
    until = local(outlook["until"], settings, DAY)
    return f"{', '.join(levels)}; lowest {lowest} {lowest_at}, until {until}{about}"


def passed(since: str, now: str) -> timedelta:
    return datetime.fromisoformat(now) - datetime.fromisoformat(since)


def held(name: str, entry: dict[str, Any] | None, text: Any, settings: Settings) -> Line:
    """An entry's text while it holds, else since when nothing is known."""
    if entry is None:
        return Line(name, "nothing reported yet", DIM)
    if entry["at"] is None:
        return Line(name, "nothing reported yet", DIM)
    if not entry["fresh"]:
        return Line(name, f"unknown since {local(entry['at'], settings)}", BAD)
    return Line(name, text(entry))


def battery_text(battery: dict[str, Any]) -> str:
    sigma = f" +- {battery['sigma_pct']:.0f}" if battery["sigma_pct"] is not None else ""
    charge = known(battery["state_of_charge_pct"], f"{{:.0f}}{sigma} %")
    blocked = ", takes no charge" if battery["charge_blocked"] else ""
    hours = known(seconds_as_hours(battery["time_to_go_s"]), ", {:.0f} h to go", absent="")
    return (
        f"{charge}, {known(battery['energy_wh'], '{:.0f} Wh')}, "
        f"{known(battery['voltage_v'], '{:.2f} V')}, {known(battery['current_a'], '{:+.1f} A')}, "
        f"{known(battery['temperature_c'], '{:.0f} C')}{hours}{blocked} ({battery['method']})"
    )


def full_lines(battery: dict[str, Any] | None, settings: Settings) -> list[Line]:
    """When the battery was last full, where that is known."""
    if battery is None or battery["full_at"] is None:
        return []
    return [Line("last full", local(battery["full_at"], settings, MOMENT))]


def pack_text(pack: dict[str, Any]) -> str:
    low, high = pack["lowest_cell_voltage_v"], pack["highest_cell_voltage_v"]
    cells = f", cells {low:.3f} to {high:.3f} V" if low is not None and high is not None else ""
    no_charge = ", takes no charge" if pack["charge_allowed"] is False else ""
    no_discharge = ", gives no charge" if pack["discharge_allowed"] is False else ""
    alarms = f", ALARM: {pack['alarms']}" if pack["alarms"] else ""
    return (
        f"says {known(pack['state_of_charge_pct'], '{:.0f} %')}, "
        f"{known(pack['voltage_v'], '{:.2f} V')}, {known(pack['current_a'], '{:+.1f} A')}{cells}, "
        f"{known(pack['lowest_temperature_c'], '{:.0f} C')}{no_charge}{no_discharge}{alarms}"
    )


def sun_text(sun: dict[str, Any]) -> str:
    return (
        f"{known(sun['pv_power_w'], '{:.0f} W')} at {known(sun['pv_voltage_v'], '{:.1f} V')}, "
        f"{known(sun['yield_today_wh'], '{:.0f} Wh')} today, {sun['charge_stage'] or 'stage ?'}"
    )


def computer_text(computer: dict[str, Any]) -> str:
    free_gb = computer["disk_free_bytes"] / 1e9
    warm = known(computer["hottest_temperature_c"], "{:.0f} C, ", absent="")
    return f"{warm}{free_gb:.1f} GB free, disk {computer['disk_used_pct']:.0f} % used"


def events_text(events: dict[str, Any], settings: Settings) -> str:
    newest = events["newest"]
    last = f", the last: {newest['label']} at {newest['camera']}" if newest else ""
    when = f", {local(newest['at'], settings)}" if newest else ""
    return f"{events['last_24_h']} in 24 h{last}{when}"


def load_lines(document: dict[str, Any]) -> list[Line]:
    """Each load, then the GPUs and their sum."""
    parts = [
        Line(part["name"], f"{part['power_w']:.1f} W{'' if part['measured'] else ' (modelled)'}")
        for part in document["load"]["parts"]
    ]
    chips = [
        Line(
            gpu["gpu"],
            f"{known(gpu['power_w'], '{:.1f} W')}, {known(gpu['temperature_c'], '{:.0f} C')}",
        )
        for gpu in document["gpus"]
        if gpu["fresh"]
    ]
    total = Line("together", known(document["load"]["power_w"], "{:.1f} W"))
    return [*parts, total, *chips]


def service_line(entry: dict[str, Any], settings: Settings) -> Line:
    if entry["fresh"]:
        return Line(entry["service"], entry["status"], PLAIN)
    old = f" (silent since {local(entry['at'], settings)})" if entry["at"] else ""
    return Line(entry["service"], f"{entry['status']}{old}", DIM)


def known(value: float | None, form: str, absent: str = "?") -> str:
    """A figure in words, or `absent`."""
    return absent if value is None else form.format(value)


def seconds_as_hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 3600
