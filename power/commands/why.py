"""`unitctl energy why`: which budget held at a moment, for which reason, and what changed it.

Reads: what appliance/status/energy_moment.py reads. Writes: standard output.
Never: guesses: where no row says it, the answer is that nothing is known of that time.
"""

import argparse
from datetime import datetime
from typing import Any

from appliance.commands.opening import find_moment_utc, format_local, open_unit
from appliance.commands.printing import BAD, Line, Section, show, show_json
from appliance.model import Sleep, Wake
from appliance.settings import Settings
from appliance.status.energy_moment import EnergyMoment, find_energy_moment
from appliance.store.rows import encode, encode_time


def run(arguments: argparse.Namespace) -> int:
    """Print it; raises `WhyError`."""
    with open_unit(arguments) as (settings, store):
        now = store.clock.stamp().utc
        at = find_moment_utc(arguments.at, now, settings) or now
        answer = find_energy_moment(store, at, now=now, zone=settings.site.timezone)
    if arguments.json:
        show_json(build_document(answer))
    else:
        show(build_sections(answer, settings))
    return 0


# --- showing --------------------------------------------------------------------------------------


def build_document(answer: EnergyMoment) -> dict[str, Any]:
    """The rows as they are stored, null where there is none."""
    parts = ("budget", "ended", "battery", "reading", "before", "after", "sleep", "wake")
    found = {name: getattr(answer, name) for name in parts}
    return {
        "at": encode_time(answer.at),
        **{name: encode(row) if row is not None else None for name, row in found.items()},
    }


def build_sections(answer: EnergyMoment, settings: Settings) -> list[Section]:
    """The answer as a screen."""
    title = f"At {format_time(answer.at, settings)} {settings.site.timezone}"
    return [
        Section(title, [*describe_level(answer, settings), *describe_state(answer, settings)]),
        Section("Before and after", describe_changes(answer, settings)),
    ]


def describe_level(answer: EnergyMoment, settings: Settings) -> list[Line]:
    """Asleep, a budget that held, or one that had ended."""
    lines = []
    if answer.sleep:
        lines.append(Line("asleep", describe_sleep(answer.sleep, answer.wake, settings)))
    if answer.budget:
        draw = f"the loads may draw {answer.budget.power_w:g} W"
        lines.append(Line("level", f"{answer.budget.reason} ({draw})"))
    elif answer.ended and not answer.sleep:
        until, of = (
            format_time(answer.ended.until, settings),
            format_time(answer.ended.stamp.utc, settings),
        )
        text = f"no budget held: the last, of {of}, ended {until}; {answer.ended.reason}"
        lines.append(Line("level", text, BAD))
    return lines


def describe_sleep(sleep: Sleep, wake: Wake | None, settings: Settings) -> str:
    woke = f"; woke {format_time(wake.stamp.utc, settings)}: {wake.reason}" if wake else ""
    expected = f", expected back {format_time(sleep.expected, settings)}" if sleep.expected else ""
    since = format_time(sleep.stamp.utc, settings)
    return f"{sleep.level.name} since {since}{expected}: {sleep.reason}{woke}"


def describe_state(answer: EnergyMoment, settings: Settings) -> list[Line]:
    """The battery and the sun, and how long before they were known."""
    lines = []
    battery, reading = answer.battery, answer.reading
    if battery is not None:
        charge = format_value(battery.state_of_charge_pct, "{:.0f}") + " +- "
        charge += format_value(battery.sigma_pct, "{:.0f}") + f" % ({battery.method})"
        blocked = ", charging disabled" if battery.charge_blocked else ""
        lines.append(
            Line("battery", charge + blocked + format_age(battery.stamp.utc, answer, settings))
        )
    if reading is not None:
        text = (
            f"PV {format_value(reading.pv_power_w, '{:.0f} W')}, "
            f"battery {format_value(reading.battery_voltage_v, '{:.2f} V')} "
            f"{format_value(reading.battery_current_a, '{:+.1f} A')}, "
            f"loads {format_value(reading.load_power_w, '{:.0f} W')}, "
            f"{format_value(reading.battery_temperature_c, '{:.0f} C')}"
        )
        lines.append(Line("measured", text + format_age(reading.stamp.utc, answer, settings)))
    return lines


def describe_changes(answer: EnergyMoment, settings: Settings) -> list[Line]:
    """The budgets of another level on both sides."""
    lines = []
    for name, budget in (("before", answer.before), ("after", answer.after)):
        if budget is not None:
            lines.append(Line(name, f"{format_time(budget.stamp.utc, settings)}  {budget.reason}"))
    return lines


def format_age(utc: datetime, answer: EnergyMoment, settings: Settings) -> str:
    """How long before the moment a row was written."""
    before_s = (answer.at - utc).total_seconds()
    return (
        f", {before_s:.0f} s before" if before_s < 600 else f", last {format_time(utc, settings)}"
    )


def format_value(value: float | None, form: str) -> str:
    return "?" if value is None else form.format(value)


def format_time(utc: datetime, settings: Settings) -> str:
    """A time as people at the site read it."""
    return format_local(encode_time(utc), settings, "%a %d %b %H:%M")
