"""Commands over MQTT: cameras are paused, muted or switched off. Pure.

In: topic and payload of a message. Out: what it orders, or in words why it is refused.
Never: raises anything but `InputError`, whatever the message is.

    PREFIX/UNIT/camera/NAME/enabled/set         OFF: not connected; ON: that hold ends
    PREFIX/UNIT/camera/NAME/detect/set          OFF: connected, nothing is analysed, no events
    PREFIX/UNIT/camera/NAME/notifications/set   OFF: events are stored, nobody is told
    PREFIX/UNIT/camera/NAME/notifications/suspend   minutes for which nobody is told; 0 ends it
    PREFIX/UNIT/cameras/...                     the same of all cameras

Each `set` takes ON, OFF or an object, all but `state` optional, `for` and `until` not together:
{"state": "OFF", "for": "2h", "until": "18:00", "who": "anna", "reason": "visitors"}. What is in
force is published, retained, under `.../state` as ON or OFF, and when a mute ends under
`.../notifications/suspended` (seconds since 1970; 0: not muted, or until further notice). Names and
payloads are those of Frigate where it has them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, TypeVar

from appliance.model import Stamp
from appliance.model_cameras import CameraHold, HoldKind
from appliance.parsing.times import parse_span, parse_time
from appliance.parsing.values import parse_count, parse_name
from appliance.store.camera_holds import ALL, Order, find_end, make_hold
from appliance.strict_json import InputError, parse_object, refuse_unknown, require_text, show

ON, OFF = "ON", "OFF"
KINDS = {"enabled": HoldKind.OFF, "detect": HoldKind.PAUSE, "notifications": HoldKind.MUTE}
SET, STATE, SUSPEND, SUSPENDED = "set", "state", "suspend", "suspended"
NAMES = ("state", "for", "until", "who", "reason")
SOMEBODY = "somebody over MQTT"
MOST_BYTES = 1024
LONGEST_MINUTES = 60 * 24 * 366
LONGEST_TEXT = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """What a command's topic names: a camera (or all) and one of its three switches."""

    camera: str
    kind: HoldKind
    suspends: bool


class CommandTopics:
    """The topics of the commands of one unit."""

    def __init__(self, root: str, cameras: Iterable[str]) -> None:
        self._root = root
        self.cameras = tuple(cameras)

    def list_patterns(self) -> Sequence[str]:
        """What is subscribed to."""
        scopes = (f"{self._root}/camera/+", f"{self._root}/cameras")
        return [
            *(f"{scope}/+/{SET}" for scope in scopes),
            *(f"{scope}/notifications/{SUSPEND}" for scope in scopes),
        ]

    def format_base(self, camera: str, word: str) -> str:
        """The topic of one switch, without its last part."""
        return f"{self._root}/camera/{camera}/{word}"

    def find_place(self, topic: str) -> Place:
        """Raises `InputError` where there is no such camera or switch."""
        parts = topic.removeprefix(f"{self._root}/").split("/")
        if len(parts) < 3:
            raise InputError(f"{show(topic)} is no topic of a command")
        *scope, word, verb = parts
        kind = KINDS.get(word)
        if kind is None or verb not in (SET, SUSPEND):
            raise InputError(f"there is no switch {show(word)}: there are {', '.join(KINDS)}")
        if scope == ["cameras"]:
            return Place(ALL, kind, verb == SUSPEND)
        name = scope[-1]
        if scope[:-1] != ["camera"] or name not in self.cameras:
            raise InputError(f"there is no camera {show(name)}")
        return Place(name, kind, verb == SUSPEND)

    def build_states(self, holds: Mapping[str, Mapping[HoldKind, CameraHold]]) -> dict[str, str]:
        """The retained messages that say what is in force of each camera."""
        found = {}
        for camera, own in holds.items():
            for word, kind in KINDS.items():
                found[f"{self.format_base(camera, word)}/{STATE}"] = OFF if kind in own else ON
            mute = own.get(HoldKind.MUTE)
            end = find_end(mute) if mute else None
            seconds = 0 if end is None else int(end.timestamp())
            found[f"{self.format_base(camera, 'notifications')}/{SUSPENDED}"] = str(seconds)
        return found


def parse_command(place: Place, topic: str, payload: bytes, now: Stamp, zone: tzinfo) -> CameraHold:
    """The order that a message gives. Raises `InputError`."""
    if len(payload) > MOST_BYTES:
        raise InputError(f"it has more than {MOST_BYTES} bytes")
    text = payload.decode(errors="replace").strip()
    given = parse_minutes(text) if place.suspends else parse_set(text)
    state = require_text(given.get("state"), "state", 10).upper()
    if state not in (ON, OFF):
        raise InputError(f"state is ON or OFF, not {show(state)}")
    if "until" in given and "for" in given:
        raise InputError("give `for` or `until`, not both")
    until = parse_given(given, "until", parse_time)
    order = Order(
        who=parse_given(given, "who", parse_name) or SOMEBODY,
        via=topic,
        reason=parse_given(given, "reason", parse_name) or "",
        span=parse_given(given, "for", parse_span),
        until=None if until is None else until.find_next_utc(now.utc, zone),
    )
    return make_hold(place.camera, place.kind, order, now, holds=state == OFF)


def parse_given(given: Mapping[str, Any], name: str, parse: Callable[[str], T]) -> T | None:
    """One value of the object, parsed; None where it is not there or empty."""
    text = require_text(given.get(name, ""), name, LONGEST_TEXT)
    return parse(text) if text else None


def parse_set(text: str) -> dict[str, Any]:
    """ON, OFF or an object."""
    if not text.startswith("{"):
        return {"state": text[:20]}
    given = parse_object(text.encode(), most_bytes=MOST_BYTES)
    refuse_unknown(given, NAMES)
    return given


def parse_minutes(text: str) -> dict[str, Any]:
    """Minutes for which nobody is told; 0: somebody is."""
    minutes = parse_count(text, 0, LONGEST_MINUTES)
    if minutes == 0:
        return {"state": ON}
    return {"state": OFF, "for": f"{minutes}m"}
