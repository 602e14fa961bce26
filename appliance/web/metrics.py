"""`/metrics`: the unit's metrics in the format that Prometheus scrapes.

Reads: what appliance/web/metric_samples.py reads, at the moment of the scrape. Writes: nothing.
Never: keeps a value between two scrapes, or serves figures of this process as those of the unit.
"""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from appliance.settings import Settings
from appliance.store.store import Store
from appliance.web import metric_table
from appliance.web.metric_samples import collect_samples
from appliance.web.metric_table import METRICS, PREFIX


class UnitCollector(Collector):
    """Collects the metrics from the database for one scrape. Raises `StoreError`."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would collect once to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of which a value is known."""
        found: dict[str, list[metric_table.MetricSample]] = {}
        for sample in collect_samples(self._store, self._settings):
            if sample.value is not None:
                found.setdefault(sample.name, []).append(sample)
        for metric in METRICS:
            if metric.name in found:
                yield make_family(metric, found[metric.name])


def make_family(metric: metric_table.Metric, values: list[metric_table.MetricSample]) -> Metric:
    """One metric with its samples."""
    kind: Any = CounterMetricFamily if metric.counter else GaugeMetricFamily
    made: Metric = kind(PREFIX + metric.name, metric.text, labels=metric.labels)
    for sample in values:
        made.add_metric(sample.labels, sample.value)  # type: ignore[attr-defined]
    return made


def render(store: Store, settings: Settings, accept: str) -> tuple[bytes, str]:
    """The answer to a scrape and its content type, in the form that the scraper asked for."""
    registry = CollectorRegistry()
    registry.register(UnitCollector(store, settings))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
