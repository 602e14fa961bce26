"""Samples of the metrics of alarms.

Reads: the rows of messages, through appliance/store/alarm_counts.py. Writes: nothing.
Never: serves a text of an alarm, a recipient or an address: only numbers by the names of channels.
"""

from collections.abc import Iterator
from datetime import timedelta

from appliance.settings import Settings
from appliance.store import alarm_counts
from appliance.store.alarm_counts import count_messages
from appliance.store.store import Store
from appliance.web.metric_table import MetricSample

DAY = timedelta(hours=24)


def collect_alarms(store: Store, settings: Settings) -> Iterator[MetricSample]:
    """What waits, fails, was sent and was dropped; nothing where nobody is told."""
    if not settings.recipient:
        return
    yesterday = store.clock.stamp().utc - DAY
    for name, found in (
        ("alarm_waiting_messages", count_messages(store, alarm_counts.OPEN)),
        ("alarm_failing_messages", count_messages(store, alarm_counts.FAILING)),
        (
            "alarm_last_day_sent_messages",
            count_messages(store, alarm_counts.SENT_SINCE, yesterday),
        ),
        ("alarm_dropped_messages", count_messages(store, alarm_counts.DROPPED)),
    ):
        for channel in dict.fromkeys((*settings.channel, *found)):
            yield MetricSample(name, found.get(channel, 0), (channel,))
    yield MetricSample("alarm_longest_wait_seconds", alarm_counts.measure_longest_wait_s(store))
