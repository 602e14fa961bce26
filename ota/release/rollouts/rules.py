"""When a rollout goes on, and when it stops by itself. Pure.

    decision = decide(definition, members, statuses, now)
    decision.action, decision.reason

`members`: the units that have it so far, each with the name of its wave.
Reads and writes: nothing.
Never: counts a unit that sleeps or is silent as failed, or one as a success before its COMMIT.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ota.release.rollouts.definition import RolloutDefinition, RolloutState
from ota.release.rollouts.status import Condition, UnitStatus, find_condition

LEAST_KNOWN_PCT = 90  # of the units that were known before, for the next wave
MOST_NAMED = 3  # units in one sentence
LONGEST_NAMED = 40  # characters of each of their names


class Action(Enum):
    """What is to be done now."""

    WAIT = "wait"
    SOAK = "soak"  # success was reached first: it is noted when
    NEXT = "next"  # the wave after this one begins; after the last the rollout is done
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason`: one sentence with figures."""

    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The units of a wave or of a rollout, by their condition."""

    units: Mapping[Condition, tuple[str, ...]]

    def count(self, condition: Condition) -> int:
        return len(self.units[condition])

    @property
    def total(self) -> int:
        return sum(map(len, self.units.values()))

    @property
    def heard(self) -> int:
        """Those that can be expected to have answered: neither asleep nor silent."""
        return self.total - self.count(Condition.ASLEEP) - self.count(Condition.SILENT)


def count_units(
    units: Iterable[str], release: str, statuses: Mapping[str, UnitStatus], now: datetime
) -> Counts:
    found: dict[Condition, list[str]] = {one: [] for one in Condition}
    for unit in sorted(units):
        found[find_condition(statuses.get(unit), release, now)].append(unit)
    return Counts({condition: tuple(names) for condition, names in found.items()})


def decide(
    definition: RolloutDefinition,
    members: Mapping[str, str],
    statuses: Mapping[str, UnitStatus],
    now: datetime,
) -> Decision:
    if definition.state is not RolloutState.RUNNING:
        text = f"the rollout is {definition.state.value}: {definition.reason}"
        return Decision(Action.WAIT, text)
    of_wave = [unit for unit, wave in members.items() if wave == definition.current.name]
    wave = count_units(of_wave, definition.release, statuses, now)
    everything = count_units(members, definition.release, statuses, now)
    if limit := find_broken_limit(definition, wave, everything):
        return Decision(Action.STOP, f"{definition.label}: {limit}")
    text = f"{definition.label}: {describe(wave, definition.release)}"
    if missing := find_missing(definition, wave):
        return Decision(Action.WAIT, f"{text}; {missing}")
    reached = definition.reached_at or now
    ends = reached + timedelta(hours=definition.soak_h)
    if now >= ends and (shortage := find_shortage(definition, statuses)):
        return Decision(Action.WAIT, f"{text}; {shortage}")
    if now >= ends:
        return Decision(Action.NEXT, f"{text}; it has held for {definition.soak_h} h")
    action = Action.WAIT if definition.reached_at else Action.SOAK
    return Decision(action, f"{text}; it must hold until {ends:%Y-%m-%d %H:%M} UTC")


def find_broken_limit(definition: RolloutDefinition, wave: Counts, everything: Counts) -> str:
    """Why no further unit may get the release; "" while failures are within the limit."""
    limit = definition.failure_pct
    for counts, whose in ((everything, "all units so far"), (wave, "its units")):
        failed = counts.count(Condition.FAILED)
        if 100 * failed > limit * counts.total:
            named = name_units(counts.units[Condition.FAILED])
            return (
                f"{failed} of {counts.total} ({whose}) failed with {definition.release}, more than "
                f"{limit} %: {named}"
            )
    return ""


def find_missing(definition: RolloutDefinition, wave: Counts) -> str:
    """What the success of the wave still needs; "" where it is reached."""
    committed, share = wave.count(Condition.COMMITTED), definition.success_pct
    needed = max(1, -(-share * wave.heard // 100))
    return "" if committed >= needed else f"needs {needed} ({share} % of those awake)"


def find_shortage(definition: RolloutDefinition, statuses: Mapping[str, UnitStatus]) -> str:
    """Why the list of units may be one that was lost in part: shares of it would be too small, and
    the whole group would get the release at once. "" where it is not.
    """
    known = sum(one.group == definition.group for one in statuses.values())
    if 100 * known >= LEAST_KNOWN_PCT * definition.known:
        return ""
    return (
        f"the list has {known} units of group:{definition.group}, it had {definition.known} when "
        f"the wave began, and {LEAST_KNOWN_PCT} % of them are needed; where units left it for "
        "good, stop this rollout and start another one"
    )


def describe(wave: Counts, release: str) -> str:
    """Such as `37 of 40 run 2026.12, 1 failed, 2 asleep (field-3, field-9)`."""
    others = (Condition.FAILED, Condition.ASLEEP, Condition.SILENT, Condition.WAITING)
    told = [
        f"{len(names)} {one.value} ({name_units(names)})"
        for one in others
        if (names := wave.units[one])
    ]
    return ", ".join([f"{wave.count(Condition.COMMITTED)} of {wave.total} run {release}", *told])


def name_units(units: Iterable[str]) -> str:
    """The first of them, and how many more."""
    names = [one if len(one) <= LONGEST_NAMED else f"{one[:LONGEST_NAMED]}..." for one in units]
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
