"""What may answer in place of the fleet's server: it is told, nothing hangs or is believed."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.sections.network import FleetSettings
from ota.errors import LinkError, RefusedError
from ota.reporting import server as server_module
from ota.reporting.server import FleetServer
from tests.stand_ins.certificates import make_certificate
from tests.stand_ins.webhook_server import WebhookServer


@pytest.fixture
def other() -> Iterator[WebhookServer]:
    with WebhookServer() as opened:
        yield opened


def ask(other: WebhookServer, status: int, body: bytes) -> dict[str, object]:
    other.status, other.body, other.body_bytes = status, body, len(body)
    server = FleetServer(FleetSettings(server=f"http://127.0.0.1:{other.port}/fleet/"))
    return server.post("api/v1/reports", b"report", {"Report-Signature": "s"})


def test_the_document_and_its_signature_arrive_as_they_are(other: WebhookServer) -> None:
    assert ask(other, 200, b'{"sha256": "x"}') == {"sha256": "x"}
    (received,) = other.received
    assert (received.method, received.path) == ("POST", "/fleet/api/v1/reports")
    assert received.body == b"report"
    assert received.headers["Report-Signature"] == "s"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Welcome to our hotspot</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'{"deep": ' + b"[" * 5000),
        (301, b"{}"),
        (404, b"<html>Not Found</html>"),
        (403, b"<html>Forbidden</html>"),
        (408, b'{"text": "slow"}'),
        (429, b'{"reason_code": "too-many", "text": "later"}'),
        (500, b'{"text": "broken"}'),
        (503, b'{"reason_code": "database", "text": "later"}'),
    ],
)
def test_what_is_no_answer_of_the_fleet_is_tried_again_later(
    other: WebhookServer, status: int, body: bytes
) -> None:
    with pytest.raises(LinkError, match="with the next check-in"):
        ask(other, status, body)
    assert len(other.received) == 1


def test_a_refusal_has_its_own_reason_and_words_that_move_no_cursor(other: WebhookServer) -> None:
    body = b'{"reason_code": "unit-revoked", "text": "sold\\u001b[2J on Monday"}'
    with pytest.raises(RefusedError, match="on Monday") as caught:
        ask(other, 403, body)
    assert caught.value.reason_code == "unit-revoked"
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b'{"reason_code": 5, "text": []}', b'{"text": ""}'])
def test_a_refusal_without_a_reason_is_one_all_the_same(other: WebhookServer, body: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        ask(other, 400, body)
    assert caught.value.reason_code == "refused"


def test_an_endless_answer_is_given_up(other: WebhookServer) -> None:
    other.status, other.body, other.body_bytes = 200, b"x" * 65_536, 10**9
    server = FleetServer(FleetSettings(server=f"http://127.0.0.1:{other.port}"))
    with pytest.raises(LinkError):
        server.post("api/v1/reports", b"report", {})


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = FleetServer(FleetSettings(server=f"http://127.0.0.1:{port}"))
    with pytest.raises(LinkError, match="does not answer"):
        server.post("api/v1/reports", b"report", {})


def test_a_server_that_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch, other: WebhookServer
) -> None:
    monkeypatch.setattr(server_module, "ANSWER_S", 0.2)
    other.hangs = True
    server = FleetServer(FleetSettings(server=f"http://127.0.0.1:{other.port}"))
    threading.Timer(20, other.released.set).start()
    with pytest.raises(LinkError, match="does not answer"):
        server.post("api/v1/reports", b"report", {})
    other.released.set()


def test_a_certificate_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").mkdir()
    theirs, ours = make_certificate(tmp_path / "theirs"), make_certificate(tmp_path / "ours")
    with WebhookServer(theirs) as other:
        address = f"https://localhost:{other.port}"
        settings = FleetSettings(server=address, ca_file=ours.certificate)
        with pytest.raises(LinkError, match="certificate"):
            FleetServer(settings).post("api/v1/reports", b"report", {})
        assert other.received == []


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        (timedelta(days=1), timedelta(days=9), "not valid yet by the clock of this unit: set the"),
        (timedelta(days=-9), timedelta(days=-1), "expired by the clock of this unit: look at"),
    ],
)
def test_a_certificate_of_another_time_says_to_look_at_the_clock(
    tmp_path: Path, begins: timedelta, ends: timedelta, said: str
) -> None:
    made = make_certificate(tmp_path, begins=begins, ends=ends)
    with WebhookServer(made) as other:
        settings = FleetSettings(server=f"https://localhost:{other.port}", ca_file=made.certificate)
        with pytest.raises(LinkError, match=said) as caught:
            FleetServer(settings).post("api/v1/claims", b"claim", {})
    assert caught.value.reason_code == "fleet-certificate"


def test_a_certificate_of_another_name_says_to_look_at_the_address(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, name="other.example.org")
    with WebhookServer(made) as other:
        settings = FleetSettings(server=f"https://localhost:{other.port}", ca_file=made.certificate)
        with pytest.raises(LinkError, match="of a server with another name: check"):
            FleetServer(settings).post("api/v1/claims", b"claim", {})


def test_a_server_of_another_authority_says_what_to_set(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    with WebhookServer(made) as other:
        settings = FleetSettings(server=f"https://localhost:{other.port}")
        with pytest.raises(LinkError, match="an authority that this unit does not know"):
            FleetServer(settings).post("api/v1/claims", b"claim", {})
        assert other.received == []
