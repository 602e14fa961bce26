"""What must happen before a camera tells of a thing: zones, how long, how many, and lines.

Inputs: what is remembered of each thing, the tracks now. Output: the same now, and what holds.
Pure.
Never: believes a coasting track: only who was seen in this look steps into a zone or over a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.settings import CameraSettings, Direction, LineSettings, Point, ZoneSettings
from inference.events import zones
from inference.events.zones import UNSETTLED
from inference.tracking.track import Track, Tracks

WORDS = {zones.LEFT: "to the left", zones.RIGHT: "to the right"}
COUNTED = {
    Direction.BOTH: {zones.LEFT, zones.RIGHT},
    Direction.TO_LEFT: {zones.LEFT},
    Direction.TO_RIGHT: {zones.RIGHT},
}
NOBODY = 0  # no track has this number: it stands for all in a zone together
Key = tuple[int, str]  # a track's number and a rule's tag, such as "z1" or "l2"


@dataclass(frozen=True, slots=True)
class Rules:
    """One camera's zones and lines by tag; with none of either, being there is enough."""

    zones: Mapping[str, tuple[str, ZoneSettings]] = field(default_factory=dict)
    lines: Mapping[str, tuple[str, LineSettings]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.zones or self.lines)


@dataclass(frozen=True, slots=True)
class Presence:
    """A stay: since when, and when that was last seen to be so; picture time."""

    since_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class LinePosition:
    """On which side of a line a thing last surely stood, where, and how often it walked over."""

    side: int
    at: Point
    crossings: int = 0


