"""Which request is answered next."""

from dataclasses import dataclass, field

from appliance.web.turns import MEMORY_S, Turns


@dataclass
class Channel:
    client: str
    number: int = 0
    is_queued: bool = False
    requests: list[str] = field(default_factory=lambda: ["GET /"])


def test_a_visitor_is_answered_before_the_many_requests_of_another() -> None:
    turns = Turns()
    for number in range(9):
        turns.append(Channel("many", number))
    assert turns.popleft().client == "many"
    turns.append(Channel("visitor"))
    assert turns.popleft().client == "visitor"
    assert [turns.popleft().number for _ in range(len(turns))] == list(range(1, 9))


def test_a_visitor_is_answered_before_clients_that_ask_much_at_once() -> None:
    turns = Turns()
    for number in range(9):
        turns.append(Channel(f"many {number}", requests=["GET /"] * 30))
    turns.append(Channel("visitor"))
    assert turns.popleft().client == "visitor"


def test_those_that_were_answered_equally_take_turns() -> None:
    turns = Turns()
    for client in "aabb":
        turns.append(Channel(client))
    assert "".join(turns.popleft().client for _ in range(4)) == "abab"
    assert not turns


def test_answers_of_long_ago_do_not_count() -> None:
    now_s = 0.0
    turns = Turns(lambda: now_s)
    for _ in range(3):
        turns.append(Channel("polls"))
        turns.popleft()
    now_s = MEMORY_S
    turns.append(Channel("polls"))
    turns.append(Channel("new"))
    assert [turns.popleft().client for _ in range(2)] == ["polls", "new"]


def test_a_channel_knows_whether_it_waits() -> None:
    turns, channel = Turns(), Channel("a")
    turns.append(channel)
    assert channel.is_queued
    turns.popleft()
    assert not channel.is_queued
