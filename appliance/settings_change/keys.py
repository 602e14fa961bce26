"""Which settings there are, by their dotted names, and which of them the page may change.

    where = parse_place("camera.front.zone.yard")       # InputError, in words, where there is none
    found = find(where)                                 # a section, a family of sections, or a key
    choose_rule(("web", "port"))                        # Rule.CONFIRM

Reads and writes: nothing; pure.
Never: judges a value; appliance/settings_file.py does.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_type_hints

from appliance.parsing.nearest import advise
from appliance.sections.values import is_named
from appliance.settings import Settings
from appliance.settings_file import NAME
from appliance.settings_rules.places import Place
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

LONGEST_KEY, MOST_PARTS = 200, 6
PART = re.compile(r"[A-Za-z0-9_-]{1,60}")


class Rule(Enum):
    """What it takes to change a setting from the page."""

    FREE = "free"
    CONFIRM = "confirm"  # taken back by itself unless a technician confirms it on the page
    BY_HAND = "by-hand"  # only as root on the unit


# What decides who reaches the page, under which name, or whether the unit and its link are on: a
# mistake in it locks the technician out. Any switch may feed the modem.
CONFIRM = (
    ("web", "*"),
    ("alarms", "page"),
    ("kiosk", "enabled"),
    ("host", "*"),
    ("charger", "*", "*"),
    ("bms", "*", "*"),
    ("battery", "*"),
    ("energy", "*"),
    ("computer", "*"),
    ("switch", "*", "*"),
    ("link", "*"),
)
# What root runs or writes to, where the unit keeps its things, and the clock of a demonstration.
BY_HAND = (
    ("host", "systemctl"),
    ("unit", "data_dir"),
    ("unit", "run_dir"),
    ("update", "dir"),
    *(("switch", "*", key) for key in ("kind", "path", "on", "off", "mac")),
    ("clock", "*"),
    ("web", "tls_dir"),
    ("web", "page_socket"),
)
# Keys of those sections that decide nothing of that kind.
HARMLESS = (
    *(("web", key) for key in ("idle_exit_s", "language")),
    *(("web", f"{way}_{span}_s") for way in ("pin", "login") for span in ("idle", "longest")),
    *(("energy", f"worth_of_{what}") for what in ("listening", "full_hour")),
    *(("switch", "*", f"event_{what}") for what in ("labels", "cameras", "zones", "sun", "hours")),
    ("switch", "*", "event_on_s"),
    *(("link", key) for key in ("budget_mb_per_month", "reset_day", "most_resets_per_day")),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a place: a key (`spec`), a section of the class `kind`, or a family."""

    kind: Any
    spec: Field[Any] | None = None
    is_family: bool = False


def parse_place(text: str) -> Place:
    """The sections and the key of a dotted name; raises `InputError`."""
    where = tuple(text.split(".")) if len(text) <= LONGEST_KEY else ()
    if not 1 <= len(where) <= MOST_PARTS or not all(map(PART.fullmatch, where)):
        raise InputError(
            say("{text} is no name of a setting, such as camera.front.source", text=show(text))
        )
    find(where)
    return where


def format_place(where: Place) -> str:
    """The dotted name."""
    return ".".join(where)


def find(where: Place) -> Found:
    """What stands there; raises `InputError` with the nearest name where nothing does."""
    found = Found(Settings)
    for depth in range(len(where)):
        found = step(found, where[: depth + 1])
    return found


def step(found: Found, where: Place) -> Found:
    """What stands at `where`, within what stands above it."""
    name, title = where[-1], format_place(where[:-1])
    if found.spec is not None:
        raise InputError(say("{title} is a key: there is nothing within it", title=title))
    if found.is_family:
        if not NAME.fullmatch(name):
            raise InputError(
                say(
                    "{title} {name} is no name: lower-case letters, digits and hyphens make one",
                    title=title,
                    name=show(name),
                )
            )
        return Found(found.kind)
    known = list_fields(found.kind)
    if name not in known:
        kind = "key" if len(where) > 1 else "section"
        raise InputError(
            say(
                "{place} is not a known {kind}; {advice}",
                place=format_place(where),
                kind=kind,
                advice=advise(name, known),
            )
        )
    spec, hint = known[name]
    if is_named(hint):
        return Found(get_args(hint)[1], is_family=True)
    return Found(hint) if is_dataclass(hint) else Found(hint, spec)


@cache
def list_fields(kind: Any) -> Mapping[str, tuple[Field[Any], Any]]:
    """The fields of a section's class with their types; not the path of the file itself."""
    hints = get_type_hints(kind)
    found = {spec.name: (spec, hints[spec.name]) for spec in fields(kind)}
    if kind is Settings:
        found.pop("path")
    return found


def choose_rule(where: Place) -> Rule:
    """What it takes to change that key from the page."""
    if is_by_hand(where):
        return Rule.BY_HAND
    if fits_any(where, CONFIRM) and not fits_any(where, HARMLESS):
        return Rule.CONFIRM
    return Rule.FREE


def is_by_hand(where: Place) -> bool:
    """Whether only root on the unit changes it. A file that a service reads a secret from is one of
    them: with another address beside it, any file that the service may read would go there.
    """
    return fits_any(where, BY_HAND) or (len(where) > 1 and where[-1].endswith("_file"))


def fits_any(where: Place, patterns: Iterable[Place]) -> bool:
    return any(fits(where, one) for one in patterns)


def fits(where: Place, pattern: Place) -> bool:
    """Whether a place is the pattern's; `*` stands for any name."""
    return len(where) == len(pattern) and all(
        name in (own, "*") for own, name in zip(where, pattern, strict=True)
    )
