"""Topics that a broker may keep a message of.

Reads and writes: the table `published_topic`, through the `Store` that it is given.
Never: publishes anything; appliance/mqtt does.
"""

from collections.abc import Iterable

from appliance.model_alarms import PublishedTopic
from appliance.store.store import Store


def read_topics(store: Store) -> set[str]:
    """Every topic that was published and not taken back. Raises `StoreError`."""
    return {row.topic for row in store.rows(PublishedTopic)}


def forget_topics(store: Store, topics: Iterable[str]) -> None:
    """Delete those. Raises `StoreError`."""
    with store.housekeeping() as execute:
        for topic in topics:
            execute("DELETE FROM published_topic WHERE topic = ?", (topic,))
