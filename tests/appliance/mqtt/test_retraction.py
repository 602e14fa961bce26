"""Only what the broker keeps is taken back; and who was away with the broker hears again."""

from collections.abc import Callable, Collection
from dataclasses import replace

from appliance.mqtt.event_feed import EventFeed
from appliance.mqtt.retraction import KEPT_S, Retraction
from appliance.mqtt.topics import Topics
from appliance.mqtt.unheard import SETTLE_S
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock


class OneBroker:
    """Takes all, and answers when it is told to."""

    def __init__(self) -> None:
        self.trouble = ""
        self.connections = 1
        self.gives_back = True
        self.asked: list[Collection[str]] = []
        self.told: list[str] = []
        self.answers = True
        self.kept: list[str] = []
        self.send: Callable[..., bool] = lambda *_, **__: False

    def ask_for(self, topics: Collection[str]) -> int:
        self.asked.append(topics)
        for topic in self.kept:
            self.send(topic, b"{}", retained=True)
        return len(self.asked)

    def has_answered(self, number: int) -> bool:
        return self.answers and number <= len(self.asked)

    def publish_event(self, topic: str, text: str) -> int | None:
        if self.trouble:
            return None
        self.told.append(text)
        return len(self.told)

    def has_acknowledged(self, number: int) -> bool:
        return number <= len(self.told)

    def count(self, event_id: str) -> int:
        return sum(f'"{event_id}"' in text for text in self.told)


def test_a_topic_is_emptied_only_when_the_broker_has_sent_what_it_keeps_there() -> None:
    broker, now_s = OneBroker(), 0.0
    retraction = Retraction(broker, lambda: now_s)
    assert retraction.follow(["a", "b"]) == ([], [])
    assert broker.asked == [["a", "b"]]
    assert retraction.note("a", b"{}", retained=True)
    assert retraction.note("b", b"{}", retained=False), "somebody else's, and not kept"
    assert not retraction.note("c", b"{}", retained=True), "not asked for"
    assert retraction.follow(["a", "b"]) == (["a"], [])
    now_s = KEPT_S + 0.1
    assert retraction.follow(["a", "b"]) == (["a"], ["b"])


def test_an_answer_that_comes_while_it_is_asked_counts() -> None:
    broker = OneBroker()
    retraction = Retraction(broker, lambda: 0.0)
    broker.kept, broker.send = ["a"], retraction.note
    assert retraction.follow(["a", "b"]) == (["a"], [])


def test_a_broker_that_has_not_answered_may_keep_it_still() -> None:
    broker, now_s = OneBroker(), 0.0
    broker.answers = False
    retraction = Retraction(broker, lambda: now_s)
    retraction.follow(["a"])
    now_s = 1000.0
    assert retraction.follow(["a"]) == ([], [])


def test_a_new_connection_is_asked_again_and_none_is_asked_nothing() -> None:
    broker = OneBroker()
    retraction = Retraction(broker, lambda: 0.0)
    broker.trouble = "gone"
    assert retraction.follow(["a"]) == ([], [])
    assert broker.asked == []
    broker.trouble = ""
    retraction.follow(["a"])
    retraction.note("a", b"{}", retained=True)
    broker.connections = 2
    assert retraction.follow(["a"]) == ([], [])
    assert len(broker.asked) == 2


def test_what_is_told_before_a_listener_is_back_with_the_broker_is_told_again(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    broker, writer = OneBroker(), open_store("inference")
    feed = EventFeed(open_store("mqtt"), Topics(settings, "unit-1"), broker)
    feed.follow()
    writer.add(filled.event(clock.stamp(), "before"))
    feed.follow()
    feed.follow()
    broker.trouble = "the broker is away"
    writer.add(replace(filled.event(clock.stamp(), "meanwhile"), camera="demo"))
    feed.follow()
    broker.trouble, broker.connections = "", 2
    feed.follow()
    assert broker.count("meanwhile") == 1, "told to those who are there already"
    clock.advance(10)
    for _ in range(2):
        feed.note_listener(b"online")
        feed.follow()
        clock.advance(SETTLE_S + 1)
        feed.follow()
    assert broker.count("meanwhile") == 2
    assert broker.count("before") == 2, "nothing has said that it was heard"
    assert ['"again":true' in text for text in broker.told] == [False, False, True, True]


def test_a_listener_that_comes_long_after_the_broker_is_told_once_more_what_it_missed(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    broker, writer = OneBroker(), open_store("inference")
    feed = EventFeed(open_store("mqtt"), Topics(settings, "unit-1"), broker)
    feed.follow()
    clock.advance(3600)
    writer.add(filled.event(clock.stamp(), "e1"))
    feed.follow()
    for _ in range(2):
        feed.note_listener(b"online")
        feed.follow()
        clock.advance(SETTLE_S + 1)
        feed.follow()
    assert broker.count("e1") == 2


def test_a_broker_that_gives_nothing_back_is_not_asked_and_nothing_is_forgotten() -> None:
    broker = OneBroker()
    broker.gives_back = False
    retraction = Retraction(broker, lambda: 1000.0 * len(broker.asked))
    assert retraction.follow(["a"]) == ([], [])
    assert broker.asked == []
