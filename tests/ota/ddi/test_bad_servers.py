"""DDI servers that refuse, are busy, gone or hostile: nothing is installed by it, nothing lost."""

import logging
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from appliance.model import EnergyLevel
from appliance.model_updates import UpdateStep
from ota.ddi.connection import Connection, ServerError, read_pause
from ota.ddi.opening import make_reader
from ota.errors import LinkError
from ota.manifest import LayerKind
from tests.ota.ddi.conftest import MakeUnit
from tests.ota.mirrors.test_hostile_servers import DRIPS, listen
from tests.scenes import filled
from tests.stand_ins.certificates import make_certificate
from tests.stand_ins.ddi_server import TENANT, UNIT, DdiServer
from tests.stand_ins.ddi_unit import DdiUnit
from tests.stand_ins.real_unit import InParts, make_new_world


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses this unit (401): check the token"),
        (403, "refuses this unit (403)"),
        (404, "does not know this (404): check [ddi] url, tenant"),
        (429, "is busy (429)"),
        (500, "answers 500"),
        (302, "answers 302"),
        (418, "does not take what it is told (418)"),
    ],
)
def test_a_refusal_is_told_with_what_to_do_and_asked_once(
    unit: DdiUnit, server: DdiServer, status: int, said: str
) -> None:
    server.deploy("2")
    server.status = status
    assert said in unit.check_in()
    assert len(server.asked) == 1
    server.status = 0
    unit.pass_time(hours=1)
    assert unit.check_in() == "release 2 is committed"


def test_a_redirection_is_not_followed(unit: DdiUnit, server: DdiServer) -> None:
    server.status, server.headers = 302, {"Location": f"{server.address}/relay?turn=off"}
    unit.check_in()
    assert all("relay" not in path for _, path in server.asked)


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.status, server.headers = 429, {"Retry-After": "72000"}
    unit.check_in(now=False)
    server.status, server.headers = 0, {}
    server.deploy("2")
    for hour in range(18):
        unit.pass_time(hours=1)
        set_level(unit, EnergyLevel.FULL)
        unit.check_in(now=hour == 9)  # also by order
    assert (len(server.asked), unit.app) == (1, "")
    unit.pass_time(hours=2)
    set_level(unit, EnergyLevel.FULL)
    unit.check_in(now=False)
    assert unit.app == "2"


def test_retry_after_is_bounded_and_a_date_is_none() -> None:
    assert read_pause("120") == 120
    assert read_pause("9" * 300) == 24 * 3600
    assert read_pause("Wed, 21 Oct 2026 07:28:00 GMT") == read_pause("-5") == read_pause("²") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"<html>login</html>",
        b"[]",
        b"\xff\xfe",
        b'{"_links": 7}',
        b'{"_links": {"deploymentBase": "17"}}',
        b'{"_links": {"deploymentBase": {"href": "https://x/../../relay"}}}',
        b'{"_links": {"deploymentBase": {"href": "/deploymentBase/17?c=1 HTTP/1.1"}}}',
        b'{"config": {"polling": {"sleep": "soon"}}}',
        b'{"a":' * 5000,
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b" " * 300_000,
    ],
    ids=range(12),
)
def test_an_answer_that_cannot_be_meant_is_none(
    unit: DdiUnit, server: DdiServer, body: bytes
) -> None:
    server.deploy("2")
    server.body = body
    said = unit.check_in()
    assert "has not deployed release 2" in said
    assert "cannot be understood" in said or "does not answer" in said
    assert (unit.app, unit.kept.action) == ("", None)


