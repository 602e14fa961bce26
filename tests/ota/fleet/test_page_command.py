"""`fleet page`: where it listens, and for whom."""

import socket
from pathlib import Path
from urllib.request import urlopen

import pytest

from ota.fleet.__main__ import COMMANDS
from ota.fleet.commands.listening import open_socket, parse_listen, refuse_others
from ota.fleet.errors import FleetError
from ota.release.__main__ import main
from tests.stand_ins.fleet_page import fleet_page


def test_the_page_is_served_on_a_port_of_this_computer(tmp_path: Path) -> None:
    with fleet_page(f"sqlite:///{tmp_path / 'fleet.db'}") as address:
        assert address.startswith("http://127.0.0.1:")
        with urlopen(f"{address}/api/v1/fleet", timeout=30) as answer:
            assert b'"units":0' in answer.read()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "fleet.example.org"])
def test_an_address_that_others_reach_is_refused_unless_anyone_may(host: str) -> None:
    with pytest.raises(FleetError, match=r"no login.*--anyone"):
        refuse_others(host, is_open=False, why="it has no login")
    refuse_others(host, is_open=True, why="it has no login")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_an_address_of_this_computer_alone_is_taken(host: str) -> None:
    refuse_others(host, is_open=False, why="it has no login")


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FleetError, match=f"127.0.0.1 port {port}"):
            open_socket("127.0.0.1", port, "the page")


def test_any_free_port_may_be_asked_for() -> None:
    assert parse_listen("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parse_listen("[::1]:8090") == ("::1", 8090)


def test_the_receiver_is_called_by_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["receive", "--listen", "0.0.0.0:8091"], commands=COMMANDS)
    assert "the receiver has no TLS" in capsys.readouterr().err
