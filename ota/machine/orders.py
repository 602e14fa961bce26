"""What a technician orders of updates: hold them, ask now, take a stick, retry a failed release.

Reads and writes: orders.json in the update directory.
Never: starts anything; the next check-in obeys.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten
from ota.files import Files, replace

NAME = "orders.json"
MOST_BYTES = 16_384
PRESENT = timedelta(hours=12)  # so long a technician with a stick counts as present
LONGEST_PATH = 1000
MOST_ROW = 2**63 - 1
UNREADABLE = say(
    "the orders of the technician cannot be read; give `unitctl update hold --off` anew"
)


@dataclass(frozen=True, slots=True)
class Orders:
    """`hold`: who holds updates and why, "" for nobody; `hold_until`: None for ever.

    `hold_row`: the newest order of the page or of MQTT when the hold was given; an end that is
    ordered at the page later ends it. None: not known, so no page ends it.

    `retry`: releases that failed and are to be tried again. `asked_at`: when it was ordered to ask
    at once, "" where it was not: so an order that comes while one is obeyed is not lost. `stick`: a
    directory that is asked before the mirrors, `technician`: who is present for it; both hold until
    `present_until`.
    """

    hold: str = ""
    hold_until: str | None = None
    retry: tuple[str, ...] = ()
    asked_at: str = ""
    stick: str = ""
    technician: str = ""
    present_until: str | None = None
    hold_row: int | None = None

    def has_technician(self, now: datetime) -> bool:
        """Whether one is present, with a stick."""
        if not self.technician or self.present_until is None:
            return False
        return now < datetime.fromisoformat(self.present_until)

    def find_hold(self, now: datetime, ended_row: int = 0) -> str:
        """The hold that is in force now, "" where none is. `ended_row`: the newest end of a hold
        that was ordered at the page.
        """
        if self.hold_row is not None and ended_row > self.hold_row:
            return ""
        if self.hold and self.hold_until and now >= datetime.fromisoformat(self.hold_until):
            return ""
        return self.hold


@dataclass(frozen=True, slots=True)
class OrdersFile:
    files: Files
    directory: Path

    def read(self) -> Orders:
        """The orders; ones that cannot be read hold updates: the safe thing."""
        path = self.directory / NAME
        if self.files.measure(path) is None:
            return Orders()
        try:
            data = self.files.read(path, most_bytes=MOST_BYTES)
            return build_orders(strict_json.parse_object(data, most_bytes=MOST_BYTES))
        except (OSError, InputError, KeyError, ValueError, TypeError):
            return Orders(hold=UNREADABLE)

    def write(self, orders: Orders) -> None:
        """Put them in the place of those before; raises `OSError`."""
        replace(self.files, self.directory / NAME, json.dumps(asdict(orders)).encode())


def build_orders(tree: dict[str, object]) -> Orders:
    until, present = (read_time(tree, name) for name in ("hold_until", "present_until"))
    retry = tree.get("retry", [])
    if not isinstance(retry, list) or len(retry) > 16:
        raise InputError("retry is no list of at most 16")
    return Orders(
        hold=make_printable(shorten(str(tree.get("hold", "")), 200)),
        hold_until=until,
        hold_row=read_row(tree),
        retry=tuple(shorten(str(one), 80) for one in retry),
        asked_at=shorten(str(tree.get("asked_at", "")), 40),
        stick=read_path(tree),
        present_until=present,
        technician=make_printable(shorten(str(tree.get("technician", "")), 80)),
    )


def read_time(tree: dict[str, object], name: str) -> str | None:
    """A time with its zone, as it is written; None where there is none. Raises `ValueError`."""
    text = tree.get(name)
    if text is None:
        return None
    strict_json.require_time(text, name)
    return str(text)


def read_row(tree: dict[str, object]) -> int | None:
    """The number of a row; raises `InputError`."""
    if tree.get("hold_row") is None:
        return None
    return strict_json.require_whole_number(tree["hold_row"], "hold_row", 0, MOST_ROW)


def read_path(tree: dict[str, object]) -> str:
    """The directory of the stick, "" where none is named; raises `InputError`."""
    path = str(tree.get("stick", ""))
    if path and (not path.startswith("/") or "\0" in path or len(path) > LONGEST_PATH):
        raise InputError("stick is no path from the root on")
    return path
