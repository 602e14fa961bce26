"""`unitctl energy fuel` and `unitctl energy source`: what is in the tank, and to unlock a source.

Reads: settings, SourceState, the plan. Writes: a request to the power service; standard output.
Never: starts or stops a source: the power service does, by its rules.
"""

import argparse
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from appliance.commands.opening import format_local, open_unit
from appliance.commands.printing import BAD, PLAIN, Line, Section, show, show_json
from appliance.errors import ApplianceError
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.status.sources import describe_sources
from power.act.source_request import SourceRequest, leave_request

AMOUNT = re.compile(r"(\d+(?:\.\d+)?) *(kwh|l|%)", re.IGNORECASE)
TAKEN_WITHIN_S, LOOK_EVERY_S = 70.0, 0.2  # the slowest cycle of the power service takes a minute


class SourceCommandError(ApplianceError):
    """What was asked for cannot be done."""

    code = "source-command"


def run_fuel(arguments: argparse.Namespace) -> int:
    """Show what is in the tank, or set it."""
    with open_unit(arguments) as (settings, store):
        name = choose_source(settings, arguments.name)
        if arguments.set is not None:
            kwh = convert_to_kwh(arguments.set, settings.source[name], name)
            send(settings, SourceRequest(name, fuel_left_kwh=kwh))
            print(f"{name}: fuel for {kwh:.2f} kWh")
            return 0
        found = [one for one in describe_sources(store, settings) if one["name"] == name]
    return print_sources(found, settings, as_json=arguments.json)


def run_source(arguments: argparse.Namespace) -> int:
    """Show the sources, or unlock one."""
    with open_unit(arguments) as (settings, store):
        if arguments.unlock:
            name = choose_source(settings, arguments.name)
            send(settings, SourceRequest(name, unlock=True))
            print(f"{name} may be started again")
            return 0
        choose_source(settings, arguments.name, may_be_all=True)
        found = [
            one
            for one in describe_sources(store, settings)
            if arguments.name in (None, one["name"])
        ]
    return print_sources(found, settings, as_json=arguments.json)


def choose_source(settings: Settings, name: str | None, *, may_be_all: bool = False) -> str:
    """The source of that name, or the only one. Raises `SourceCommandError`."""
    known = list(settings.source)
    if not known:
        raise SourceCommandError(f"there is no [source.NAME] in {settings.path}")
    if name is None and (len(known) == 1 or may_be_all):
        return known[0]
    if name not in known:
        asked = "which one?" if name is None else f"there is no [source.{name}];"
        raise SourceCommandError(f"{asked} known: {', '.join(known)}")
    return name


def convert_to_kwh(text: str, source: SourceSettings, name: str) -> float:
    """`full`, or an amount in kWh, litres or % of the tank, as energy at the battery."""
    full_kwh = source.full_tank_kwh
    if full_kwh is None:
        raise SourceCommandError(
            f"the fuel of {name} is not counted: give tank_kwh or tank_l in [source.{name}]"
        )
    if text == "full":
        return full_kwh
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise SourceCommandError(f"{text!r} is no amount, such as full, 12kWh, 8l or 50%")
    each_kwh = {"kwh": 1.0, "l": source.kwh_per_l, "%": full_kwh / 100}
    return float(found[1]) * each_kwh[found[2].lower()]


def send(
    settings: Settings, request: SourceRequest, wait: Callable[[float], None] = time.sleep
) -> None:
    """Leave the request and wait until the power service has taken it."""
    path = settings.source_request
    try:
        leave_request(path, request)
    except OSError as error:
        raise SourceCommandError(
            f"{path} cannot be written ({error.strerror}): use sudo, and see whether "
            "appliance-power runs"
        ) from error
    ends_s = time.monotonic() + TAKEN_WITHIN_S
    while path.exists():
        if time.monotonic() > ends_s:
            raise SourceCommandError(
                "the power service has not taken it yet and will when it runs: see "
                "`systemctl status appliance-power`"
            )
        wait(LOOK_EVERY_S)


def print_sources(sources: Sequence[dict[str, Any]], settings: Settings, *, as_json: bool) -> int:
    """Print them; 1 where one is locked."""
    if as_json:
        show_json({"sources": list(sources)})
    else:
        show([build_section(sources, settings)])
    return 1 if any(one["locked"] for one in sources) else 0


def build_section(sources: Sequence[dict[str, Any]], settings: Settings) -> Section:
    """All sources, with their counts and their next run in the plan."""
    lines = []
    for one in sources:
        lines.append(Line(one["name"], one["sentence"], BAD if one["locked"] else PLAIN))
        lines.append(Line("", describe_counts(one)))
        lines.append(Line("", describe_next_run(one["next_run"], settings)))
    return Section("Second sources", lines)


def describe_counts(source: dict[str, Any]) -> str:
    """What it has given and cost."""
    if source["starts"] is None:
        return "nothing is counted yet"
    worth = "" if source["worth_per_kwh"] is None else f", worth {source['worth_per_kwh']:.2f} now"
    return (
        f"{source['starts']} starts, {source['run_h']:.1f} h, {source['energy_kwh']:.1f} kWh, "
        f"cost {source['cost']:.2f} (a kWh {source['cost_per_kwh']:.2f}{worth})"
    )


def describe_next_run(run: dict[str, Any] | None, settings: Settings) -> str:
    """When the plan has one running next."""
    if run is None:
        return "no run is planned in the next three days"
    starts = format_local(run["starts"], settings, "%a %d %b %H:%M")
    return f"planned: {starts} for {run['hours']:g} h, {run['energy_kwh']:.1f} kWh"
