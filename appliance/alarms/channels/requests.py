"""What goes to a sending process and what it answers: one line of JSON each. Pure.

Reads and writes: nothing.
Never: appears in a log: a request holds a channel's address, and so its password.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from appliance.strict_json import InputError, parse_object

MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SendRequest:
    """One message. `picture`: path of a JPEG, None for none."""

    delivery_id: str
    address: str = field(repr=False)
    title: str
    body: str
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """What the channel said. `refused`: trying again without a change is of no use."""

    delivery_id: str
    sent: bool
    refused: bool
    text: str


def parse_request(line: str) -> SendRequest:
    """Raises `InputError`."""
    found: dict[str, Any] = parse_object(line.encode(), most_bytes=MOST_BYTES)
    names = [one.name for one in fields(SendRequest)]
    if set(found) != set(names):
        raise InputError(f"a request has the fields {', '.join(names)}")
    return SendRequest(**found)