@dataclass(frozen=True, slots=True)
class RuleState:
    """All that is remembered of the things that are followed."""

    presences: Mapping[Key, Presence] = field(default_factory=dict)
    positions: Mapping[Key, LinePosition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that holds now for `track`. `seen`: this look showed it.

    `ripe` False: not yet to be told (it must stay longer). `at_once`: it is over as it happens.
    Of one rule's `words`, those with the highest `rank` are told.
    """

    key: Key
    track: Track
    text: str
    rank: float
    seen: bool
    is_fulfilled: bool = True
    is_instant: bool = False

    @property
    def tag(self) -> str:
        """The rule's tag, without the count of a line's crossings."""
        return self.key[1].partition("x")[0]


def build_rules(camera: CameraSettings) -> Rules:
    """The rules in a camera's settings; a zone without three corners and a point are none."""
    named_zones = [one for one in camera.zone.items() if len(one[1].polygon) >= 3]
    named_lines = [one for one in camera.line.items() if one[1].start != one[1].end]
    return Rules(
        {f"z{count}": one for count, one in enumerate(named_zones, 1)},
        {f"l{count}": one for count, one in enumerate(named_lines, 1)},
    )


def apply_rules(
    memory: RuleState,
    rules: Rules,
    tracks: Tracks,
    now_s: float,
    patience_s: float,
    after_frames: int,
) -> tuple[RuleState, list[RuleMatch]]:
    """What is remembered after a look at `now_s`, and the rules that hold.

    Gaps of up to `patience_s` are forgiven; `after_frames` sightings make a thing one of a count.
    """
    stays: dict[Key, Presence] = {}
    footings: dict[Key, LinePosition] = {}
    claims: list[RuleMatch] = []
    for tag, (name, zone) in rules.zones.items():
        inside = find_inside(memory, tag, zone, tracks, now_s, patience_s)
        stays |= {(track.number, tag): stay for track, stay in inside}
        if zone.count_from == 1:
            claims += [match_stay(tag, name, zone, track, stay) for track, stay in inside]
        else:
            ripe = [
                track
                for track, stay in inside
                if stay.last_s - stay.since_s >= zone.dwell_s and track.sightings >= after_frames
            ]
            before = memory.presences.get((NOBODY, tag))
            crowd = extend_presence(before, len(ripe) >= zone.count_from, now_s, patience_s)
            if crowd and inside:
                stays[NOBODY, tag] = crowd
                claims.append(match_count(tag, name, zone, ripe or [inside[0][0]], crowd, now_s))
    for tag, (name, line) in rules.lines.items():
        for track in tracks.live:
            if is_counted(line.labels, track):
                before_line = memory.positions.get((track.number, tag))
                footing, direction = update_position(before_line, line, track)
                if footing:
                    footings[track.number, tag] = footing
                if footing and direction in COUNTED[line.direction]:
                    claims.append(match_crossing(tag, name, track, direction, footing.crossings))
    return RuleState(stays, footings), claims


def is_counted(labels: tuple[str, ...], track: Track) -> bool:
    return not labels or track.label in labels


# --- zones ----------------------------------------------------------------------------------------


def find_inside(
    memory: RuleState, tag: str, zone: ZoneSettings, tracks: Tracks, now_s: float, patience_s: float
) -> list[tuple[Track, Presence]]:
    """Who is in a zone, and since when."""
    found = []
    for track in tracks.live:
        if is_counted(zone.labels, track):
            before = memory.presences.get((track.number, tag))
            stay = update_presence(before, track, zone, now_s, patience_s)
            if stay:
                found.append((track, stay))
    return found


def update_presence(
    before: Presence | None, track: Track, zone: ZoneSettings, now_s: float, patience_s: float
) -> Presence | None:
    """A track's stay in a zone. Who is not seen has not left; who is seen outside soon has."""
    if not track.seen_now:
        return before
    inside = zones.is_inside(zones.find_foot_point(track.box), zone.polygon)
    return extend_presence(before, inside, now_s, patience_s)


def extend_presence(
    before: Presence | None, holds: bool, now_s: float, patience_s: float
) -> Presence | None:
    """A stay that goes on while something holds, and through gaps of up to `patience_s`."""
    if holds:
        return Presence(before.since_s if before else now_s, now_s)
    return before if before and now_s - before.last_s <= patience_s else None


def match_stay(tag: str, name: str, zone: ZoneSettings, track: Track, stay: Presence) -> RuleMatch:
    """One thing is in a zone."""
    stay_s = stay.last_s - stay.since_s
    words = f"zone {name}: stayed {stay_s:.0f} s" if zone.dwell_s else f"zone {name}"
    seen = stay.last_s == track.at_s
    return RuleMatch((track.number, tag), track, words, stay_s, seen, stay_s >= zone.dwell_s)


def match_count(
    tag: str, name: str, zone: ZoneSettings, there: list[Track], crowd: Presence, now_s: float
) -> RuleMatch:
    """Enough things are in a zone at once, or were a moment ago."""
    enough = crowd.last_s == now_s
    surest = max(there, key=lambda track: (track.seen_now, track.confidence))
    words = f"zone {name}: {len(there)} at once"
    if zone.dwell_s:
        words += f", stayed {zone.dwell_s:.0f} s"
    rank = len(there) if enough else 0
    return RuleMatch((NOBODY, tag), surest, words, rank, enough and surest.seen_now)


# --- lines ----------------------------------------------------------------------------------------


def update_position(
    before: LinePosition | None, line: LineSettings, track: Track
) -> tuple[LinePosition | None, int]:
    """Where a track stands to a line, and to which side it has just walked over it, if it has."""
    now = zones.find_side(line.start, line.end, track.box) if track.seen_now else UNSETTLED
    if now == UNSETTLED:
        return before, UNSETTLED
    at = zones.find_foot_point(track.box)
    if before is None:
        return LinePosition(now, at), UNSETTLED
    passed = now != before.side and zones.is_between(line.start, line.end, before.at, at)
    return LinePosition(now, at, before.crossings + passed), now if passed else UNSETTLED


def match_crossing(tag: str, name: str, track: Track, direction: int, crossings: int) -> RuleMatch:
    """One thing has walked over a line."""
    key = (track.number, f"{tag}x{crossings}" if crossings > 1 else tag)
    return RuleMatch(key, track, f"line {name}: {WORDS[direction]}", 1, seen=True, is_instant=True)
