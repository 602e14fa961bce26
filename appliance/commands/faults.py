"""`unitctl faults`: what a person may have to repair.

Reads: the fault table. Writes: standard output.
Never: clears a fault; that is done by the service whose fault it is, when it is over.
"""

import argparse
from typing import Any

from appliance.commands.opening import format_local, open_unit
from appliance.commands.printing import BAD, DIM, Line, Section, show, show_json
from appliance.settings import Settings
from appliance.status import status_document
from appliance.wording.counts import format_count

HELP = "list the open faults, the newest first"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="list cleared faults too")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(arguments: argparse.Namespace) -> int:
    with open_unit(arguments) as (settings, store):
        found = status_document.list_faults(store, arguments.all)
    is_open = [fault for fault in found if not fault.get("cleared")]
    if arguments.json:
        show_json(found)
    elif found:
        title = format_count(len(is_open), "open fault")
        show([Section(title, [describe_fault(fault, settings) for fault in found])])
    else:
        print("no faults")
    return 1 if is_open else 0


def describe_fault(fault: dict[str, Any], settings: Settings) -> Line:
    """One fault in one line."""
    cleared = fault.get("cleared")
    over = f" (over at {format_local(cleared, settings)})" if cleared else ""
    name = f"{format_local(fault['since'], settings)}  {fault['source']}"
    return Line(name, f"{fault['text']}{over}", DIM if cleared else BAD)
