"""Samples of the metrics of updates.

Reads: the newest rows of updates, through appliance/status/update.py. Writes: nothing.
Never: serves the name of a release or a mirror: only states.
"""

from collections.abc import Iterator

from appliance.model_updates import CheckIn, UpdateStep
from appliance.settings import Settings
from appliance.status.update import describe_update
from appliance.store.store import Store
from appliance.web.metric_table import MetricSample


def collect_updates(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What an update does; nothing where the unit takes none."""
    found = describe_update(store, settings)
    if not found["takes_updates"]:
        return
    for step in UpdateStep:
        yield MetricSample("update_step", float(step.value == found["step"]), (step.value,))
    if found["waits_for"]:
        yield MetricSample("update_waits", 1, (found["waits_for"],))
    done_pct = found["progress_pct"]
    yield MetricSample("update_progress_ratio", None if done_pct is None else done_pct / 100)
    yield MetricSample("update_last_month_failed_releases", len(found["failed_releases"]))
    asked = store.last(CheckIn)
    if asked is not None:
        age = store.clock.stamp().utc - asked.stamp.utc
        yield MetricSample("checkin_age_seconds", max(0.0, age.total_seconds()))
