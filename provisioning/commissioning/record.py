"""What was done: for each step how it ended, when, by whom, with which evidence.

    record = Record(data_dir / "commissioning", clock)
    found = record.load()                   # `Done` of each step
    record.store(found | {"site": done})    # on the disk when it returns

Reads and writes: record.json, durable: after a power cut it is the old one or the new one. One that
is damaged is set aside and a new one begun.
Never: is what decides whether a step is done: the unit itself is looked at. It proves that a step
was verified.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.parsing.small_file import read_kept_file
from appliance.store.aside import DAMAGED, choose_aside_name
from appliance.store.durable_files import replace_file, sync_directory
from appliance.store.rows import encode_time
from appliance.strict_json import InputError, parse_object, require_text
from appliance.wording.sentence import say
from appliance.wording.sentence_data import decode_sentence, encode_sentence

FILE, VERSION = "record.json", 1
MODE, DIRECTORY_MODE = 0o640, 0o750
MOST_BYTES, MOST_DEPTH = 4_000_000, 24
LONGEST = 32_000  # characters of one text


@dataclass(frozen=True, slots=True)
class Done:
    """How a step ended the last time. `status`: the word of a `Status`; `at`: UTC, ISO; `facts`:
    its evidence; `has_changed`: whether it changed the unit then, or found it so.
    """

    status: str
    reason: str
    at: str
    who: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    has_changed: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """The file of one unit. Nothing is kept open or in memory."""

    directory: Path
    clock: Clock

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.directory / FILE

    def load(self) -> dict[str, Done]:
        """By name of the step; nothing where there is no record, or where it is damaged."""
        try:
            return decode(read_kept_file(self.path, MOST_BYTES))
        except (FileNotFoundError, InputError):
            return {}

    def find(self, step: str) -> Done | None:
        """How that step ended the last time; None: it was never finished."""
        return self.load().get(step)

    def mend(self) -> str | None:
        """Set a damaged one aside; says so, None where there is nothing to mend. Raises `OSError`,
        as where the file may not be read.
        """
        try:
            decode(read_kept_file(self.path, MOST_BYTES))
        except FileNotFoundError:
            return None
        except InputError as error:
            aside = self.path.rename(choose_aside_name(self.path, DAMAGED))
            sync_directory(self.directory)
            return say(
                "the record of commissioning was damaged ({what}) and is set aside as {path}: each "
                "step is looked at anew; what stands already is not done again",
                what=str(error),
                path=aside,
            )
        return None

    def store(self, done: Mapping[str, Done]) -> None:
        """The whole record; on the disk when it returns. Raises `OSError`."""
        self.directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        replace_file(self.path, encode(done), mode=MODE)

    def make(self, *, status: str, reason: str, who: str, **more: Any) -> Done:
        """An entry of now."""
        at = encode_time(self.clock.stamp().utc)
        return Done(status=status, reason=reason, at=at, who=who, **more)


def encode(done: Mapping[str, Done]) -> bytes:
    """As JSON; sentences stay data, so that they can be translated later."""
    steps = {
        name: {
            "status": one.status,
            "reason": encode_sentence(one.reason),
            "at": one.at,
            "who": one.who,
            "facts": dict(one.facts),
            "warnings": [encode_sentence(text) for text in one.warnings],
            "has_changed": one.has_changed,
        }
        for name, one in done.items()
    }
    tree = {"version": VERSION, "steps": clean_tree(steps)}
    return (json.dumps(tree, indent=1, allow_nan=False) + "\n").encode()


def clean_tree(value: Any) -> Any:
    """What `decode` takes again: no figure that is none (NaN), no half of a letter pair."""
    if isinstance(value, Mapping):
        return {clean_tree(str(key)): clean_tree(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_tree(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def decode(data: bytes) -> dict[str, Done]:
    """The inverse; raises `InputError` where it is damaged."""
    tree = parse_object(data, most_bytes=MOST_BYTES, most_depth=MOST_DEPTH)
    steps = tree.get("steps")
    if tree.get("version") != VERSION:
        raise InputError("it is of another release")
    if not isinstance(steps, dict):
        raise InputError("it has no steps")
    return {name: decode_step(tree) for name, tree in steps.items()}


def decode_step(tree: Any) -> Done:
    """One entry."""
    if not isinstance(tree, dict):
        raise InputError("a step is no object")
    facts, said = tree.get("facts"), tree.get("warnings")
    if not isinstance(facts, dict) or not isinstance(said, list):
        raise InputError("a step has no facts or no warnings")
    words = {key: require_text(tree.get(key), key, LONGEST) for key in ("status", "at", "who")}
    return Done(
        **words,
        reason=decode_sentence(require_text(tree.get("reason"), "reason", LONGEST)),
        facts=facts,
        warnings=tuple(decode_sentence(require_text(one, "a warning", LONGEST)) for one in said),
        has_changed=tree.get("has_changed") is True,
    )
