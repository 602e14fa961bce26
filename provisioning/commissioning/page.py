"""Root's oneshot that does what a technician orders at the page: one step, or a look at all.

    python -m provisioning.commissioning.page --settings FILE

PID 1 runs it (appliance-provision.service). The page has left an order with the answers to the
step's questions (appliance/process/commissioning_order.py).

Reads: the order, as hostile input. Writes: what the step makes so; state.json and answer.json,
which the page shows.
Never: takes the name of a file from the page: root would read it; keeps an answer, which may be a
PIN.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance import log, settings_file
from appliance.clock import Clock, SystemClock
from appliance.errors import ApplianceError, SettingsError
from appliance.log import SentenceLog
from appliance.parsing.nearest import advise
from appliance.process.commissioning_order import CHECK_ALL, CommissioningOrder, take_order, waits
from appliance.process.commissioning_state import ANSWER
from appliance.process.service import find_exit_code, make_parser
from appliance.store.durable_files import replace_file
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from appliance.wording.sentence_data import encode_sentence
from provisioning.commissioning.answers import CONFIRMED, AnswerError, Answers
from provisioning.commissioning.engine import Engine, first_text
from provisioning.commissioning.replacing.parts import WALKS
from provisioning.commissioning.state import FILE_KEY
from provisioning.commissioning.step import Outcome, Status, Step
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.unit import Unit

NAME = "provision"
ALL_STEPS: tuple[Step, ...] = (*STEPS, *WALKS)  # in the state those of a part come last
MODE = 0o640


def run(
    make_unit: Callable[[str], Unit],
    clock: Clock,
    own: SentenceLog,
    steps: Sequence[Step] = ALL_STEPS,
) -> None:
    """Take the order that waits, and each that is left meanwhile: PID 1 starts no second one of
    these beside the first. `make_unit`: the unit, for a technician.
    """
    run_dir = make_unit(NAME).settings().unit.run_dir
    while waits(run_dir):
        try:
            order = take_order(run_dir, clock)
        except (InputError, OSError) as error:
            own.warning(f"an order of the page is not taken: {error}", fault="commissioning-order")
            if isinstance(error, OSError):
                return  # it lies there still, as a directory in its place does
            continue
        if order is not None:
            answer(make_unit(order.who), order, own, steps)


def answer(unit: Unit, order: CommissioningOrder, own: SentenceLog, steps: Sequence[Step]) -> None:
    """Carry it out, and say what became of it."""
    said = carry_out(unit, order, steps)
    own.info(f"{order.step or 'a look at all steps'}, ordered by {order.who}: {said or 'done'}")
    write_answer(unit, order.id, said)


def carry_out(unit: Unit, order: CommissioningOrder, steps: Sequence[Step]) -> str:
    """What to tell the technician; "" where the state of the steps says it all."""
    try:
        with Engine(unit, steps) as engine:
            engine.look()  # so that the page shows all of them while one is worked at
            if order.step == CHECK_ALL:
                return ""
            step = find_step(engine.steps, order.step)
            said, asked = take(engine, step, order)
            engine.look({step.name: asked} if asked is not None else {})
            return said
    except (ApplianceError, OSError) as error:
        return first_text(error)


def take(engine: Engine, step: Step, order: CommissioningOrder) -> tuple[str, Outcome | None]:
    """Do one step. Why not, where an answer cannot be used or it is blocked; and what it asks of
    what it found only now, which a look does not find again. Raises `ApplianceError`.
    """
    try:
        engine.answers[step.table] = read_answers(step, order.answers)
        outcome = engine.take(step).outcome
    except AnswerError as error:
        engine.answers.pop(step.table, None)  # its questions are shown again
        return first_text(error), None
    said = outcome.reason if outcome.status is Status.BLOCKED else ""
    return said, outcome if outcome.status is Status.NEEDS_ANSWER else None


def find_step(steps: Sequence[Step], name: str) -> Step:
    """Raises `SettingsError`."""
    for step in steps:
        if step.name == name:
            return step
    names = [step.name for step in steps]
    raise SettingsError(
        say("{name} is no step of the set-up; {advice}", name=name, advice=advise(name, names))
    )


def read_answers(step: Step, given: Mapping[str, Any]) -> Answers:
    """By the keys of its questions, "site.tilt_deg"; raises `AnswerError`."""
    values = {}
    for key, value in given.items():
        name = key.removeprefix(f"{step.table}.")
        if name not in (*step.keys, CONFIRMED) or name.endswith(FILE_KEY):
            raise AnswerError(key, what="is no question of this step", advice="load the page again")
        values[name] = value
    return Answers(step.table, values)


def write_answer(unit: Unit, order: str, said: str) -> None:
    """For the page. Raises `OSError`."""
    data = json.dumps({"order": order, "said": encode_sentence(said)}, ensure_ascii=False)
    replace_file(unit.directory / ANSWER, data.encode(), mode=MODE)


def main(path: Path | None) -> None:
    """Exit codes as for every service."""
    own = log.setup(NAME)
    path = path or settings_file.find_settings_file()
    try:
        run(lambda who: Unit(path, SystemClock(), who), SystemClock(), own)
    except ApplianceError as error:
        own.warning(str(error), error.message_id, fault=error.code)
        sys.exit(find_exit_code(error))


if __name__ == "__main__":
    main(make_parser(NAME, takes_instance=False).parse_args().settings)
