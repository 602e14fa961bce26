"""Whatever is killed, and in whatever order: Home Assistant hears of every event."""

from collections.abc import Callable

import pytest

from appliance.mqtt.unheard import SETTLE_S, UNNOTICED_S
from tests.stand_ins.event_listener import Scene


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
    scene.wait(UNNOTICED_S + 1)
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


def it_went_unnoticed(scene: Scene) -> None:
    scene.house.hears = False
    scene.see()
    scene.wait(UNNOTICED_S - 10)
    scene.leave()


def service_killed_while_it_is_gone_unnoticed(scene: Scene) -> None:
    scene.house.hears = False
    scene.see()
    scene.kill_service()
    scene.wait(UNNOTICED_S - 10)
    scene.leave()


def broker_gone_for_long_while_it_is_gone_unnoticed(scene: Scene) -> None:
    scene.house.hears = False
    scene.see()
    scene.house.trouble = "the connection was lost"
    scene.wait(UNNOTICED_S + 10)
    scene.house.trouble = ""
    scene.restart_broker()


def service_killed_long_after_it_went(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.wait(UNNOTICED_S + 1)
    scene.see()
    scene.kill_service()


def it_came_and_went_around_a_kill_of_the_service(scene: Scene) -> None:
    service_while_it_is_away(scene)
    scene.kill_service()  # it came while the service was down
    scene.house.hears = True
    scene.wait(UNNOTICED_S + 1)
    scene.leave()


def broker_that_acknowledges_nothing_as_it_is_told_again(scene: Scene) -> None:
    scene.leave()
    scene.see()
    scene.house.acknowledges = False
    scene.say(b"online")
    scene.wait(UNNOTICED_S + SETTLE_S + 10)
    scene.house.acknowledges = True
    scene.restart_broker()


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
        it_went_unnoticed,
        service_killed_while_it_is_gone_unnoticed,
        broker_gone_for_long_while_it_is_gone_unnoticed,
        service_killed_long_after_it_went,
        it_came_and_went_around_a_kill_of_the_service,
        broker_that_acknowledges_nothing_as_it_is_told_again,
        more_than_the_broker_takes_at_once,
    ],
    ids=lambda act: str(act.__name__),
)
@pytest.mark.parametrize("is_known", [False, True])
def test_whatever_is_killed_it_hears_of_every_event(
    scene: Scene, happen: Callable[[Scene], None], is_known: bool
) -> None:
    if is_known:
        scene.come()
        scene.wait(UNNOTICED_S + SETTLE_S + 2)
    scene.see()
    scene.wait(UNNOTICED_S + 1)
    happen(scene)
    scene.come()
    assert scene.list_lost() == []