@pytest.mark.parametrize(
    "chunks",
    [
        [7],
        [{"version": 5}],
        [{"version": "x" * 300}],
        [{"version": "2"}] * 65,
        [{"version": "2", "artifacts": [5]}],
        [{"version": "2", "artifacts": [{"filename": "manifest.json", "hashes": {"sha256": "x"}}]}],
        "2",
    ],
    ids=range(7),
)
def test_a_deployment_that_cannot_be_understood_is_not_taken(
    unit: DdiUnit, server: DdiServer, chunks: object
) -> None:
    number = server.deploy("2")
    server.actions[number].deployment["chunks"] = chunks
    unit.check_in()
    assert (unit.app, unit.kept.action, server.actions[number].told) == ("", None, [])


def test_a_handling_that_is_not_known_does_nothing(unit: DdiUnit, server: DdiServer) -> None:
    server.deploy("2", download="later", update="later")
    unit.check_in()
    assert unit.progress.step is UpdateStep.IDLE


def test_an_answer_without_end_is_given_up() -> None:
    came: list[int] = []

    def pour(connection: socket.socket, ended: Event) -> None:
        connection.recv(9999)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            while not ended.is_set():
                connection.sendall(b"4000\r\n" + bytes(0x4000) + b"\r\n")

    with listen(pour) as port:
        address = f"http://127.0.0.1:{port}"
        connection = Connection(address, TENANT, UNIT, on_bytes=came.append)
        with pytest.raises(ServerError, match="more than 262144 bytes"):
            connection.get("")
    assert sum(came) < 300_000


@pytest.mark.parametrize("scheme", DRIPS)
def test_a_server_that_drips_is_given_up(scheme: str) -> None:
    def drip(connection: socket.socket, ended: Event) -> None:
        connection.recv(9999)
        connection.sendall(DRIPS[scheme])
        with suppress(OSError):
            while not ended.wait(0.05):
                connection.sendall(b"a")

    with listen(drip) as port:
        began_s = time.monotonic()
        connection = Connection(f"{scheme}://127.0.0.1:{port}", TENANT, UNIT, answer_s=0.5)
        with pytest.raises(LinkError):
            connection.get("")
        assert time.monotonic() - began_s < 10


def test_the_servers_certificate_is_checked_with_the_file_of_the_settings(
    server: DdiServer, tmp_path: Path
) -> None:
    made = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    url = server.address.replace("http://", "https://")
    with pytest.raises(ServerError, match="certificate"):
        Connection(url, TENANT, UNIT).get("")
    assert b"polling" in Connection(url, TENANT, UNIT, ca_file=made.certificate).get("")


# --- tokens ---------------------------------------------------------------------------------------


