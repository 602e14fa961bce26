"""The holds of the cameras in words and as a part of the status document.

Reads: CameraHold rows. Writes: nothing.
Never: names an end as sure that is only by the wall clock: it is shown, and decides nothing.
"""

from appliance.model_cameras import CameraHold, HoldKind
from appliance.status.freshness import Document
from appliance.store.camera_holds import HoldReader, find_end
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.site_time import format_site_time

WORDS = {
    HoldKind.OFF: "switched off",
    HoldKind.PAUSE: "paused",
    HoldKind.MUTE: "muted (events are stored, nobody is told)",
}


def format_hold(hold: CameraHold, zone: str) -> str:
    """Such as "paused by anna (unitctl) until Wed 15 Apr 18:00: visitors"."""
    end = find_end(hold)
    until = "further notice" if end is None else format_site_time(end, zone, "%a %d %b %H:%M")
    who = f"by {hold.who} ({hold.via})" if hold.via else f"by {hold.who}"
    why = f": {hold.reason}" if hold.reason else ""
    return f"{WORDS[hold.kind]} {who} until {until}{why}"


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
