"""What may be asked for in the address of a list, read strictly.

Reads and writes: nothing; pure.
Never: passes a word on to the database that is not one of those it knows, or a long one.
"""

from collections.abc import Mapping, Sequence

from appliance.parsing.values import parse_count
from appliance.strict_json import InputError, show
from ota.fleet.registry.questions import MOST_UNITS, SORTED_BY, USUAL_UNITS, Question
from ota.fleet.registry.states import UnitStateWord

LONGEST = 80
MOST_OFFSET = 1_000_000
STATES = tuple(one.value for one in UnitStateWord)
FLAGS = {"": False, "0": False, "false": False, "1": True, "true": True}
NARROWING = ("state", "group", "release", "waits_for", "fault", "text")
ARGUMENTS = (*NARROWING, "sort", "descending", "limit", "offset")


def parse_question(arguments: Mapping[str, str], allowed: Sequence[str] = ARGUMENTS) -> Question:
    """Raises `InputError` with what may be asked for."""
    for name in arguments:
        if name not in allowed:
            raise InputError(f"{show(name)} is no argument; there are {', '.join(allowed)}")
    words = {name: read_word(arguments.get(name, ""), name) for name in NARROWING}
    if words["state"] and words["state"] not in STATES:
        raise InputError(f"{show(words['state'])} is no state; there are {', '.join(STATES)}")
    sort = arguments.get("sort") or "name"
    if sort not in SORTED_BY:
        raise InputError(f"{show(sort)} cannot be sorted by; there are {', '.join(SORTED_BY)}")
    descending = arguments.get("descending", "")
    if descending not in FLAGS:
        raise InputError(f"descending is {show(descending)}; true or false is meant")
    return Question(
        **words,
        sort=sort,
        descending=FLAGS[descending],
        limit=parse_count(arguments.get("limit", str(USUAL_UNITS)), 1, MOST_UNITS),
        offset=parse_count(arguments.get("offset", "0"), 0, MOST_OFFSET),
    )


def read_word(text: str, name: str) -> str:
    if len(text) > LONGEST or "\0" in text:
        raise InputError(f"{name} is longer than {LONGEST} letters, or holds a NUL")
    return text
