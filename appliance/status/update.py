"""Updates in the status document: what runs, what is under way, and what it waits for.

Reads: rows `update_state` and `check_in`, the settings. Writes: nothing.
Never: asks a mirror.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from appliance.settings import Settings
from appliance.status.freshness import Document
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say

NONE_SET = say("no mirror is set: this unit takes no updates ([update] mirrors)")
NOT_ASKED = say("no mirror was asked yet")
MONTH = timedelta(days=31)


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
        "takes_updates": bool(settings.update.mirrors or state or asked),
        "failed_releases": list_failed(read_month(store)),
    }


def read_month(store: Store) -> list[UpdateState]:
    """The steps of the last 31 days, oldest first."""
    return store.rows(UpdateState, store.clock.stamp().utc - MONTH)


def list_failed(rows: Iterable[UpdateState]) -> list[str]:
    """The releases that ended otherwise than committed, and were not committed since; sorted."""
    failed: set[str] = set()
    before: UpdateState | None = None
    for row in rows:
        if row.step is UpdateStep.COMMIT:
            failed.discard(row.release)
        elif row.step is UpdateStep.REPORT and not is_end_of_commit(before, row):
            failed.add(row.release)
        before = row
    return sorted(failed)


def is_end_of_commit(before: UpdateState | None, row: UpdateState) -> bool:
    """Whether the step before was the commit of the same release."""
    if before is None:
        return row.release == row.running_release
    return before.step is UpdateStep.COMMIT and before.release == row.release


def describe_sentence(settings: Settings, state: UpdateState | None) -> str:
    if state is not None:
        return state.reason
    return NOT_ASKED if settings.update.mirrors else NONE_SET


def encode_known(at: datetime | None) -> str | None:
    return encode_time(at) if at else None
