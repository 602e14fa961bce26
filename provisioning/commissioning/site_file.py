"""site.toml: the answers of all steps in one file, for an unattended run.

    answers = read_site(path, STEPS)        # by table; AnswerError: nothing may be applied

Reads: the file. Writes: nothing.
Never: passes a table or a key that no step knows: it would be an answer that nobody hears.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from appliance.parsing.nearest import advise
from appliance.parsing.small_file import read_small_file
from appliance.parsing.toml_text import MOST_BYTES, parse_toml
from appliance.strict_json import InputError
from provisioning.commissioning.answers import CONFIRMED, AnswerError, Answers
from provisioning.commissioning.step import Step

LISTED = ("alarms", "camera")  # tables of which there may be several


def read_site(path: Path, steps: Sequence[Step]) -> dict[str, Answers]:
    """The answers by table; raises `AnswerError`."""
    try:
        tree = parse_toml(read_small_file(path, MOST_BYTES))[1]
    except OSError as error:
        raise AnswerError(
            str(path), what=f"cannot be read: {error.strerror}", advice="name a file of answers"
        ) from None
    except InputError as error:
        raise AnswerError(
            str(path), what=f"is not valid TOML: {error}", advice="correct that line"
        ) from None
    return sort_answers(tree, steps, path.absolute().parent)


def sort_answers(
    tree: Mapping[str, Any], steps: Sequence[Step], directory: Path
) -> dict[str, Answers]:
    """Each table for itself. `directory`: where relative paths in it begin."""
    known = {step.table: frozenset(step.keys) | {CONFIRMED} for step in steps}
    found = {}
    for table, value in tree.items():
        if table not in known:
            raise AnswerError(table, what="is no table of site.toml", advice=advise(table, known))
        found[table] = read_table(table, value, known[table], directory)
    return found


def read_table(table: str, value: Any, known: frozenset[str], directory: Path) -> Answers:
    """One table, or a list of tables."""
    is_list = isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    if is_list and table in LISTED:
        rows = tuple(read_table(table, one, known, directory) for one in value)
        return Answers(table, rows=rows, directory=directory)
    if not isinstance(value, dict):
        raise AnswerError(
            table, what="is no table", advice=f"write [{table}], and its keys in the lines below"
        )
    for key in value:
        if key not in known:
            raise AnswerError(
                f"{table}.{key}", what="is not known", advice=advise(key, sorted(known))
            )
    return Answers(table, value, directory=directory)
