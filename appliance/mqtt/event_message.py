"""One event as a message. Pure.

In: an event as a document (docs/status.md). Out: its topic and JSON text.
Never: sends a picture, or the path of one.
"""

from typing import Any

from appliance.mqtt.topics import Document, Topics, to_json

EVENT_TYPE = "seen"
NAMES = ("event_id", "at", "last_seen", "camera", "label", "confidence", "rule", "reason")
CONFIDENCE_DIGITS = 3


def build_event(topics: Topics, event: Document, *, again: bool = False) -> tuple[str, str]:
    """One event's topic and payload. `again`: it was told before, and may not have arrived."""
    names = [*NAMES, *(["sub_label", "sub_confidence"] if event.get("sub_label") else [])]
    document: dict[str, Any] = {"event_type": EVENT_TYPE}
    document |= {name: event.get(name) for name in names}
    for name in ("confidence", "sub_confidence"):
        if isinstance(document.get(name), float):
            document[name] = round(document[name], CONFIDENCE_DIGITS)
    if again:
        document["again"] = True
    return topics.event(event["camera"]), to_json(document)
