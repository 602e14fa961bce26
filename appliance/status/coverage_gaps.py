"""Why a camera's process wrote nothing in some time. Pure.

In: the times that it wrote about, the energy levels and the sleeps of the unit. Out: all of the
time, each part with whether the camera was watched and why not.
Never: takes a time of which nothing is known for a watched one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.model import EnergyLevel
from appliance.model_cameras import Watching
from appliance.store.rows import encode_time
from appliance.store.steps import FINE_S, LEVEL_SHARES, round_down
from appliance.wording.sentence import say

SHORTEST_GAP = timedelta(seconds=5)  # between rows of one process
STEP = timedelta(seconds=FINE_S)
REASONS = {
    Watching.ASLEEP: say("the unit slept"),
    Watching.UNIT_OFF: say(
        "nothing on the unit wrote anything: it was off, or its database was lost"
    ),
    Watching.ENERGY: say("the energy level was below the one from which the camera runs"),
    Watching.UNKNOWN: say("nothing had been stored yet"),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which one thing was so."""

    begins: datetime
    ends: datetime
    watching: Watching
    reason: str

    @property
    def seconds(self) -> float:
        return (self.ends - self.begins).total_seconds()


@dataclass(frozen=True, slots=True)
class GapReasons:
    """What explains times of which a camera's process wrote nothing."""

    camera: str
    runs_from: EnergyLevel
    known_from: datetime | None  # nobody wrote this report's rows before
    levels: Mapping[str, Mapping[str, float]]
    sleeps: list[tuple[datetime, datetime]]

    def find(self, at: datetime) -> Watching:
        """Why, in the 5 minutes of that moment."""
        if self.known_from and at < self.known_from:
            return Watching.UNKNOWN
        if any(begins <= at < ends for begins, ends in self.sleeps):
            return Watching.ASLEEP
        shares = self.levels.get(encode_time(round_down(at, FINE_S)))
        if shares is None:
            return Watching.UNIT_OFF
        low = sum(
            share
            for name, share in shares.items()
            if EnergyLevel[LEVEL_SHARES[name]] < self.runs_from
        )
        return Watching.ENERGY if low > 0.5 else Watching.GONE


def explain_gaps(
    stretches: list[Stretch], since: datetime, until: datetime, reasons: GapReasons
) -> list[Stretch]:
    """All of the time: what was written, and why nothing was between it."""
    found: list[Stretch] = []
    at = since
    for one in [*stretches, Stretch(until, until, Watching.UNKNOWN, "")]:
        if one.begins - at > SHORTEST_GAP:
            found += explain_gap(at, one.begins, reasons)
            at = one.begins
        found.append(replace(one, begins=min(at, one.begins)))
        at = max(at, one.ends)
    return merge(one for one in found if one.begins < one.ends)


def explain_gap(begins: datetime, ends: datetime, reasons: GapReasons) -> Iterator[Stretch]:
    """One gap, in pieces that end with the steps and with sleeps."""
    marks = [edge for span in reasons.sleeps for edge in span]
    marks += [reasons.known_from] if reasons.known_from else []
    edges = {edge for edge in marks if begins < edge < ends}
    at = round_down(begins, FINE_S) + STEP
    while at < ends:
        edges.add(at)
        at += STEP
    for piece_begins, piece_ends in zip(
        [begins, *sorted(edges)], [*sorted(edges), ends], strict=True
    ):
        watching = reasons.find(piece_begins)
        yield Stretch(piece_begins, piece_ends, watching, explain(watching, reasons.camera))


def explain(watching: Watching, camera: str) -> str:
    """Why nothing was written, in words."""
    if watching is not Watching.GONE:
        return REASONS[watching]
    return say("its process was not there: see `journalctl -t camera@{camera}`", camera=camera)


def merge(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Those that follow each other and are the same, as one; the last reason stays."""
    found: list[Stretch] = []
    for one in stretches:
        last = found[-1] if found else None
        if last and last.watching is one.watching and one.begins - last.ends <= SHORTEST_GAP:
            found[-1] = replace(one, begins=last.begins)
        else:
            found.append(one)
    return found


def clip(stretches: Iterable[Stretch], begins: datetime, ends: datetime) -> Iterator[Stretch]:
    """The parts within a time."""
    for one in stretches:
        if one.begins < ends and begins < one.ends:
            yield replace(one, begins=max(one.begins, begins), ends=min(one.ends, ends))
