"""What Home Assistant was not there for, or may not have been, is told again once it is."""

from collections.abc import Callable

import pytest

from appliance.mqtt.event_feed import EventFeed
from appliance.mqtt.unheard import DAY, SETTLE_S, UNNOTICED_S
from appliance.store.event_rows import PAGE_ROWS
from tests.appliance.mqtt.conftest import MakeFeed
from tests.conftest import OpenStore
from tests.stand_ins.event_listener import EventHouse
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import event


class Scene:
    """One unit, one broker, one Home Assistant; the service can be killed at any moment."""

    def __init__(
        self, make: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse
    ) -> None:
        self._make, self._open_store, self.clock, self.house = make, open_store, clock, house
        self.feed: EventFeed = make()
        self._count = 0

    def see(self, count: int = 1) -> None:
        """Events, and the cycles in which they are told and acknowledged."""
        numbers = range(self._count + 1, self._count + 1 + count)
        self._count += count
        self._open_store("inference").add(*(event(self.clock, number) for number in numbers))
        self.wait(2)

    def wait(self, seconds: float) -> None:
        """Cycles, a second apart."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.house.take_more()
            self.feed.follow()

    def kill_service(self) -> None:
        self.feed = self._make()

    def restart_broker(self) -> None:
        self.house.restart()
        self.wait(1)

    def say(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.feed.note_listener(payload)
        self.wait(1)

    def leave(self) -> None:
        self.house.hears = False
        self.say(b"offline")

    def come(self) -> None:
        """Home Assistant is started, and listens to all a moment after it has said so."""
        self.say(b"online")
        self.wait(SETTLE_S / 2)
        self.house.hears = True

    def list_lost(self) -> list[str]:
        """What it has not heard when all has been quiet for a while."""
        self.wait(SETTLE_S + 2)
        names = [f"e{number}" for number in range(1, self._count + 1)]
        return [name for name in names if name not in self.house.heard]


@pytest.fixture
def scene(make_feed: MakeFeed, open_store: OpenStore, clock: FakeClock, house: EventHouse) -> Scene:
    return Scene(make_feed, open_store, clock, house)


def test_what_it_was_not_there_for_is_told_again_when_it_is_back_and_no_more(scene: Scene) -> None:
    scene.see()
    scene.wait(UNNOTICED_S + 1)
    scene.house.hears = False
    scene.see()  # nobody knows yet
    scene.leave()
    scene.see()
    scene.kill_service()
    scene.come()
    assert scene.house.list_ids() == ["e1", "e2", "e3"], "not before it listens"
    assert scene.list_lost() == []
    assert scene.house.list_again() == ["e2", "e3"]
    scene.wait(UNNOTICED_S + 20)
    scene.kill_service()
    scene.wait(20)
    assert len(scene.house.got) == 5


def broker_twice(scene: Scene) -> None:
    scene.restart_broker()
    scene.see()
    scene.restart_broker()
    scene.see()


def broker_while_it_begins_to_listen(scene: Scene) -> None:
    """What bench-home lost: told again by a clock that ran since before the broker was killed."""
    scene.leave()
    scene.see()
    scene.say(b"online")
    scene.wait(SETTLE_S - 3)
    scene.restart_broker()
    scene.wait(SETTLE_S)


def killed_while_it_begins_to_listen(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.say(b"online")
    scene.wait(SETTLE_S - 3)
    scene.leave()
    scene.wait(SETTLE_S)


def service_while_it_is_away(scene: Scene) -> None:
    scene.house.hears = False  # while the service is down: nobody is told
    scene.kill_service()
    scene.see()
    scene.kill_service()
    scene.see()


def service_between_broker_and_home_assistant(scene: Scene) -> None:
    scene.restart_broker()
    scene.see()
    scene.kill_service()
    scene.kill_service()


def home_assistant_between_broker_and_home_assistant(scene: Scene) -> None:
    scene.restart_broker()
    scene.see()
    scene.kill_service()
    scene.leave()
    scene.see()


def killed_as_it_is_told_again(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.say(b"online")
    scene.wait(SETTLE_S + 2)  # to one that has just been killed
    scene.kill_service()
    scene.see()


def broker_as_it_is_told_again(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.say(b"online")
    scene.wait(SETTLE_S + 2)
    scene.restart_broker()


def long_before_it_comes(scene: Scene) -> None:
    scene.restart_broker()
    scene.see()
    scene.wait(3600)


def it_said_so_to_the_broker_before(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.feed.note_listener(b"online")  # in the second in which the broker is killed
    scene.restart_broker()
    scene.wait(SETTLE_S + 2)


def more_than_the_broker_takes_at_once(scene: Scene) -> None:
    scene.house.most = 100
    scene.leave()
    scene.see(150)
    scene.wait(3)


@pytest.mark.parametrize(
    "happen",
    [
        broker_twice,
        broker_while_it_begins_to_listen,
        killed_while_it_begins_to_listen,
        service_while_it_is_away,
        service_between_broker_and_home_assistant,
        home_assistant_between_broker_and_home_assistant,
        killed_as_it_is_told_again,
        broker_as_it_is_told_again,
        long_before_it_comes,
        it_said_so_to_the_broker_before,
        more_than_the_broker_takes_at_once,
    ],
    ids=lambda act: str(act.__name__),
)
def test_whatever_is_killed_it_hears_of_every_event(
    scene: Scene, happen: Callable[[Scene], None]
) -> None:
    scene.see()
    happen(scene)
    scene.come()
    assert scene.list_lost() == []


def test_more_than_the_broker_takes_at_once_is_told_again_once_each(scene: Scene) -> None:
    more_than_the_broker_takes_at_once(scene)
    scene.come()
    scene.wait(60)
    assert len(scene.house.list_again()) == 150


def test_who_goes_and_says_so_was_there_since_the_service_began(scene: Scene) -> None:
    scene.see(3)
    scene.wait(UNNOTICED_S + 1)
    scene.leave()
    scene.see()
    scene.come()
    assert scene.list_lost() == []
    assert scene.house.list_again() == ["e4"]


def test_what_was_told_two_minutes_before_the_broker_went_is_not_told_again(scene: Scene) -> None:
    scene.come()
    scene.wait(UNNOTICED_S + SETTLE_S + 2)
    scene.see()
    scene.wait(UNNOTICED_S + 1)
    scene.restart_broker()
    scene.see()
    scene.come()
    assert scene.list_lost() == []
    assert scene.house.list_again() == ["e2"]


def test_of_what_is_not_known_to_be_missed_only_the_last_day_is_told_again(scene: Scene) -> None:
    scene.see()  # on a connection of which nothing was ever heard
    scene.clock.advance(DAY.total_seconds())
    scene.see()
    scene.kill_service()
    scene.see()
    scene.come()
    scene.wait(SETTLE_S + 2)
    assert scene.house.list_again() == ["e2", "e3"]


def test_what_it_surely_missed_is_told_again_for_a_week(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.clock.advance(2 * DAY.total_seconds())
    scene.come()
    assert scene.list_lost() == []


def test_a_listener_that_says_anything_and_often_costs_nothing(scene: Scene) -> None:
    scene.see(PAGE_ROWS + 100)
    before = len(scene.house.got)
    scene.say(b"online", b"online", b"", b"\xff" * 9000, b"offline", b"offline", b"online")
    scene.wait(20)
    for _ in range(5):
        scene.say(b"online")
        scene.wait(20)
    assert len(scene.house.got) == before + PAGE_ROWS
    assert scene.house.list_again()[-1] == f"e{PAGE_ROWS + 100}", "the last ones"
