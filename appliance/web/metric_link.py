"""Samples of the metrics of the mobile link.

Reads: the newest `LinkState`, through appliance/status/link.py. Writes: nothing.
Never: serves the name of an operator: only figures and states.
"""

from collections.abc import Iterator

from appliance.model_updates import LinkPhase
from appliance.settings import Settings
from appliance.status.link import describe_link
from appliance.store.store import Store
from appliance.web.metric_table import MetricSample


def collect_link(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """How the link is; nothing where the unit has none."""
    found = describe_link(store, settings)
    if found is None:
        return
    for phase in LinkPhase:
        yield MetricSample("link_phase", float(phase.value == found["phase"]), (phase.value,))
    signal_pct = found["signal_pct"]
    yield MetricSample("link_signal_ratio", None if signal_pct is None else signal_pct / 100)
    yield MetricSample("link_month_bytes", found["month_bytes"])
    yield MetricSample("link_budget_bytes", found["budget_bytes"])
    yield MetricSample("link_last_day_resets", found["resets"])
