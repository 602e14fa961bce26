"""`unitctl doctor`: checks everything that usually breaks, and says what to do.

Reads: what the checks in appliance/checks/ read. Writes: standard output.
Never: mends anything by itself.
"""

import argparse
from dataclasses import asdict

from appliance.checks import Finding, open_reader, run_all_checks
from appliance.commands.opening import load_unit_settings
from appliance.commands.printing import BAD, DIM, GOOD, Line, Section, show, show_json

HELP = "check settings, database, disk, devices and services, with advice"
EPILOG = "exit codes: 0 all is well; 1 a check failed; 2 settings or usage"
MARKS = {True: "ok", False: "!!", None: "--"}
STYLES = {True: GOOD, False: BAD, None: DIM}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    clock = settings.make_clock()
    with open_reader(settings, clock) as store:
        findings = run_all_checks(settings, store, clock)
    if arguments.json:
        show_json([asdict(finding) for finding in findings])
    else:
        show([Section("Checks", [describe_finding(finding) for finding in findings])])
    return 1 if any(finding.ok is False for finding in findings) else 0


def describe_finding(finding: Finding) -> Line:
    """One finding in one line."""
    advice = f"; {finding.advice}" if finding.ok is False and finding.advice else ""
    return Line(
        f"{MARKS[finding.ok]} {finding.name}", f"{finding.text}{advice}", STYLES[finding.ok]
    )
