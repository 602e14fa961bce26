"""Commands over MQTT: cameras are paused, muted or switched off. Pure.

In: topic and payload of a message. Out: what it orders, or in words why it is refused.
Never: raises anything but `InputError`, whatever the message is.

    PREFIX/ID/camera/NAME/enabled/set         OFF: not connected; ON: that hold ends
    PREFIX/ID/camera/NAME/detect/set          OFF: connected, nothing is analysed, no events
    PREFIX/ID/camera/NAME/notifications/set   OFF: events are stored, nobody is told
    PREFIX/ID/camera/NAME/notifications/suspend   minutes for which nobody is told; 0 ends it
    PREFIX/ID/camera/NAME/off-for/set         one of `OFF_SPANS`: not connected for so long
    PREFIX/ID/cameras/...                     the same of all cameras

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
OFF_FOR = "off-for"
# What a person can choose in a list: how long it is off, in hours; 0: it is on.
UNTIL_A_TIME, UNTIL_ON = "until a time", "until switched on"
SPANS_H = {"on": 0, "1 h": 1, "4 h": 4, "12 h": 12, "24 h": 24}
OFF_SPANS = (*SPANS_H, UNTIL_A_TIME, UNTIL_ON)
HOUR_S = 3600.0
NAMES = ("state", "for", "until", "who", "reason")
SOMEBODY = "somebody over MQTT"
MOST_BYTES = 1024
LONGEST_MINUTES = 60 * 24 * 366
LONGEST_TEXT = 200
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """What a command's topic names: a camera (or all), one of its three switches, and in which form
    the order is given.
    """

    camera: str
    kind: HoldKind
    suspends: bool
    chooses: bool = False


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
        kind = HoldKind.OFF if word == OFF_FOR else KINDS.get(word)
        if kind is None or verb not in (SET, SUSPEND):
            raise InputError(f"there is no switch {show(word)}: there are {', '.join(KINDS)}")
        return Place(self._find_camera(scope), kind, verb == SUSPEND, word == OFF_FOR)

    def _find_camera(self, scope: Sequence[str]) -> str:
        if list(scope) == ["cameras"]:
            return ALL
        *head, name = scope
        if head != ["camera"] or name not in self.cameras:
            raise InputError(f"there is no camera {show(name)}")
        return name

    def build_states(self, holds: Mapping[str, Mapping[HoldKind, CameraHold]]) -> dict[str, str]:
        """The retained messages that say what is in force of each camera."""
        found = {}
        for camera, own in holds.items():
            for word, kind in KINDS.items():
                found[f"{self.format_base(camera, word)}/{STATE}"] = OFF if kind in own else ON
            found[f"{self.format_base(camera, OFF_FOR)}/{STATE}"] = name_span(own.get(HoldKind.OFF))
            mute = own.get(HoldKind.MUTE)
            end = find_end(mute) if mute else None
            seconds = 0 if end is None else int(end.timestamp())
            found[f"{self.format_base(camera, 'notifications')}/{SUSPENDED}"] = str(seconds)
        return found


def parse_command(place: Place, topic: str, payload: bytes, now: Stamp, zone: tzinfo) -> CameraHold:
    """The order that a message gives. Raises `InputError`."""
    if len(payload) > MOST_BYTES:
        raise InputError(f"it has more than {MOST_BYTES} bytes")
    given = parse_payload(place, payload.decode(errors="replace").strip())
    state, order = parse_order(given, topic, now, zone)
    return make_hold(place.camera, place.kind, order, now, holds=state == OFF)


def parse_payload(place: Place, text: str) -> Mapping[str, Any]:
    """The order as an object, in whichever form it comes."""
    if place.chooses and not text.startswith("{"):
        return parse_choice(text)
    return parse_minutes(text) if place.suspends else parse_set(text)


def parse_order(
    given: Mapping[str, Any], topic: str, now: Stamp, zone: tzinfo
) -> tuple[str, Order]:
    """ON or OFF; until when, who and why. Raises `InputError`."""
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
    return state, order


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


def parse_choice(text: str) -> dict[str, Any]:
    """One of `OFF_SPANS`."""
    if text == UNTIL_ON:
        return {"state": OFF}
    hours = SPANS_H.get(text)
    if hours is None:
        choices = ", ".join((*SPANS_H, UNTIL_ON))
        raise InputError(
            f"{show(text)} is none of {choices}; for another time publish "
            'an object such as {"state": "OFF", "until": "18:00"}'
        )
    return {"state": OFF, "for": f"{hours}h"} if hours else {"state": ON}


def name_span(hold: CameraHold | None) -> str:
    """Which of `OFF_SPANS` is in force."""
    if hold is None:
        return next(iter(SPANS_H))
    if find_end(hold) is None:
        return UNTIL_ON
    by_hours = {hours * HOUR_S: word for word, hours in SPANS_H.items()}
    return UNTIL_A_TIME if hold.lasts_s is None else by_hours.get(hold.lasts_s, UNTIL_A_TIME)
