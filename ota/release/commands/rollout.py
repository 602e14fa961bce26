"""`fleet rollout`: a release goes to a group in waves, and stops by itself where units fail.

Reads: the command line, a list of what units have reported. Writes: through rollouts/.
Never: goes on by itself: `advance` does, typed or from a timer.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from appliance.commands.printing import Line, Section, show
from appliance.parsing.arguments import NAME, PATH, make_type
from appliance.parsing.times import parse_hours
from appliance.parsing.values import parse_count, parse_name
from appliance.strict_json import InputError
from appliance.strict_json import show as show_value
from ota.release.commands.opening import add_fleet, add_keys, open_fleet
from ota.release.commands.release import RELEASE
from ota.release.errors import ReleaseError
from ota.release.fleet import Fleet
from ota.release.publishing import publish
from ota.release.releases.assignments import GROUP
from ota.release.rollouts.definition import (
    MOST_SOAK_H,
    RolloutDefinition,
    make_waves,
)
from ota.release.rollouts.describing import format_report, tell
from ota.release.rollouts.rollouts import (
    Outcome,
    advance,
    advance_all,
    describe,
    pause,
    remove,
    resume,
    start,
    stop,
)
from ota.release.rollouts.status import MOST_BYTES, UnitStatus, parse_statuses

HELP = "a release to a group in waves, which stops by itself where units fail"
STDIN = Path("-")
TO_HELP = "copy the tree to there, in order, where something changed"
UNITS_HELP = "what units have reported: a JSON list (docs/releases.md); - for standard input"


def parse_percents(text: str) -> list[int]:
    found = [one.strip() for one in text.split(",")]
    if not all(one.endswith("%") for one in found):
        raise InputError(f"{show_value(text)} is no list of percentages, such as 1%,10%,50%,100%")
    return [parse_count(one.removesuffix("%"), 1, 100) for one in found]


def parse_units(text: str) -> list[str]:
    found = [one.strip() for one in text.split(",")]
    if not all(found):
        raise InputError(f"{show_value(text)} is no list of units, such as field-7,field-8")
    return found


def parse_soak(text: str) -> int:
    """Whole hours or days, such as 24h; 0h for none."""
    number, factor = text[:-1], {"h": 1, "d": 24}.get(text[-1:])
    if factor is None:
        raise InputError(f"{show_value(text)} is no time in hours or days, such as 24h or 2d")
    return parse_count(number, 0, MOST_SOAK_H // factor) * factor


def parse_window(text: str) -> str:
    parse_hours(text)
    return text.strip()


def parse_group(text: str) -> str:
    return parse_name(text.removeprefix(GROUP))


AddMore = Callable[[argparse.ArgumentParser], None]


def add_nothing(_: argparse.ArgumentParser) -> None:
    """Units come from a file alone."""


def add_arguments(parser: argparse.ArgumentParser, add_more: AddMore = add_nothing) -> None:
    """`add_more`: where else what units have reported may come from."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=type(parser))
    for name, act, text in (
        ("start", run_start, "begin with the first wave"),
        ("advance", run_advance, "go on, wait or stop, by what units have reported"),
        ("pause", run_pause, "no unit takes it until it is resumed"),
        ("resume", run_resume, "go on where it was paused"),
        ("stop", run_stop, "end it: no further unit takes it"),
        ("remove", run_remove, "take one at its end away: its units follow their group again"),
        ("status", run_status, "how far each one is"),
    ):
        sub = actions.add_parser(name, help=text, description=text)
        add_action(sub, act)
        if act not in (run_resume, run_remove):
            sub.add_argument("--units", type=PATH, metavar="FILE", help=UNITS_HELP)
            add_more(sub)
        if act is not run_status:
            sub.add_argument("--to", type=PATH, metavar="DIR", help=TO_HELP)
        sub.set_defaults(act=act)


def add_action(sub: argparse.ArgumentParser, act: Callable[..., object]) -> None:
    count = "?" if act in (run_status, run_advance) else None
    sub.add_argument("name", type=RELEASE, metavar="NAME", nargs=count)
    if act is run_start:
        add_start(sub)
    if act in (run_pause, run_stop):
        sub.add_argument("--reason", type=NAME, required=True, metavar="TEXT", help="units tell it")
    if act is run_status:
        sub.add_argument("--json", action="store_true", help="for programs")
    add_fleet(sub)
    add_keys(sub)


