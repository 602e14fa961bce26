"""Touchscreen, network or plain: judged by the way that a request came."""

import pytest

from appliance.web.origins import ORIGIN, Origin, find_origin, judge_peer
from appliance.web.proxied import is_passed_on


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_peer_on_this_computer_is_at_the_touchscreen(address: str) -> None:
    assert judge_peer(address) is Origin.TOUCHSCREEN


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "fe80::1%eth0", "::ffff:10.0.0.7", "", "localhost"]
)
def test_a_peer_elsewhere_or_unknown_is_plain(address: str) -> None:
    assert judge_peer(address) is Origin.PLAIN


def test_what_the_server_says_holds_whatever_the_peer_is() -> None:
    assert find_origin({ORIGIN: Origin.NETWORK, "REMOTE_ADDR": "127.0.0.1"}) is Origin.NETWORK


def test_a_text_in_its_place_is_believed_by_nobody() -> None:
    assert find_origin({ORIGIN: "network", "REMOTE_ADDR": "10.0.0.7"}) is Origin.PLAIN


def test_without_a_word_of_the_server_the_peer_decides() -> None:
    assert find_origin({"REMOTE_ADDR": "127.0.0.1"}) is Origin.TOUCHSCREEN


@pytest.mark.parametrize("name", ["HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_VIA"])
def test_what_another_program_passes_on_is_not_of_the_touchscreen(name: str) -> None:
    assert is_passed_on({name: "10.0.0.7", "REMOTE_ADDR": "127.0.0.1"})
    assert not is_passed_on({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"})


def test_a_proxy_of_the_owner_that_says_nothing_is_known_by_its_old_protocol() -> None:
    """Nginx speaks HTTP/1.0 to what it passes on to, and names no client, unless it is told to."""
    told = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8080"}
    assert is_passed_on({**told, "SERVER_PROTOCOL": "HTTP/1.0"})
    assert not is_passed_on({**told, "SERVER_PROTOCOL": "HTTP/1.1"})
