"""The holds of the cameras in words and as a part of the status document.

Reads: CameraHold rows. Writes: nothing.
Never: names an end as sure that is only by the wall clock: it is shown, and decides nothing.
"""

from appliance.model_cameras import CameraHold, HoldKind
from appliance.status.freshness import Document
from appliance.store.camera_holds import HoldReader, find_end
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

WORDS = {
    HoldKind.OFF: say("switched off"),
    HoldKind.PAUSE: say("paused"),
    HoldKind.MUTE: say("muted (events are stored, nobody is told)"),
}


def format_hold(hold: CameraHold, zone: str) -> str:
    """Such as "paused by anna (unitctl) until Wed 15 Apr 18:00: visitors"."""
    end = find_end(hold)
    who = say("by {who}", who=hold.who)
    if hold.via:
        who = say("by {who} ({via})", who=hold.who, via=hold.via)
    until = say("further notice")
    if end is not None:
        until = say("{at:%a %d %b %H:%M}", at=end.astimezone(find_zone(zone)))
    told = say("{kind} {who} until {until}", kind=WORDS[hold.kind], who=who, until=until)
    return say("{hold}: {reason}", hold=told, reason=hold.reason) if hold.reason else told


def describe_holds(store: Store, camera: str, zone: str) -> list[Document]:
    """The holds in force of one camera, those that take most first. Raises `StoreError`."""
    found = HoldReader(store).find(camera)
    return [describe_hold(found[kind], zone) for kind in HoldKind if kind in found]


def describe_hold(hold: CameraHold, zone: str) -> Document:
    """One of them. `until` null: until further notice."""
    end = find_end(hold)
    return {
        "kind": hold.kind.value,
        "since": encode_time(hold.stamp.utc),
        "until": None if end is None else encode_time(end),
        "all_cameras": hold.camera == "",
        "who": hold.who,
        "via": hold.via,
        "reason": hold.reason,
        "text": format_hold(hold, zone),
    }