def add_start(sub: argparse.ArgumentParser) -> None:
    percent = make_type(parse_count, 1, 100)
    add = sub.add_argument
    add("release", type=RELEASE, metavar="RELEASE")
    add("--group", type=make_type(parse_group), required=True, metavar="NAME", help="who gets it")
    text = "units of the first wave"
    add("--first", type=make_type(parse_units), default=[], metavar="UNIT[,UNIT]", help=text)
    text = "shares of its known units, each with those before (default: 1%%,10%%,50%%,100%%)"
    shares = [1, 10, 50, 100]
    add("--waves", type=make_type(parse_percents), default=shares, metavar="N%,N%", help=text)
    text = "hours of the site in which it is installed, such as 22:00-05:00"
    add("--window", type=make_type(parse_window), default="", metavar="HOURS", help=text)
    text = "percent of a wave's units that must run it (default: 90)"
    add("--success", type=percent, default=90, metavar="N", help=text)
    text = "percent of units that may fail before it stops (default: 5)"
    add("--failures", type=make_type(parse_count, 0, 99), default=5, metavar="N", help=text)
    text = "how long a wave's success must hold (default: 24h)"
    add("--soak", type=make_type(parse_soak), default=24, metavar="TIME", help=text)


def run(arguments: argparse.Namespace) -> int:
    return run_with(arguments, read_units(getattr(arguments, "units", None)))


def run_with(arguments: argparse.Namespace, statuses: "Statuses | None") -> int:
    """`statuses`: what units have reported; None where nothing was given."""
    if statuses is None and arguments.act is run_advance:
        raise ReleaseError("what units have reported is needed: give --units FILE")
    with open_fleet(arguments) as fleet:
        if arguments.act is run_status:
            run_status(fleet, arguments, statuses)
            return 0
        outcomes: list[Outcome] = arguments.act(fleet, arguments, statuses or {})
        for one in outcomes:
            print(one.text)
        if arguments.to and any(one.is_changed for one in outcomes):
            print(f"{arguments.to} has the tree; {publish(fleet, arguments.to)} files are new")
    return 0


def read_units(path: Path | None) -> Mapping[str, UnitStatus] | None:
    """None where none was given. Raises `ReleaseError`, `OSError`."""
    if path is None:
        return None
    if path == STDIN:
        return parse_statuses(sys.stdin.buffer.read(MOST_BYTES + 1))
    try:
        with path.open("rb") as file:
            return parse_statuses(file.read(MOST_BYTES + 1))
    except ReleaseError as error:
        raise ReleaseError(f"{path}: {error}") from None


Statuses = Mapping[str, UnitStatus]


def run_start(fleet: Fleet, arguments: argparse.Namespace, statuses: Statuses) -> list[Outcome]:
    definition = RolloutDefinition(
        name=arguments.name,
        release=arguments.release,
        group=arguments.group,
        waves=make_waves(arguments.first, arguments.waves),
        window=arguments.window,
        success_pct=arguments.success,
        failure_pct=arguments.failures,
        soak_h=arguments.soak,
        wave_since=fleet.now,
    )
    return [start(fleet, definition, statuses)]


def run_advance(fleet: Fleet, arguments: argparse.Namespace, statuses: Statuses) -> list[Outcome]:
    if arguments.name:
        return [advance(fleet, arguments.name, statuses)]
    return advance_all(fleet, statuses) or [Outcome(is_changed=False, text="no rollout runs")]


def run_pause(fleet: Fleet, arguments: argparse.Namespace, statuses: Statuses) -> list[Outcome]:
    return [pause(fleet, arguments.name, arguments.reason, statuses)]


def run_stop(fleet: Fleet, arguments: argparse.Namespace, statuses: Statuses) -> list[Outcome]:
    return [stop(fleet, arguments.name, arguments.reason, statuses)]


def run_resume(fleet: Fleet, arguments: argparse.Namespace, _: Statuses) -> list[Outcome]:
    return [resume(fleet, arguments.name)]


def run_remove(fleet: Fleet, arguments: argparse.Namespace, _: Statuses) -> list[Outcome]:
    return [remove(fleet, arguments.name)]


def run_status(fleet: Fleet, arguments: argparse.Namespace, statuses: Statuses | None) -> None:
    reports = describe(fleet, arguments.name, statuses)
    if arguments.json:
        print(json.dumps([format_report(one) for one in reports], indent=1))
        return
    if not reports:
        print("no release goes out in waves; `fleet rollout start` begins")
    sections = [Section("Rollouts", [Line(one.definition.name, tell(one)) for one in reports])]
    if arguments.name:
        history = reports[0].definition.history
        lines = [Line(f"{one.at:%Y-%m-%d %H:%M} UTC", one.text) for one in history]
        sections.append(Section("What happened", lines))
    show(sections)
