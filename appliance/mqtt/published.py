"""Which retained messages a broker may keep, remembered in the database, so that what is gone can
be taken back: after a restart, a kill, and under a former name.

    gone = published.follow(wanted_topics)      # to be published empty
    published.forget(acknowledged)              # those the broker has taken back

Reads and writes: `PublishedTopic` rows.
Never: forgets a topic before the broker has acknowledged the empty message.
"""

from collections.abc import Collection, Iterable

from appliance.model_alarms import PublishedTopic
from appliance.store.published_topics import forget_topics, read_topics
from appliance.store.store import Store


class Published:
    """The topics of one unit at one broker."""

    def __init__(self, store: Store, former: Iterable[str]) -> None:
        """`former`: topics of releases that remembered none. Raises `StoreError`."""
        self._store = store
        self._known: set[str] = set()
        self._former = set(former)
        self._is_read = False

    def follow(self, wanted: Collection[str]) -> list[str]:
        """Remember these before they are published; returns those to be taken back. Raises
        `StoreError`.
        """
        self._read()
        new = set(wanted) - self._known
        if new:
            now = self._store.clock.stamp()
            self._store.add(*(PublishedTopic(now, topic) for topic in sorted(new)))
            self._known |= new
        return sorted(self._known - set(wanted))

    def forget(self, topics: Collection[str]) -> None:
        """The broker has none of these any more. Raises `StoreError`."""
        if topics:
            forget_topics(self._store, topics)
            self._known -= set(topics)

    def _read(self) -> None:
        if self._is_read:
            return
        self._known = read_topics(self._store)
        if not self._known:
            now = self._store.clock.stamp()
            self._store.add(*(PublishedTopic(now, topic) for topic in sorted(self._former)))
            self._known = set(self._former)
        self._is_read = True
