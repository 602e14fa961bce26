"""Updates: what is under way and why, what it waits for, releases and check-ins of the past.

Reads: unit.db, what becomes of a stick. Writes: nothing; update_control.py, update_check.py and
update_stick.py take orders.
Never: asks a mirror.
"""

from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from appliance.clock import SystemClock
from appliance.log import redact_all
from appliance.model_updates import CheckIn, UpdateHold, UpdateState, UpdateStep
from appliance.process.stick_order import ENDED, StickProgress, read_progress
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.update_holds import find_update_order
from appliance.web.reader import StoreReader
from appliance.wording.sentence import say

MOST_STEPS, MOST_CHECK_INS = 100, 30
ENDS = (UpdateStep.COMMIT, UpdateStep.ROLLBACK)
SILENT = say(
    "it has ended without an answer: `journalctl -u appliance-stick` says why; pull the stick out, "
    "and press again"
)


def add_updates(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """`/api/updates`."""

    @app.get("/api/updates")
    def updates() -> ResponseReturnValue:
        return jsonify(reader.ask(lambda store: describe_updates(store, settings)))


def describe_updates(store: Store, settings: Settings) -> dict[str, Any]:
    """The steps and check-ins of the past, the newest first, and the hold of now."""
    stick = read_progress(settings.unit.run_dir)  # first: its end is written after its check-in
    now = store.clock.stamp().utc
    steps = store.rows(UpdateState, limit=MOST_STEPS, newest_first=True)
    asked = store.rows(CheckIn, limit=MOST_CHECK_INS, newest_first=True)
    return redact_all(
        {
            "has_mirrors": bool(settings.update.mirrors),
            "hold": describe_hold(find_update_order(store, now)),
            "stick": describe_stick(stick, asked),
            "releases": list_releases(steps),
            "steps": [describe_step(one) for one in steps],
            "check_ins": [describe_check_in(one) for one in asked],
        }
    )


def describe_hold(hold: UpdateHold | None) -> dict[str, Any] | None:
    """Who holds updates; what was ordered with `unitctl` stands in the reason of the update."""
    if hold is None:
        return None
    until = encode_time(hold.until) if hold.until else None
    return {
        "at": encode_time(hold.stamp.utc),
        "until": until,
        "who": hold.who,
        "reason": hold.reason,
    }


def describe_stick(found: StickProgress | None, asked: list[CheckIn]) -> dict[str, Any] | None:
    """The last order to take a stick, of this boot. `result`: what the updater says that came of
    it; `from_stick`: whether it was the stick that answered, and no mirror.
    """
    if found is None:
        return None
    is_under_way = found.is_under_way(SystemClock())
    is_silent = not is_under_way and found.phase != ENDED
    result = next((one for one in asked if is_of(one, found)), None)
    return {
        "at": encode_time(found.began.utc),
        "who": found.who,
        "is_under_way": is_under_way,
        "ok": found.ok and not is_silent,
        "text": SILENT if is_silent else found.said,
        "result": result.text if result and found.ok and not is_under_way else None,
        "from_stick": bool(result and found.stick and result.mirror == f"file://{found.stick}"),
    }


def is_of(check_in: CheckIn, found: StickProgress) -> bool:
    """Whether the updater did that for this order."""
    at = check_in.stamp
    return (
        at.boot_id == found.began.boot_id
        and found.began.uptime_s <= at.uptime_s <= found.stamp.uptime_s
    )


def list_releases(steps: list[UpdateState]) -> list[dict[str, Any]]:
    """The releases that ended here, the newest first: committed or rolled back."""
    return [describe_step(one) for one in steps if one.step in ENDS and one.release]


def describe_step(one: UpdateState) -> dict[str, Any]:
    return {
        "at": encode_time(one.stamp.utc),
        "step": one.step.value,
        "release": one.release,
        "reason": one.reason,
        "waits_for": one.waits_for,
    }


def describe_check_in(one: CheckIn) -> dict[str, Any]:
    return {
        "at": encode_time(one.stamp.utc),
        "mirror": one.mirror,
        "text": one.text,
        "received_bytes": one.received_bytes,
    }
