"""A person's correction of a source: its fuel, or that it is unlocked, left for the power service.

    leave_request(settings.source_request, SourceRequest("main", fuel_left_kwh=12.0))
    request = take_request(settings.source_request)      # in the power service's cycle

Reads and writes: source-request.json in the run directory.
Never: waits, or takes a request twice.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.parsing.small_file import read_small_file
from appliance.store.durable_files import replace_file
from appliance.strict_json import InputError, parse_object, require_number

MOST_BYTES, MOST_KWH = 4096, 1e6


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What is to be corrected of the source of that name."""

    source: str
    fuel_left_kwh: float | None = None
    unlock: bool = False


def leave_request(path: Path, request: SourceRequest) -> None:
    """Raises `OSError`."""
    replace_file(path, json.dumps(asdict(request)).encode())


def take_request(path: Path) -> SourceRequest | None:
    """The request, taken away; None where there is none, or nothing that can be used."""
    try:
        data = read_small_file(path, MOST_BYTES)
    except OSError:
        return None
    with suppress(OSError):
        path.unlink()
    try:
        tree = parse_object(data, most_bytes=MOST_BYTES)
        kwh = tree.get("fuel_left_kwh")
        fuel_kwh = None if kwh is None else require_number(kwh, "fuel_left_kwh", 0, MOST_KWH)
    except InputError:
        return None
    return SourceRequest(str(tree.get("source")), fuel_kwh, tree.get("unlock") is True)
