"""Updates in the status document: what runs, what is under way, and what it waits for.

Reads: rows `update_state` and `check_in`, the settings. Writes: nothing.
Never: asks a mirror.
"""

from datetime import datetime

from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from appliance.settings import Settings
from appliance.status.freshness import Document
from appliance.store.rows import encode_time
from appliance.store.store import Store

NONE_SET = "no mirror is set: this unit takes no updates ([update] mirrors)"
NOT_ASKED = "no mirror was asked yet"


def describe_update(store: Store, settings: Settings) -> Document:
    """The update that is under way, or none, in a sentence; when mirrors were asked."""
    state, asked = store.last(UpdateState), store.last(CheckIn)
    step = state.step if state else UpdateStep.IDLE
    return {
        "step": step.value,
        "release": state.release if state else "",
        "running_release": state.running_release if state else "",
        "sentence": describe_sentence(settings, state),
        "waits_for": state.waits_for if state else "",
        "progress_pct": state.progress_pct if state else None,
        "since": encode_time(state.stamp.utc) if state else None,
        "asked_at": encode_time(asked.stamp.utc) if asked else None,
        "asks_next": encode_known(asked.next_at) if asked else None,
        "mirror": asked.mirror if asked else "",
    }


def describe_sentence(settings: Settings, state: UpdateState | None) -> str:
    if state is not None:
        return state.reason
    return NOT_ASKED if settings.update.mirrors else NONE_SET


def encode_known(at: datetime | None) -> str | None:
    return encode_time(at) if at else None
