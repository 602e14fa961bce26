"""Sentences of a satellite receiver (NMEA 0183): the time with its date, and the dilution.

    find_time(sentences)            # of RMC; None: it has none
    find_hdop(sentences)            # of GGA; None: it has no position

Source: NMEA 0183, sentences RMC and GGA.
Reads and writes: nothing; pure.
Never: takes a sentence whose sum is wrong, or a receiver's time while it has no position.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import reduce

MOST_CHARACTERS = 20_000
VALID = "A"


def find_time(sentences: str) -> datetime | None:
    """The time of the last valid RMC."""
    found = [one for one in list_fields(sentences, "RMC", 10) if one[2] == VALID]
    for fields in reversed(found):
        try:
            text = f"{fields[9]} {fields[1][:6]}"
            return datetime.strptime(text, "%d%m%y %H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def find_hdop(sentences: str) -> float | None:
    """The horizontal dilution of precision of the last GGA that has a position."""
    for fields in reversed(list(list_fields(sentences, "GGA", 9))):
        try:
            if int(fields[6]) > 0 and float(fields[8]) > 0:
                return float(fields[8])
        except ValueError:
            continue
    return None


def list_fields(sentences: str, kind: str, fewest: int) -> Iterator[list[str]]:
    """The fields of each whole sentence of that kind, of whichever satellites."""
    for line in sentences[-MOST_CHARACTERS:].splitlines():
        body, star, total = line.strip().removeprefix("$").partition("*")
        fields = body.split(",")
        is_kind = fields[0][2:] == kind and len(fields) >= fewest
        if star and is_kind and total[:2].upper() == f"{add_up(body):02X}":
            yield fields


def add_up(body: str) -> int:
    """The sum of a sentence: its characters between $ and *, by exclusive or."""
    return reduce(lambda total, one: total ^ ord(one), body, 0) & 0xFF
