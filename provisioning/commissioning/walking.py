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
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.replacing.changes import Changes
from provisioning.commissioning.replacing.parts import PARTS, WALKS
from provisioning.commissioning.replacing.walk import SECTION, Walk
from provisioning.commissioning.report.telling import tell_report
from provisioning.commissioning.site_file import read_site
from provisioning.commissioning.step import Status, Step
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.terminal import Terminal, take_asking
from provisioning.commissioning.unit import Unit
from provisioning.commissioning.words import ALL, NEXT, REPLACED, REPORT

STYLES = {Status.DONE: GOOD, Status.SKIPPED: DIM, Status.BLOCKED: BAD}


def carry_out(arguments: argparse.Namespace) -> int:
    """The exit code of `run` of command.py."""
    path = find_settings(arguments.settings)
    unit = Unit(path, settings_file.load_settings(path).make_clock(), find_user_name())
    if arguments.step == REPORT:
        return tell_report(unit, arguments.verify, print_now)
    if arguments.step in [walk.name for walk in WALKS]:  # as its questions are named
        return carry_out_replaced(unit, arguments.step.removeprefix(f"{REPLACED}_"), None)
    if arguments.step == REPLACED:
        return carry_out_replaced(unit, arguments.part, arguments.section)
    site = arguments.site or arguments.check
    answers = read_site(site, (*WALKS, *STEPS)) if site else {}
    replaced = [walk for walk in WALKS if walk.table in answers]
    engine = Engine(unit, (*replaced, *STEPS), answers, print_now)
    if not (arguments.site or arguments.step):
        return look(engine)
    with engine:
        if arguments.site:
            return unattended.run(engine, print_now)
        return take(engine, arguments.step)


def print_now(text: str) -> None:
    print(text, flush=True)


def carry_out_replaced(unit: Unit, part: str | None, section: str | None) -> int:
    """The walk of a part that was replaced, and the steps that it opens again."""
    if part is None:
        show([Section("Replaced parts", list_replaced(unit))])
        return 0
    walk = find_walk(part)
    refuse_nobody()
    given = {SECTION: section} if section else {}
    with Engine(
        unit, (walk, *STEPS), {walk.table: Answers(walk.table, given)}, print_now
    ) as engine:
        results = take_all(engine, [walk, *(step for step in STEPS if step.name in walk.again)])
    return unattended.find_code(results)


def find_walk(part: str) -> Walk:
    """Raises `SettingsError`."""
    if part not in PARTS:
        raise SettingsError(f"{part!r} is no part that has a walk; {advise(part, PARTS)}")
    return PARTS[part]


def list_replaced(unit: Unit) -> list[Line]:
    """What was replaced, and what is under way."""
    changes = Changes(unit)
    begun = [found for part in PARTS if (found := changes.find_begun(part)) is not None]
    lines = [
        Line(f"{one.part} {one.section}".strip(), f"on {one.on} by {one.who}")
        for one in changes.list_done()
    ]
    lines += [
        Line(one.part, f"begun by {one.who}: unitctl provision {REPLACED} {one.part}", BAD)
        for one in begun
    ]
    return lines or [Line("none", "no part was replaced since this unit was set up")]


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
    refuse_nobody()
    return unattended.find_code(take_all(engine, choose(engine, word)))


def refuse_nobody() -> None:
    """Raises `SettingsError`."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise SettingsError(
            "nobody sits at this terminal to answer: give the answers with --from site.toml"
        )


def read_line(prompt: str) -> str:
    """Raises `SettingsError` where the terminal is closed, or Ctrl-D is typed."""
    try:
        return input(prompt)
    except EOFError:
        raise SettingsError(
            "the input has ended, so this step was not taken: begin again with `unitctl provision`"
        ) from None


def take_all(engine: Engine, steps: Sequence[Step]) -> list[Result]:
    """One after the other, up to the first that is not done."""
    terminal = Terminal(read_line, print_now)
    results = []
    for step in steps:
        print_now(f"{step.name}: {step.title}")
        result = take_asking(engine, step, terminal)
        print_now(f"{result.outcome.status.value}: {result.outcome.reason}")
        for text in result.outcome.warnings:
            print_now(f"    {text}")
        results.append(result)
        if not result.outcome.status.is_settled:
            break
    return results


def choose(engine: Engine, word: str) -> Sequence[Step]:
    """The steps that are meant; raises `SettingsError`."""
    if word in (NEXT, ALL):
        left = [one.step for one in engine.look() if not one.outcome.status.is_settled]
        return left[:1] if word == NEXT else left
    found = [step for step in engine.steps if step.name == word]
    if not found:
        names = [NEXT, ALL, REPORT, REPLACED, *(step.name for step in engine.steps)]
        raise SettingsError(f"{word!r} is no step of commissioning; {advise(word, names)}")
    return found
