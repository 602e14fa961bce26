"""What each camera does now, as documents of retained messages. Pure.

In: the status document (docs/status.md), who is there (presence.py), counted energy. Out: topic ->
document.
Never: says that nobody is there where nobody looks: then it is null.
"""

from collections.abc import Mapping
from typing import Any

from appliance.mqtt.presence import Presence
from appliance.mqtt.topics import Document, Documents, Topics
from appliance.mqtt.unit_state import describe_reason, round_to, select_fresh, to_kwh


def build_camera_states(
    topics: Topics, status: Document, presence: Presence, energy_wh: Mapping[str, float]
) -> Documents:
    """One document for each camera of the settings."""
    return {
        topics.camera(one["camera"]): build_camera_state(one)
        | presence.describe(one["camera"])
        | {"energy_kwh": to_kwh(energy_wh.get(one["camera"]))}
        for one in status["cameras"]
    }


def build_camera_state(camera: Document) -> dict[str, Any]:
    """One camera in a few words."""
    now = select_fresh(camera)
    newest = camera["last_event"] or {}
    return {
        "mode": now.get("mode"),
        "power_w": round_to(now.get("cost_w"), 1),
        **describe_reason(now.get("reason")),
        "stream": now.get("stream"),
        "holds": "; ".join(one["text"] for one in camera["holds"]) or None,
        "last_event_at": newest.get("at"),
        "problem": not now,
    }
