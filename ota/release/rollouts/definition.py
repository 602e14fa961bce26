"""A rollout as the director signs it: the target `rollouts/NAME`. Pure.

    definition = parse_definition("december", target.custom)
    custom = format_definition(definition)

Reads and writes: nothing.
Never: takes what this version cannot judge; a rollout that is not understood does not go on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.shorten import make_printable, shorten
from ota.manifest import NAME, require_match
from ota.release.errors import ReleaseError
from ota.release.metadata.writing import format_time
from ota.trust.assignment import LONGEST_PAUSE, require_window

FIRST = "first"  # name of the wave whose units are named
MOST_WAVES, MOST_UNITS, MOST_NOTES = 20, 500, 40
LONGEST_NAME = 200
LONGEST_REASON = LONGEST_PAUSE  # units tell it
MARK = 40  # characters that say how much of a reason was left out
MOST_KNOWN = 10_000_000
MOST_SOAK_H = 24 * 60
MOST_BYTES = 128 * 1024  # units that look for an entry in the same bin fetch it as well


class RolloutState(Enum):
    """Running and paused ones hold their group; the others are history."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"

    @property
    def is_live(self) -> bool:
        return self in (RolloutState.RUNNING, RolloutState.PAUSED)


@dataclass(frozen=True, slots=True)
class Wave:
    """Either `units`, or `percent` of the group's known units, all waves before included."""

    name: str
    units: tuple[str, ...] | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What happened, in a sentence; UTC."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class RolloutDefinition:
    """`window`: hours of the site, "" for any. `wave`: index of the current one. `reached_at`: when
    its success was first reached, from which `soak_h` counts; None: not yet. `known`: units of the
    group that were known when the wave began. `reason`: why it is as it is. `history`: the newest
    last. Times are UTC.
    """

    name: str
    release: str
    group: str
    waves: tuple[Wave, ...]
    window: str
    success_pct: int
    failure_pct: int
    soak_h: int
    wave_since: datetime
    state: RolloutState = RolloutState.RUNNING
    wave: int = 0
    reached_at: datetime | None = None
    known: int = 0
    reason: str = ""
    history: tuple[Note, ...] = ()

    @property
    def current(self) -> Wave:
        return self.waves[self.wave]

    @property
    def label(self) -> str:
        """Such as `wave 10% (2 of 4)`."""
        return f"wave {self.current.name} ({self.wave + 1} of {len(self.waves)})"

    def note(self, at: datetime, text: str, **changes: Any) -> "RolloutDefinition":
        """With `text` as its reason and at the end of its history."""
        text = shorten(make_printable(text), LONGEST_REASON - MARK)
        history = (*self.history, Note(at, text))[-MOST_NOTES:]
        return replace(self, reason=text, history=history, **changes)


def make_waves(first: Sequence[str], percents: Sequence[int]) -> tuple[Wave, ...]:
    """The units that are named, then shares of the group; raises `ReleaseError`."""
    is_rising = all(low < high for low, high in pairwise(percents))
    if not percents or percents[-1] != 100 or percents[0] < 1 or not is_rising:
        raise ReleaseError(
            "waves are rising percentages that end with 100%, such as 1%,10%,50%,100%"
        )
    shares = [Wave(f"{one}%", percent=one) for one in percents]
    named = [Wave(FIRST, units=tuple(dict.fromkeys(first)))] if first else []
    return (*named, *shares)


def format_definition(definition: RolloutDefinition) -> dict[str, Any]:
    """As `custom` of the target: canonical JSON, which knows no fractions."""
    reached = definition.reached_at
    return {
        "release": definition.release,
        "group": definition.group,
        "waves": [
            {
                "name": one.name,
                "units": None if one.units is None else list(one.units),
                "percent": one.percent,
            }
            for one in definition.waves
        ],
        "window": definition.window,
        "success_pct": definition.success_pct,
        "failure_pct": definition.failure_pct,
        "soak_h": definition.soak_h,
        "state": definition.state.value,
        "wave": definition.wave,
        "wave_since": format_time(definition.wave_since),
        "reached_at": format_time(reached) if reached else None,
        "known": definition.known,
        "reason": definition.reason,
        "history": [{"at": format_time(one.at), "text": one.text} for one in definition.history],
    }


