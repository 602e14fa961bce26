"""Requests that wait: so many, so long, and not for somebody who has gone."""

import pytest

from appliance.web.waiting import MOST_OF_CLIENT, MOST_WAITING, NoPlaceError, Waiting


class Time:
    """Passes only while somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def pause(self, seconds: float) -> None:
        assert 0 < seconds <= 1
        self.now_s += seconds


def make_waiting(time: Time) -> Waiting:
    return Waiting(lambda: time.now_s, time.pause)


def test_it_ends_in_time_with_what_was_found_or_nothing() -> None:
    time = Time()
    waiting = make_waiting(time)
    assert waiting.wait(lambda: None, 2.5, lambda: False) is None
    assert time.now_s == 2.5
    assert waiting.wait(lambda: "it" if time.now_s > 4 else None, 60, lambda: False) == "it"
    assert time.now_s == 4.5


def test_it_ends_where_nobody_waits_any_more() -> None:
    time = Time()
    assert make_waiting(time).wait(lambda: None, 60, lambda: time.now_s >= 3) is None
    assert time.now_s == 3


def test_places_are_few_for_all_and_fewer_for_each_and_are_given_back() -> None:
    waiting = make_waiting(Time())

    def hold(*clients: str) -> None:
        if clients:
            with waiting.take_place(clients[0]):
                hold(*clients[1:])

    hold(*("a", "b") * MOST_OF_CLIENT)
    hold(*map(str, range(MOST_WAITING)))
    with pytest.raises(NoPlaceError, match="of a wait"):
        hold(*("a",) * (MOST_OF_CLIENT + 1))
    with pytest.raises(NoPlaceError, match="requests wait"):
        hold(*map(str, range(MOST_WAITING + 1)))
    hold(*("a", "b") * MOST_OF_CLIENT)
