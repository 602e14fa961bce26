"""The rules of a camera's events: zones with dwell time and count, and crossing lines.

Inputs: the state of each rule, the tracks now. Output: the state now, and the matches. Pure.
Never: uses a predicted position: only a thing seen in this frame enters a zone or crosses a line.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from appliance.sections.cameras import CameraSettings, Direction, LineSettings, Point, ZoneSettings
from inference.events import zones
from inference.events.zones import UNSETTLED
from inference.tracking.state import Track, Tracks

DIRECTION_TEXTS = {zones.LEFT: "to the left", zones.RIGHT: "to the right"}
COUNTED = {
    Direction.BOTH: {zones.LEFT, zones.RIGHT},
    Direction.TO_LEFT: {zones.LEFT},
    Direction.TO_RIGHT: {zones.RIGHT},
}
NOBODY = 0  # no track has this number: it stands for all in a zone together
Key = tuple[int, str]  # a track's number and a rule's tag, such as "z1" or "l2"


@dataclass(frozen=True, slots=True)
class Rules:
    """One camera's zones and lines by tag; without any, being in the picture is enough."""

    zones: Mapping[str, tuple[str, ZoneSettings]] = field(default_factory=dict)
    lines: Mapping[str, tuple[str, LineSettings]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.zones or self.lines)


@dataclass(frozen=True, slots=True)
class Presence:
    """A stay in a zone: since when, and when that was last seen; picture time."""

    since_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class LinePosition:
    """On which side of a line a thing last surely stood, where, and how often it crossed."""

    side: int
    at: Point
    crossings: int = 0


