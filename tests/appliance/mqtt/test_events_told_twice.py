"""What Home Assistant may not have heard is told again, and no more than that."""

from appliance.mqtt.unheard import DAY, SETTLE_S, UNNOTICED_S
from appliance.store.event_rows import PAGE_ROWS, EventFilter, EventKey, delete_events
from tests.conftest import OpenStore
from tests.stand_ins.event_listener import Scene


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


def test_more_than_the_broker_takes_at_once_is_told_again_once_each(scene: Scene) -> None:
    scene.house.most = 100
    scene.leave()
    scene.see(150)
    scene.wait(3)
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


def test_who_was_not_there_when_the_connection_began_missed_it_all(scene: Scene) -> None:
    scene.restart_broker()
    scene.see()
    scene.clock.advance(2 * DAY.total_seconds())
    scene.come()
    assert scene.list_lost() == []


def test_a_number_that_is_given_once_more_after_an_erasing_is_told_again(
    scene: Scene, open_store: OpenStore
) -> None:
    """SQLite gives the number of a deleted newest row to the next one."""
    scene.see(2)
    scene.wait(UNNOTICED_S + 1)
    scene.leave()
    for name in ("e1", "e2"):
        delete_events(open_store("inference"), EventFilter(EventKey.EVENT, name), 99, "anna")
    scene.wait(2)
    scene.see()
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
