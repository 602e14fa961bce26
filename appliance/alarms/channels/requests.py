"""What goes to a sending process and what it answers: one line of JSON each. Pure.

    line = format_line(request)            # with its end
    answer = parse_answer(line)

Reads and writes: nothing.
Never: holds a channel's address or password: the sending process reads those from their files.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar, get_type_hints

from appliance.strict_json import InputError, parse_object

MOST_BYTES = 65_536
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """One message. `delivery_id` is its Message-ID, the same when it is repeated. `body` is the
    whole text, the link included. `picture`: path of a JPEG, "" for none. `at`: when the first
    occurrence was (ISO 8601, UTC). `sequence`: of the unit's alarms.
    """

    delivery_id: str
    channel: str
    title: str
    body: str
    picture: str
    link: str
    kind: str
    priority: str
    sequence: int
    at: str
    repeated: bool
    place: str
    label: str


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """What the channel said. `refused`: trying again without a change is of no use. `size_bytes`:
    of what was sent, 0 where that is not known.
    """

    delivery_id: str
    sent: bool
    refused: bool
    text: str
    size_bytes: int = 0


def format_line(message: SendRequest | SendAnswer) -> str:
    """One line, with its end."""
    return json.dumps(asdict(message)) + "\n"


def parse_request(line: str) -> SendRequest:
    """Raises `InputError`."""
    return parse(SendRequest, line)


def parse_answer(line: str) -> SendAnswer:
    """Raises `InputError`."""
    return parse(SendAnswer, line)


def parse(kind: type[T], line: str) -> T:
    """A line with exactly the fields of `kind`, each of its type."""
    found: dict[str, Any] = parse_object(line.encode(), most_bytes=MOST_BYTES)
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    if set(found) != set(names):
        raise InputError(f"a {kind.__name__} has the fields {', '.join(names)}")
    for name, value in found.items():
        if type(value) is not hints[name]:
            raise InputError(f"{name} must be of type {hints[name].__name__}")
    return kind(**found)
