"""A dead man's switch by HTTP: one GET, to a real server."""

from datetime import timedelta
from pathlib import Path

import pytest

from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import ChannelKind, ChannelSettings
from tests.appliance.alarms.channels.requests_of_tests import ask, send, write_address
from tests.stand_ins.certificates import make_certificate
from tests.stand_ins.webhook_server import WebhookServer

PATH = "/5f2b1c3e-secret-of-the-check"
DAY = timedelta(days=1)


def make_ping(directory: Path, address: str, *, allow_local: bool = True) -> ChannelSettings:
    file = write_address(directory, address)
    return ChannelSettings(kind=ChannelKind.PING, address_file=file, allow_local=allow_local)


@pytest.mark.parametrize("kind", [AlarmKind.HEARTBEAT, AlarmKind.TEST])
def test_a_heartbeat_and_a_test_ask_for_its_address_once(tmp_path: Path, kind: AlarmKind) -> None:
    with WebhookServer() as server:
        channel = make_ping(tmp_path, f"http://127.0.0.1:{server.port}{PATH}")
        answer = send(ask(channel, alarm=kind))
    assert answer.sent, answer.text
    assert [(one.method, one.path) for one in server.received] == [("GET", PATH)]


def test_an_alarm_is_not_sent_by_a_ping(tmp_path: Path) -> None:
    answer = send(ask(make_ping(tmp_path, f"http://127.0.0.1:9{PATH}")))
    assert answer.refused
    assert "`heartbeat_to`" in answer.text


def test_an_answer_without_an_end_is_not_read(tmp_path: Path) -> None:
    with WebhookServer() as server:
        server.body, server.body_bytes = bytes(1 << 20), 1 << 40
        channel = make_ping(tmp_path, f"http://127.0.0.1:{server.port}{PATH}")
        assert send(ask(channel, alarm=AlarmKind.HEARTBEAT), limit_s=5.0).sent


@pytest.mark.parametrize(("status", "refused"), [(404, True), (302, False), (503, False)])
def test_only_a_yes_counts_and_no_redirection_is_followed(
    tmp_path: Path, status: int, refused: bool
) -> None:
    with WebhookServer() as server:
        server.status, server.location = status, "/elsewhere"
        channel = make_ping(tmp_path, f"http://127.0.0.1:{server.port}{PATH}")
        answer = send(ask(channel, alarm=AlarmKind.HEARTBEAT))
    assert (answer.sent, answer.refused) == (False, refused)
    assert len(server.received) == 1


def test_its_address_is_in_no_answer(tmp_path: Path) -> None:
    for address in (
        f"http://127.0.0.1:9{PATH}",
        f"http://nowhere.invalid{PATH}",
        "http://[x" + PATH,
    ):
        answer = send(ask(make_ping(tmp_path, address), alarm=AlarmKind.HEARTBEAT))
        assert not answer.sent
        assert "5f2b1c3e" not in answer.text


def test_a_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    with WebhookServer(certificate) as server:
        channel = make_ping(tmp_path, f"https://localhost:{server.port}{PATH}")
        request = ask(channel, alarm=AlarmKind.HEARTBEAT)
        assert "is not one that this computer trusts" in send(request).text
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        answer = send(request)
    assert answer.sent, answer.text


def test_an_expired_certificate_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path, begins=-2 * DAY, ends=-DAY)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with WebhookServer(certificate) as server:
        channel = make_ping(tmp_path, f"https://localhost:{server.port}{PATH}")
        answer = send(ask(channel, alarm=AlarmKind.HEARTBEAT))
    assert answer.refused
    assert "has expired" in answer.text


def test_this_computer_is_not_asked_unless_allowed(tmp_path: Path) -> None:
    with WebhookServer() as server:
        address = f"http://localhost:{server.port}{PATH}"
        channel = make_ping(tmp_path, address, allow_local=False)
        answer = send(ask(channel, alarm=AlarmKind.HEARTBEAT))
    assert answer.refused
    assert "this computer itself" in answer.text
    assert server.received == []