def test_the_token_is_shown_as_the_server_wants_it_and_read_anew(
    unit: DdiUnit, server: DdiServer, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("wrong\n")
    server.token = "TargetToken abc"
    unit.read_token = make_reader(file, None)
    assert "check the token" in unit.check_in()
    file.write_text("abc\n")
    assert "check the token" not in unit.check_in()
    server.deploy("2")
    server.token = "GatewayToken abc"
    unit.read_token = make_reader(None, file)
    unit.check_in()
    assert unit.app == "2"


@pytest.mark.parametrize("text", ["", "a\nb", "ä", "\x00", "x" * 5000])
def test_a_token_that_is_none_is_told_without_its_text(
    unit: DdiUnit, tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "token"
    file.write_text(text)
    unit.read_token = make_reader(file, None)
    assert str(file) in unit.check_in()
    file.unlink()
    assert "No such file" in unit.check_in()


def test_the_token_stands_in_no_sentence(
    unit: DdiUnit, server: DdiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    unit.token, server.token = "TargetToken s3cr3t", "TargetToken other"
    said = unit.check_in()
    assert "s3cr3t" not in said + caplog.text


# --- gone, and back -------------------------------------------------------------------------------


def test_a_server_that_is_gone_for_weeks_gets_the_end_of_its_action(
    make_unit: MakeUnit, server: DdiServer
) -> None:
    unit = make_unit()
    world = make_new_world((LayerKind.APP,), ("2",))
    unit.world, unit.link = world, InParts("web", world.fleet.tree)
    unit.begin()
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    server.is_gone = True
    unit.facts = replace(unit.facts, soc_pct=90.0)
    unit.check_in()
    assert (unit.app, server.actions[number].state) == ("2", "running")
    for _ in range(6):
        unit.pass_time(days=7)
        world.fleet.renew(unit.stamp().utc)
        unit.check_in()
    server.is_gone = False
    unit.check_in()
    assert server.actions[number].state == "finished"
    assert server.actions[number].executions[-1] == "closed"


def test_a_server_that_comes_back_within_a_check_in_is_told_the_end_in_it(
    unit: DdiUnit, server: DdiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    unit.facts, server.is_gone = replace(unit.facts, soc_pct=90.0), True
    monkeypatch.setattr(unit, "restart_services", lambda: setattr(server, "is_gone", False))
    unit.check_in()
    assert server.actions[number].executions == [
        *("proceeding", "download", "downloaded", "rejected", "closed")
    ]


def test_an_end_whose_acknowledgement_is_lost_is_told_again(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.loses_answers = True
    number = server.deploy("2")
    unit.check_in()
    assert server.actions[number].state == "finished"
    (message,) = unit.kept.messages
    assert message.feedback.finished == "success"
    server.loses_answers = False
    unit.check_in()
    assert unit.kept.messages == ()
    ends = [path for method, path in server.asked if method == "POST"]
    assert len(ends) == 3, "the first step, the end, and the end once more"


def test_an_action_whose_end_the_server_does_not_take_is_not_tried_again(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.sick, server.feedback_status = frozenset(("2",)), 400
    number = server.deploy("2")
    for _ in range(3):
        unit.check_in()
    assert [one.count for one in unit.progress.failures.values()] == [1]
    assert server.actions[number].state == "running"
    server.feedback_status = 0
    unit.check_in()
    assert server.actions[number].state == "error"


def test_an_action_that_the_server_has_forgotten_is_done_with(
    unit: DdiUnit, server: DdiServer
) -> None:
    unit.facts = replace(unit.facts, soc_pct=31.0)
    number = server.deploy("2")
    unit.check_in()
    server.is_gone = True
    unit.facts = replace(unit.facts, soc_pct=90.0)
    unit.check_in()
    server.is_gone = False
    del server.actions[number]
    unit.check_in()
    assert unit.kept.messages == ()
    assert server.installed == []


# --- how often ------------------------------------------------------------------------------------


def set_level(unit: DdiUnit, level: EnergyLevel) -> None:
    unit.give_budget(filled.budget(unit.stamp(), level))


def count_polls(server: DdiServer) -> int:
    return sum(1 for _, path in server.asked if path.endswith("/v1/u1"))


def test_it_polls_at_the_units_own_rate_where_the_server_wants_more(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.sleep = "00:00:10"
    for _ in range(24):
        set_level(unit, EnergyLevel.ECO)
        unit.check_in(now=False)
        unit.pass_time(hours=1)
    assert 5 <= count_polls(server) <= 6


def test_it_polls_at_the_servers_rate_where_that_is_slower(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.sleep = "12:00:00"
    for _ in range(24):
        set_level(unit, EnergyLevel.FULL)
        unit.check_in(now=False)
        unit.pass_time(hours=1)
    assert count_polls(server) == 2


def test_a_server_that_wants_to_sleep_for_ever_is_asked_each_day(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.sleep = "999:59:59"
    for _ in range(50):
        set_level(unit, EnergyLevel.FULL)
        unit.check_in(now=False)
        unit.pass_time(hours=1)
    assert 2 <= count_polls(server) <= 3


def test_a_clock_that_was_set_back_does_not_keep_it_from_asking(
    unit: DdiUnit, server: DdiServer
) -> None:
    server.sleep = "24:00:00"
    unit.check_in()
    unit.clock_error = -timedelta(days=20)
    unit.check_in(now=False)
    assert count_polls(server) == 2
