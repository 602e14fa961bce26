"""How far the unit is set up: what the commissioning has written, for the page.

    document = read_commissioning(settings)

Reads: state.json and answer.json of `commissioning/` in the data directory; the order that waits.
Writes: nothing.
Never: shows a half-written state, or one that another program than root's could have written.
"""

import os
from pathlib import Path
from typing import Any

from appliance.process import commissioning_order
from appliance.process.owned_files import read_owned
from appliance.settings import Settings
from appliance.store.file_locks import is_locked
from appliance.strict_json import InputError, require_text
from appliance.wording.sentence import Sentence, say
from appliance.wording.sentence_data import decode_document, decode_sentence

DIRECTORY = Path("commissioning")
STATE, ANSWER = "state.json", "answer.json"
LOCK = "lock"  # held by whoever works at a step; one that was killed holds it no more
VERSION = 1
MOST_BYTES = 1_048_576
ROOT = 0
LONGEST = 32_000
STEP = {"status": "to_do", "reason": "", "questions": [], "facts": {}, "warnings": []}
NOT_YET = say("Nothing was set up through here yet. Begin with a look at every step.")


def read_commissioning(settings: Settings) -> dict[str, Any]:
    """`steps`: each with name, title, status, reason, questions, facts, warnings. `trouble`: why
    there are none, or what was wrong with the record. `running`: the step that is worked at, or
    None. `busy`: somebody works, `waits`: an order does. `order`, `said`: the last order, and what
    became of it.
    """
    found: dict[str, Any] = {}
    trouble: Sentence | str = ""
    is_held = is_locked(settings.unit.data_dir / DIRECTORY / LOCK)
    directory = settings.unit.data_dir / DIRECTORY
    try:
        found = read_state(directory / STATE)
    except FileNotFoundError:
        trouble = NOT_YET
    except (OSError, InputError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else str(error)
        trouble = say(
            "What was set up so far cannot be read ({why}): look at every step again.", why=why
        )
    return {
        "steps": [STEP | clean(one) for one in found.get("steps", [])],
        "running": found.get("running") if is_held else None,
        "at": found.get("at"),
        "trouble": trouble or found.get("trouble", ""),
        "waits": commissioning_order.waits(settings.unit.run_dir),
        "busy": is_held,
        **read_answer(directory / ANSWER),
    }


def clean(step: dict[str, Any]) -> dict[str, Any]:
    """A step without what is not known of it yet."""
    return {key: value for key, value in step.items() if value is not None}


def read_state(path: Path) -> dict[str, Any]:
    """The state with its sentences. Raises `InputError`, `OSError`."""
    tree = read_owned(path, {ROOT, os.geteuid()}, most_bytes=MOST_BYTES)
    steps = tree.get("steps")
    if tree.get("version") != VERSION or not isinstance(steps, list):
        raise InputError("it is of another release")
    if not all(isinstance(one, dict) for one in steps):
        raise InputError("a step is no object")
    found: dict[str, Any] = decode_document(tree)
    return found


def read_answer(path: Path) -> dict[str, str | None]:
    """What became of the last order; nothing where there was none."""
    try:
        tree = read_owned(path, {ROOT, os.geteuid()}, most_bytes=MOST_BYTES)
        return {
            "order": require_text(tree.get("order"), "order", LONGEST),
            "said": decode_sentence(require_text(tree.get("said"), "said", LONGEST)) or None,
        }
    except (OSError, InputError):
        return {"order": None, "said": None}
