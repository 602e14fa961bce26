"""Sentences as data (JSON) and back, as rows and files keep them.

    text = encode_sentence(say("it has {celsius:.0f} C", celsius=51.2))
    # {"say":"it has {celsius:.0f} C","with":{"celsius":51.2}}
    decode_sentence(text)                        # the sentence
    decode_sentence("as older releases wrote")   # this text

Reads and writes: nothing; pure.
Never: raises for what is stored: what looks like a sentence and is none stays the text that it is.
Never: stores a sentence that could not be read again: one that is too long is stored as its text.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from appliance.wording.sentence import COUNT, Sentence, as_plain

BEGIN = '{"say":'
# How the page asks a command of `unitctl` for JSON: an environment variable, and its value.
SENTENCES, AS_DATA = "UNITCTL_SENTENCES", "data"
LONGEST_DATA = 16_000  # characters
LONGEST_TEXT = 16_000
MOST_VALUES = 60
DEEPEST = 12  # sentences within sentences
VERBATIM = "{text}"  # of a plain text that looks like a stored sentence
FIRST_YEAR, LAST_YEAR = 1970, 2199


class NoSentenceError(ValueError):
    """Data that is no sentence."""


def encode_sentence(text: str) -> str:
    """A sentence as data; plain text as it is, in data where it looks like that."""
    if not isinstance(text, Sentence):
        return format_data(Sentence(VERBATIM, {"text": text})) if text.startswith(BEGIN) else text
    try:
        found = format_data(text)
    except NoSentenceError:
        found = ""
    return found if found and len(found) <= LONGEST_DATA else as_plain(text)


def decode_sentence(text: str) -> str:
    """The inverse of `encode_sentence`."""
    if not text.startswith(BEGIN) or len(text) > 2 * LONGEST_DATA:
        return text
    try:
        found = build_sentence(json.loads(text))
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return text
    if found.template == VERBATIM and isinstance(found.values["text"], str):
        return as_plain(found)
    return found if len(found) <= LONGEST_TEXT else text


def encode_document(thing: Any) -> Any:
    """A document with its sentences as data."""
    return walk(thing, encode_sentence)


def decode_document(thing: Any) -> Any:
    """The inverse of `encode_document`."""
    return walk(thing, decode_sentence)


def walk(thing: Any, change: Callable[[str], str]) -> Any:
    """Every text of a document changed, but for its keys."""
    if isinstance(thing, str):
        return change(thing)
    if isinstance(thing, dict):
        return {key: walk(item, change) for key, item in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [walk(item, change) for item in thing]
    return thing


def format_data(sentence: Sentence) -> str:
    """A sentence as one line of JSON; raises `NoSentenceError`."""
    return json.dumps(describe_sentence(sentence), separators=(",", ":"), ensure_ascii=False)


def describe_sentence(sentence: Sentence, depth: int = 0) -> dict[str, Any]:
    """A sentence as a tree."""
    if depth > DEEPEST or len(sentence.values) > MOST_VALUES:
        raise NoSentenceError("too deep, or too many values")
    tree: dict[str, Any] = {"say": sentence.template}
    if sentence.many is not None:
        tree["many"] = sentence.many
    if sentence.values:
        values = sentence.values.items()
        tree["with"] = {name: describe_value(value, depth) for name, value in values}
    return tree


def describe_value(value: Any, depth: int) -> Any:
    """One value: numbers and texts as they are, a time with its marker."""
    if isinstance(value, Sentence):
        return describe_sentence(value, depth + 1)
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    is_finite = isinstance(value, (int, float)) and math.isfinite(value)
    if isinstance(value, str) or is_finite or value is None:
        return value
    raise NoSentenceError(f"{value!r} is no value of a sentence")


def build_sentence(tree: Any, depth: int = 0) -> Sentence:
    """The inverse of `describe_sentence`."""
    if not isinstance(tree, dict) or depth > DEEPEST:
        raise NoSentenceError("no tree of a sentence")
    template, many, values = tree["say"], tree.get("many"), tree.get("with", {})
    if not isinstance(template, str) or not isinstance(values, Mapping):
        raise NoSentenceError("no template or no values")
    if not (many is None or (isinstance(many, str) and is_count(values.get(COUNT)))):
        raise NoSentenceError("no plural")
    if len(values) > MOST_VALUES:
        raise NoSentenceError("too many values")
    return Sentence(template, {name: build_value(one, depth) for name, one in values.items()}, many)


def build_value(value: Any, depth: int) -> Any:
    """The inverse of `describe_value`."""
    if not isinstance(value, dict):
        if isinstance(value, list) or (isinstance(value, float) and not math.isfinite(value)):
            raise NoSentenceError("no value")
        return value
    return build_time(value["time"]) if "time" in value else build_sentence(value, depth + 1)


def build_time(text: Any) -> datetime:
    """A time with its offset."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise NoSentenceError("no time of a unit")
    return found


def is_count(value: Any) -> bool:
    """Whether a value can choose a plural."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
