"""What was decided when and why, as one timeline: levels, sleep, switches, cameras, updates.

    page = describe_decisions(read_decisions(store, query, None, 50))

Reads: rows that it is given. Writes: nothing; pure.
Never: makes up a reason: it is the stored one.
"""

from collections.abc import Callable, Iterable
from typing import Any

from appliance.log import redact_all
from appliance.model import EnergyBudget, Sleep, Wake
from appliance.model_cameras import CameraChange, CameraHold, SwitchOrder
from appliance.model_updates import UpdateHold, UpdateState
from appliance.store.decisions import Decision
from appliance.store.rows import encode_time

Document = dict[str, Any]
# The kinds that people filter by, and the streams in each.
KINDS: dict[str, tuple[str, ...]] = {
    "levels": ("level",),
    "sleep": ("sleep", "wake"),
    "switches": ("switch",),
    "cameras": ("camera", "hold"),
    "updates": ("update", "update-hold"),
    "acts": ("act",),
}
KIND_OF = {stream: kind for kind, streams in KINDS.items() for stream in streams}


def describe_decisions(found: Iterable[Decision]) -> list[Document]:
    """Each as JSON: `what` was decided, of which `subject`, to which `value`, by `who`, why."""
    return redact_all([describe_decision(one) for one in found])


def describe_decision(one: Decision) -> Document:
    empty = {"subject": "", "value": "", "until": None, "who": "", "reason": ""}
    head = {"cursor": str(one.place), "at": one.place.at, "kind": KIND_OF[one.stream]}
    return head | empty | {"what": one.stream} | WRITERS[type(one.row)](one.row)


def describe_level(row: EnergyBudget) -> Document:
    return {"value": row.level.name, "reason": row.reason}


def describe_sleep(row: Sleep) -> Document:
    return {"value": row.level.name, "reason": row.reason}


def describe_wake(row: Wake) -> Document:
    return {"value": "stays" if row.stays else "goes back", "reason": row.reason}


def describe_switch(row: SwitchOrder) -> Document:
    return {"subject": row.switch, "value": "on" if row.runs else "off", "reason": row.reason}


def describe_camera(row: CameraChange) -> Document:
    return {"subject": row.camera, "value": row.mode.value, "reason": row.reason}


def describe_hold(row: CameraHold) -> Document:
    value = row.kind.value if row.holds else "ended"
    until = {"until": encode_time(row.until)} if row.until else {}
    return {"subject": row.camera, "value": value, "who": row.who, "reason": row.reason} | until


def describe_update(row: UpdateState) -> Document:
    return {"subject": row.release, "value": row.step.value, "reason": row.reason}


def describe_update_hold(row: UpdateHold) -> Document:
    value = "held" if row.holds else "released"
    until = {"until": encode_time(row.until)} if row.until else {}
    return {"value": value, "who": row.who, "reason": row.reason} | until


WRITERS: dict[type, Callable[[Any], Document]] = {
    EnergyBudget: describe_level,
    Sleep: describe_sleep,
    Wake: describe_wake,
    SwitchOrder: describe_switch,
    CameraChange: describe_camera,
    CameraHold: describe_hold,
    UpdateState: describe_update,
    UpdateHold: describe_update_hold,
}