@dataclass(frozen=True, slots=True)
class RuleState:
    """What the rules remember of the things that are tracked."""

    presences: Mapping[Key, Presence] = field(default_factory=dict)
    positions: Mapping[Key, LinePosition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """The tracks after one frame. `patience_s`: gaps that are forgiven; picture time.

    `after_frames` sightings make a thing count in a zone with a least number.
    """

    tracks: Tracks
    _: KW_ONLY
    now_s: float
    patience_s: float
    after_frames: int


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that matches now for `track`. `seen`: this frame showed it.

    `is_fulfilled` False: not an event yet (it must stay longer). `is_instant`: over as it happens.
    An event shows the `text` with the highest `rank`.
    """

    key: Key
    track: Track
    _: KW_ONLY
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
    state: RuleState,
    rules: Rules,
    tracks: Tracks,
    *,
    now_s: float,
    patience_s: float,
    after_frames: int,
) -> tuple[RuleState, list[RuleMatch]]:
    """The state after a frame at picture time `now_s`, and the rules that match.

    Gaps of up to `patience_s` are forgiven; `after_frames` sightings make a thing one of a count.
    """
    moment = Moment(tracks, now_s=now_s, patience_s=patience_s, after_frames=after_frames)
    presences: dict[Key, Presence] = {}
    positions: dict[Key, LinePosition] = {}
    matches: list[RuleMatch] = []
    for tag, (name, zone) in rules.zones.items():
        inside = find_inside(state, tag, zone, moment)
        presences |= {(track.number, tag): presence for track, presence in inside}
        if zone.count_from == 1:
            matches += [match_stay(tag, name, zone, track, stay) for track, stay in inside]
        elif inside:
            crowd, found = apply_count(state, tag, name, zone, moment, inside)
            presences |= crowd
            matches += found
    for tag, (name, line) in rules.lines.items():
        places, found = apply_line(state, tag, name, line, tracks)
        positions |= places
        matches += found
    return RuleState(presences, positions), matches


def is_counted(labels: tuple[str, ...], track: Track) -> bool:
    return not labels or track.label in labels


# --- zones ----------------------------------------------------------------------------------------


def find_inside(
    state: RuleState, tag: str, zone: ZoneSettings, moment: Moment
) -> list[tuple[Track, Presence]]:
    """The tracks in a zone, each with its stay."""
    found = []
    for track in moment.tracks.live:
        if is_counted(zone.labels, track):
            before = state.presences.get((track.number, tag))
            stay = update_presence(before, track, zone, moment)
            if stay:
                found.append((track, stay))
    return found


def update_presence(
    before: Presence | None, track: Track, zone: ZoneSettings, moment: Moment
) -> Presence | None:
    """A track's stay in a zone: kept while it is unseen, ended soon after it is seen outside."""
    if not track.seen_now:
        return before
    inside = zones.is_inside(zones.find_foot_point(track.box), zone.polygon)
    return extend_presence(before, inside, moment)


def extend_presence(before: Presence | None, holds: bool, moment: Moment) -> Presence | None:
    """A stay that goes on while something holds, and through gaps of up to `patience_s`."""
    if holds:
        return Presence(before.since_s if before else moment.now_s, moment.now_s)
    return before if before and moment.now_s - before.last_s <= moment.patience_s else None


def match_stay(tag: str, name: str, zone: ZoneSettings, track: Track, stay: Presence) -> RuleMatch:
    """The match of one thing in a zone."""
    stay_s = stay.last_s - stay.since_s
    text = f"zone {name}: stayed {stay_s:.0f} s" if zone.dwell_s else f"zone {name}"
    seen = stay.last_s == track.at_s
    return RuleMatch(
        (track.number, tag),
        track,
        text=text,
        rank=stay_s,
        seen=seen,
        is_fulfilled=stay_s >= zone.dwell_s,
    )


def apply_count(
    state: RuleState,
    tag: str,
    name: str,
    zone: ZoneSettings,
    moment: Moment,
    inside: list[tuple[Track, Presence]],
) -> tuple[dict[Key, Presence], list[RuleMatch]]:
    """A zone that wants several things at once: since when that holds, and its match."""
    counted = [
        track
        for track, stay in inside
        if stay.last_s - stay.since_s >= zone.dwell_s and track.sightings >= moment.after_frames
    ]
    key = (NOBODY, tag)
    crowd = extend_presence(state.presences.get(key), len(counted) >= zone.count_from, moment)
    if crowd is None:
        return {}, []
    there = counted or [inside[0][0]]
    return {key: crowd}, [match_count(tag, name, zone, there, is_now=crowd.last_s == moment.now_s)]


def match_count(
    tag: str, name: str, zone: ZoneSettings, there: list[Track], *, is_now: bool
) -> RuleMatch:
    """The match of enough things in a zone at once, now or a moment ago."""
    surest = max(there, key=lambda track: (track.seen_now, track.confidence))
    text = f"zone {name}: {len(there)} at once"
    if zone.dwell_s:
        text += f", stayed {zone.dwell_s:.0f} s"
    rank = len(there) if is_now else 0
    return RuleMatch((NOBODY, tag), surest, text=text, rank=rank, seen=is_now and surest.seen_now)


# --- lines ----------------------------------------------------------------------------------------


def apply_line(
    state: RuleState, tag: str, name: str, line: LineSettings, tracks: Tracks
) -> tuple[dict[Key, LinePosition], list[RuleMatch]]:
    """Where the tracks stand to a line, and a match for each that has just crossed it."""
    positions: dict[Key, LinePosition] = {}
    matches = []
    for track in tracks.live:
        if not is_counted(line.labels, track):
            continue
        key = (track.number, tag)
        position, direction = update_position(state.positions.get(key), line, track)
        if position:
            positions[key] = position
        if position and direction in COUNTED[line.direction]:
            matches.append(match_crossing(tag, name, track, direction, position.crossings))
    return positions, matches


def update_position(
    before: LinePosition | None, line: LineSettings, track: Track
) -> tuple[LinePosition | None, int]:
    """Where a track stands to a line, and to which side it has just crossed it, if it has."""
    now = zones.find_side(line.start, line.end, track.box) if track.seen_now else UNSETTLED
    if now == UNSETTLED:
        return before, UNSETTLED
    at = zones.find_foot_point(track.box)
    if before is None:
        return LinePosition(now, at), UNSETTLED
    passed = now != before.side and zones.is_between(
        line.start, line.end, before=before.at, after=at
    )
    return LinePosition(now, at, before.crossings + passed), now if passed else UNSETTLED


def match_crossing(tag: str, name: str, track: Track, direction: int, crossings: int) -> RuleMatch:
    """The match of one thing that has just crossed a line."""
    key = (track.number, f"{tag}x{crossings}" if crossings > 1 else tag)
    text = f"line {name}: {DIRECTION_TEXTS[direction]}"
    return RuleMatch(key, track, text=text, rank=1, seen=True, is_instant=True)
