"""Stored rows of any content: every column of every table as any value that SQLite may hold.

Reads: bytes. Writes: nothing.
Never: lets decoding raise anything, or a row pass with a number that is none.

The first byte picks a table; then for each column a byte picks the kind of its value, the next one
its length.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from appliance.store.decoding import decode, list_columns
from appliance.store.rows import encode
from appliance.store.tables import TABLES

NULL, WHOLE, NUMBER, TEXT, BYTES = range(5)


def run_input(data: bytes) -> None:
    """One execution."""
    if not data:
        return
    table = TABLES[data[0] % len(TABLES)]
    values = read_values(data[1:])
    row = {name: next(values) for name in list_columns(table.row)}
    kind: Any = table.row
    decoded, unreadable = decode(kind, row)
    assert decoded is not None or unreadable
    if decoded is None:
        return
    for field in fields(decoded):
        value = getattr(decoded, field.name)
        assert not isinstance(value, float) or math.isfinite(value), field.name
    again, wrong = decode(kind, encode(decoded))
    assert again is not None, wrong


def read_values(data: bytes) -> Iterator[Any]:
    """Values of SQLite's five kinds, NULL when the bytes are used up."""
    while data:
        kind, size, rest = data[0] % 5, data[1] if len(data) > 1 else 0, data[2:]
        own, data = rest[:size], rest[size:]
        yield make_value(kind, own)
    while True:
        yield None


def make_value(kind: int, own: bytes) -> Any:
    """One value; text that is no UTF-8 comes from SQLite as bytes."""
    padded = own[:8].ljust(8, b"\0")
    if kind == WHOLE:
        return struct.unpack("<q", padded)[0]
    if kind == NUMBER:
        found = struct.unpack("<d", padded)[0]
        return None if math.isnan(found) else found  # as SQLite stores it
    if kind == TEXT:
        try:
            return own.decode()
        except UnicodeDecodeError:
            return own
    return own if kind == BYTES else None


def write_value(value: Any) -> bytes:
    """The inverse of `read_values`, for one value; what is too long is cut."""
    kind, own = NULL, b""
    if isinstance(value, float):
        kind, own = NUMBER, struct.pack("<d", value)
    elif isinstance(value, int):
        kind, own = WHOLE, struct.pack("<q", value)
    elif isinstance(value, str):
        kind, own = TEXT, value.encode()
    elif isinstance(value, bytes):
        kind, own = BYTES, value
    return bytes([kind, min(len(own), 255)]) + own[:255]
