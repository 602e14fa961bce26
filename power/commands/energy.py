"""`unitctl energy`: the plan of the next days, what another panel would change, and past decisions.

Reads: settings and database. Writes: standard output.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse
from typing import Any

from appliance.parsing.arguments import PATH, TIME, make_type
from appliance.parsing.times import TIME_HELP
from appliance.parsing.values import parse_number
from appliance.strict_json import InputError, show

HELP = "show the next days, simulate other panels or batteries, explain a past decision"
EPILOG = (
    "exit codes: 0 answered; 1 nothing is known of that, or the database cannot be read; "
    "2 settings or usage"
)
WHAT_IF = (
    "Simulates the planner for the next 45 days, for the 45 days of the year with the least sun, "
    "and for one dull week from now on, with the unit as it is and as it would be."
)
OUTLOOK_HELP = (
    "show how many days the battery lasts without sun, and the plan of the next three days "
    "(energy in Wh, charge as a percentage)"
)
WHY_HELP = "show the energy level at a moment, its reason, and the readings before it"
SOURCE_HELP = "show what each second source (generator, shore power) does, or unlock one"
FUEL_HELP = "show or set what is in the tank of a generator"
SOURCE_EPILOG = (
    "exit codes: 0 answered; 1 a source is locked, or what was asked for cannot be done; "
    "2 settings or usage"
)
YIELD_HELP = "show what the panels gave by day, week or month, also as CSV or for PVOutput"
FORMS = {
    "table": "a table",
    "csv": "CSV with a head",
    "pvoutput": "days for PVOutput's addoutput (d,g,e,pp,pt,cd,tm,tx)",
    "pvoutput-status": "five-minute steps for its addbatchstatus (d,t,v1,v2)",
}
LARGEST_FIGURE = 1e7  # the range of each is that of its setting
CHANGE_HELP = {
    "pv_w": "array nominal power at STC, Wp",
    "tilt_deg": "tilt of the panels from the horizontal, deg",
    "battery_wh": "rated energy of the battery at 25 C, Wh",
    "full_w": "power that the loads may draw at FULL, W",
    "eco_w": "power that the loads may draw at ECO, W",
    "sentinel_w": "power that the loads may draw at SENTINEL, W",
    "hibernate_w": "power that is drawn at HIBERNATE, W",
}


def parse_figure(text: str) -> float:
    """A number; what it may be is said by its setting."""
    try:
        return parse_number(text, -LARGEST_FIGURE, LARGEST_FIGURE)
    except InputError:
        raise InputError(f"{show(text)} is no number, such as 900 or 12.5") from None


FIGURE = make_type(parse_figure)
SUN = make_type(parse_number, 0.0, 100.0)
DULL_SUN_HELP = "sun of each day of a dull week, as a share of a cloudless day's (default: 15)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    outlook = actions.add_parser(
        "outlook", help=OUTLOOK_HELP, description=OUTLOOK_HELP, epilog=EPILOG
    )
    outlook.set_defaults(action=show_outlook)
    what_if = actions.add_parser(
        "what-if",
        help="simulate the unit with other panels, another battery or other loads",
        description=WHAT_IF,
        epilog=EPILOG,
    )
    what_if.set_defaults(action=show_what_if)
    for name, text in CHANGE_HELP.items():
        unit = text.rpartition(", ")[2]
        what_if.add_argument(
            f"--{name.replace('_', '-')}",
            type=FIGURE,
            metavar=unit,
            help=text,
        )
    what_if.add_argument("--dull-sun-pct", type=SUN, default=15.0, metavar="%", help=DULL_SUN_HELP)
    why = actions.add_parser("why", help=WHY_HELP, description=WHY_HELP, epilog=EPILOG)
    why.set_defaults(action=show_why)
    why.add_argument("--at", type=TIME, metavar="TIME", help=f"{TIME_HELP}; default: now")
    of_yield = actions.add_parser("yield", help=YIELD_HELP, description=YIELD_HELP, epilog=EPILOG)
    add_yield_arguments(of_yield)
    of_sources = add_source_parsers(actions)
    for action in (outlook, what_if, why, of_yield, *of_sources):
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument(
            "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
        )


def add_source_parsers(actions: Any) -> tuple[argparse.ArgumentParser, ...]:
    """`source` and `fuel`."""
    source = actions.add_parser(
        "source", help=SOURCE_HELP, description=SOURCE_HELP, epilog=SOURCE_EPILOG
    )
    source.set_defaults(action=show_source)
    source.add_argument("--unlock", action="store_true", help="let it be started again")
    fuel = actions.add_parser("fuel", help=FUEL_HELP, description=FUEL_HELP, epilog=SOURCE_EPILOG)
    fuel.set_defaults(action=show_fuel)
    amounts = "what is in the tank now: full, 12kWh, 8l or 50%%"
    fuel.add_argument("--set", metavar="AMOUNT", help=amounts)
    for parser in (source, fuel):
        parser.add_argument("name", nargs="?", help="as in [source.NAME]; default: the only one")
    return source, fuel


def add_yield_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action=show_yield)
    spans = ("days", "weeks", "months")
    parser.add_argument("--by", choices=spans, default="days", help="periods; default: days")
    texts = "; ".join(f"{name}: {text}" for name, text in FORMS.items())
    parser.add_argument("--form", choices=tuple(FORMS), default="table", help=texts)
    place = "file for a form other than the table; - is standard output (default)"
    parser.add_argument("--to", type=PATH, metavar="FILE", help=place)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.action(arguments)
    return code


def show_outlook(arguments: argparse.Namespace) -> int:
    from power.commands import outlook as energy_outlook  # noqa: PLC0415  (only where it is used)

    return energy_outlook.run(arguments)


def show_what_if(arguments: argparse.Namespace) -> int:
    from power.commands import what_if  # noqa: PLC0415  (only where it is used)

    wished = {name: getattr(arguments, name) for name in CHANGE_HELP}
    return what_if.run(arguments, {name: one for name, one in wished.items() if one is not None})


def show_source(arguments: argparse.Namespace) -> int:
    from power.commands import sources  # noqa: PLC0415  (only where it is used)

    return sources.run_source(arguments)


def show_fuel(arguments: argparse.Namespace) -> int:
    from power.commands import sources  # noqa: PLC0415  (only where it is used)

    return sources.run_fuel(arguments)


def show_why(arguments: argparse.Namespace) -> int:
    from power.commands import why  # noqa: PLC0415  (only where it is used)

    return why.run(arguments)


def show_yield(arguments: argparse.Namespace) -> int:
    from power.commands import yields  # noqa: PLC0415  (only where it is used)

    return yields.run(arguments)
