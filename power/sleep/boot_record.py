"""The record of sleeps and boots on disk: one small JSON file that needs no database.

Reads and writes: boots.json in the data directory, whole, on the disk when the call returns.
Never: leaves half a file, or takes a file that it cannot read for a reason to stay off.
"""

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

from appliance.errors import ApplianceError
from appliance.parsing.small_file import read_small_file
from appliance.store.decoding import FIRST_YEAR, LAST_YEAR, decode_value
from appliance.store.durable_files import replace_file
from appliance.store.rows import encode_value
from appliance.strict_json import parse_object, show
from appliance.wording.sentence import say
from power.sleep.boot_check import Boot, SleepRecord

MOST_BYTES = 65_536  # far above what is written


MOST_FAILED = 1_000_000


class BootsError(ApplianceError):
    """The record of sleeps and boots cannot be read or written."""

    code = "boots"


def read(path: Path) -> Boot | None:
    """What the last boot wrote; None where there is no file. Raises `BootsError`."""
    try:
        return decode_boot(parse_object(read_small_file(path, MOST_BYTES), most_bytes=MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise BootsError(
            say(
                "the record of boots {path} cannot be read ({error}); a new one is begun and how "
                "many boots failed is lost: check whether the disk is sound",
                path=path,
                error=error,
            )
        ) from error


def write(path: Path, boot: Boot) -> None:
    """Replace the file; it and its name are on the disk afterwards. Raises `BootsError`."""
    nap = encode_fields(boot.nap) if boot.nap else None
    text = json.dumps({**encode_fields(boot), "nap": nap}, indent=1) + "\n"
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise BootsError(
            say(
                "the record of boots {path} cannot be written: {strerror}; check the free space "
                "and the permissions of its directory",
                path=path,
                strerror=error.strerror,
            )
        ) from error


def encode_fields(record: Boot | SleepRecord) -> dict[str, Any]:
    """The plain fields of a record, as the database would have them."""
    found = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: encode_value(value) for name, value in found.items() if name != "nap"}


def decode_boot(values: dict[str, Any]) -> Boot:
    """The inverse; a field that a later release may have added is passed over."""
    nap = values.get("nap")
    return Boot(
        **decode_fields(Boot, values),
        nap=SleepRecord(**decode_fields(SleepRecord, nap)) if nap else None,
    )


def decode_fields(kind: type[Boot] | type[SleepRecord], values: dict[str, Any]) -> dict[str, Any]:
    """Fields of `kind` by name; raises `ValueError` for a value that cannot be its field's."""
    found = {}
    for name, hint in get_type_hints(kind).items():
        if name in values and name != "nap":
            found[name] = decode_value(hint, values[name])
            if not isinstance(found[name], hint) or not is_usable(found[name]):
                raise ValueError(f"{name} is {show(values[name])}")
    return found


def is_usable(value: Any) -> bool:
    """Whether one can reckon with a value: a time with a zone, a count that is none too large."""
    if isinstance(value, datetime):
        return value.tzinfo is not None and FIRST_YEAR <= value.year <= LAST_YEAR
    return type(value) is not int or 0 <= value <= MOST_FAILED
