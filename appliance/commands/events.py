"""`unitctl events`: what was seen, the newest first.

Reads: the event table. Writes: standard output.
Never: opens a snapshot.
"""

import argparse
from typing import Any

from appliance import status
from appliance.commands.opening import SINCE_HELP, local, opened, since
from appliance.commands.printing import Line, Section, show, show_json
from appliance.settings import Settings

HELP = "list what was seen, the newest first"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help=SINCE_HELP)
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (default 50)")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as (settings, store):
        begin = since(arguments.since, store.clock.stamp().utc, settings)
        found = status.events(store, begin, max(0, arguments.limit))
    if arguments.json:
        show_json(found)
    elif found:
        show([Section(f"{len(found)} events", [line(event, settings) for event in found])])
    else:
        print("no events")
    return 0


def line(event: dict[str, Any], settings: Settings) -> Line:
    """One event in one line."""
    joules = f"{event['energy_j']:.1f} J{'' if event['energy_measured'] else ' (modelled)'}"
    text = (
        f"{event['label']} {event['confidence']:.2f} at {event['camera']}, "
        f"{event['frames']} frames, {joules}: {event['reason']}"
    )
    return Line(local(event["at"], settings), text)
