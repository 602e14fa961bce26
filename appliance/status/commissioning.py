"""How far the unit is set up: what the commissioning has written, for the page.

    document = read_commissioning(settings)

Reads: `commissioning/state.json` in the data directory, the order that waits. Writes: nothing.
Never: shows a half-written state, or one that another program than root's could have written.
"""

import os
from pathlib import Path
from typing import Any

from appliance.process import commissioning_order
from appliance.process.owned_files import read_owned
from appliance.settings import Settings
from appliance.strict_json import InputError
from appliance.wording.sentence import Sentence, say
from appliance.wording.sentence_data import BEGIN, decode_sentence

PLACE = Path("commissioning/state.json")
FORMAT = 1
MOST_BYTES = 1_048_576
ROOT = 0
NOT_YET = say("Nothing was set up through here yet. Begin with a look at every step.")


def read_commissioning(settings: Settings) -> dict[str, Any]:
    """`steps`: each with name, title, status, reason, questions, facts, warnings. `trouble`: why
    there are none. `running`: the step that root works at, or None. `waits`: an order does.
    """
    found: dict[str, Any] = {}
    trouble: Sentence | str = ""
    try:
        found = read_state(settings.unit.data_dir / PLACE)
    except FileNotFoundError:
        trouble = NOT_YET
    except (OSError, InputError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else str(error)
        trouble = say(
            "What was set up so far cannot be read ({why}): look at every step again.", why=why
        )
    return {
        "steps": found.get("steps", []),
        "running": found.get("running"),
        "report": found.get("report"),
        "order": found.get("order"),
        "said": found.get("said"),
        "at": found.get("at"),
        "waits": commissioning_order.waits(settings.unit.run_dir),
        "trouble": trouble,
    }


def read_state(path: Path) -> dict[str, Any]:
    """The state with its sentences. Raises `InputError`, `OSError`."""
    tree = read_owned(path, {ROOT, os.geteuid()}, most_bytes=MOST_BYTES)
    if tree.get("format") != FORMAT or not isinstance(tree.get("steps"), list):
        raise InputError("it is of another release")
    found: dict[str, Any] = decode(tree)
    return found


def decode(thing: Any) -> Any:
    """Sentences that were stored as data, anywhere in a document."""
    if isinstance(thing, str):
        return decode_sentence(thing) if thing.startswith(BEGIN) else thing
    if isinstance(thing, dict):
        return {key: decode(item) for key, item in thing.items()}
    if isinstance(thing, list):
        return [decode(item) for item in thing]
    return thing