KEYS = frozenset(RolloutDefinition.__slots__) - {"name"}


def parse_definition(name: str, custom: Any) -> RolloutDefinition:
    """Raises `ReleaseError`."""
    try:
        return build_definition(name, custom)
    except (ValueError, KeyError, TypeError) as error:
        missing = "it has no " if isinstance(error, KeyError) else ""
        raise ReleaseError(
            f"the rollout {name} cannot be understood ({missing}{error}): go on with the program "
            f"that made it, or take it away with `fleet rollout remove {name}`"
        ) from None


def build_definition(name: str, custom: Any) -> RolloutDefinition:
    if not isinstance(custom, dict):
        raise InputError(f"custom is {strict_json.show(custom)}")
    strict_json.refuse_unknown(custom, KEYS)
    if len(json.dumps(custom)) > MOST_BYTES:
        raise InputError(f"it has more than {MOST_BYTES} bytes; name fewer units in its first wave")
    waves = parse_waves(custom["waves"])
    return RolloutDefinition(
        name=require_match(NAME, name, "name"),
        release=require_match(NAME, custom["release"], "release"),
        group=require_name(custom["group"], "group"),
        waves=waves,
        window=require_window(custom["window"]),
        success_pct=strict_json.require_whole_number(custom["success_pct"], "success_pct", 1, 100),
        failure_pct=strict_json.require_whole_number(custom["failure_pct"], "failure_pct", 0, 99),
        soak_h=strict_json.require_whole_number(custom["soak_h"], "soak_h", 0, MOST_SOAK_H),
        state=RolloutState(custom["state"]),
        wave=strict_json.require_whole_number(custom["wave"], "wave", 0, len(waves) - 1),
        wave_since=strict_json.require_time(custom["wave_since"], "wave_since"),
        reached_at=find_time(custom["reached_at"], "reached_at"),
        known=strict_json.require_whole_number(custom["known"], "known", 0, MOST_KNOWN),
        reason=require_text(custom["reason"], "reason"),
        history=parse_history(custom["history"]),
    )


def parse_waves(value: Any) -> tuple[Wave, ...]:
    waves = tuple(map(parse_wave, strict_json.require_list(value, "waves", MOST_WAVES)))
    check_waves(waves)
    return waves


def parse_history(value: Any) -> tuple[Note, ...]:
    return tuple(map(parse_note, strict_json.require_list(value, "history", MOST_NOTES)))


def parse_wave(tree: Mapping[str, Any]) -> Wave:
    name = require_name(tree["name"], "name of a wave")
    if tree["units"] is None:
        return Wave(
            name, percent=strict_json.require_whole_number(tree["percent"], "percent", 1, 100)
        )
    if tree["percent"] is not None:
        raise InputError(f"wave {name} has both units and a percentage")
    units = strict_json.require_list(tree["units"], "units", MOST_UNITS)
    return Wave(name, units=tuple(require_name(one, "unit") for one in units))


def check_waves(waves: Sequence[Wave]) -> None:
    """Each has a name of its own; shares rise, to the whole group."""
    names = [one.name for one in waves]
    shares = [one.percent for one in waves if one.percent is not None]
    if len(set(names)) < len(names) or not shares or shares != sorted(set(shares)):
        raise InputError("waves have names of their own, and percentages that rise")
    if waves[-1].percent != 100:
        raise InputError("the last wave is not 100 percent of the group")


def parse_note(tree: Mapping[str, Any]) -> Note:
    return Note(strict_json.require_time(tree["at"], "at"), require_text(tree["text"], "text"))


def require_text(value: Any, name: str) -> str:
    return strict_json.require_text(value, name, LONGEST_REASON)


def require_name(value: Any, name: str) -> str:
    if not strict_json.require_text(value, name, LONGEST_NAME).strip():
        raise InputError(f"{name} is empty")
    return str(value)


def find_time(value: Any, name: str) -> datetime | None:
    return None if value is None else strict_json.require_time(value, name)
