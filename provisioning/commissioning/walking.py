"""What `unitctl provision` does once its words are understood: one step, all of them, a look.

Reads: the settings, answers from site.toml or from the terminal. Writes: what the steps make so.
Never: asks where nobody sits at a terminal.
"""

import argparse
import sys
from collections.abc import Sequence

from appliance import settings_file
from appliance.commands.opening import find_settings
from appliance.commands.printing import BAD, DIM, GOOD, PLAIN, Line, Section, show
from appliance.errors import SettingsError
from appliance.media.erasing import find_user_name
from appliance.parsing.nearest import advise
from provisioning.commissioning import unattended
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.report.telling import tell_report
from provisioning.commissioning.site_file import read_site
from provisioning.commissioning.step import Status, Step
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.terminal import Terminal, take_asking
from provisioning.commissioning.unit import Unit
from provisioning.commissioning.words import ALL, NEXT, REPORT

STYLES = {Status.DONE: GOOD, Status.SKIPPED: DIM, Status.BLOCKED: BAD}


def carry_out(arguments: argparse.Namespace) -> int:
    """The exit code of `run` of command.py."""
    path = find_settings(arguments.settings)
    unit = Unit(path, settings_file.load_settings(path).make_clock(), find_user_name())
    if arguments.step == REPORT:
        return tell_report(unit, arguments.verify, print_now)
    site = arguments.site or arguments.check
    engine = Engine(unit, STEPS, read_site(site, STEPS) if site else None, print_now)
    if not (arguments.site or arguments.step):
        return look(engine)
    with engine:
        if arguments.site:
            return unattended.run(engine, print_now)
        return take(engine, arguments.step)


def print_now(text: str) -> None:
    print(text, flush=True)


def look(engine: Engine) -> int:
    """Where each step stands; what is wrong in site.toml is an error."""
    engine.refuse_bad_answers()
    results = engine.look()
    show([Section("Commissioning", [describe(one) for one in results])])
    unattended.tell_open(results, print_now)
    return unattended.find_code(results)


def describe(result: Result) -> Line:
    """One step in one line."""
    outcome = result.outcome
    text = f"{outcome.status.value}: {outcome.reason}"
    return Line(result.step.name, text, STYLES.get(outcome.status, PLAIN))


def take(engine: Engine, word: str) -> int:
    """The named step, the first that is left, or all that are left."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "nobody sits at this terminal to answer: give the answers with --from site.toml"
        )
    terminal = Terminal(input, print_now)
    results = []
    for step in choose(engine, word):
        print_now(f"{step.name}: {step.title}")
        result = take_asking(engine, step, terminal)
        print_now(f"{result.outcome.status.value}: {result.outcome.reason}")
        results.append(result)
        if not result.outcome.status.is_settled:
            break
    return unattended.find_code(results)


def choose(engine: Engine, word: str) -> Sequence[Step]:
    """The steps that are meant; raises `SettingsError`."""
    if word in (NEXT, ALL):
        left = [one.step for one in engine.look() if not one.outcome.status.is_settled]
        return left[:1] if word == NEXT else left
    found = [step for step in engine.steps if step.name == word]
    if not found:
        names = [NEXT, ALL, REPORT, *(step.name for step in engine.steps)]
        raise SettingsError(f"{word!r} is no step of commissioning; {advise(word, names)}")
    return found
